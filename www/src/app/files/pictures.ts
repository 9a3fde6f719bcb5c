// Images as a model's inputs: decoded by the browser, cut to the middle, scaled to the input's size, and written as an array
// of bytes that keeps the folder in its path.

import { baseName } from "../../ui/files";
import { t } from "../text";
import type { InputFile, ModelCard } from "../../engine/types";

/** Height, width and channels of an input that an image can become. */
export type ImageShape = readonly [height: number, width: number, channels: 1 | 3];

/** The shape that images take for a model; nothing where it takes no images. */
export function imageShape(card: ModelCard | undefined): ImageShape | undefined {
  const [port, ...others] = card?.inputs ?? [];
  const [, height = 0, width = 0, channels = 0] = port?.shape ?? [];
  const fits = others.length === 0 && port?.shape.length === 4 && height >= 8 && width >= 8 && !card?.front_end;
  return fits && (channels === 1 || channels === 3) ? [height, width, channels] : undefined;
}

/** Images as arrays; a sentence for each that cannot be decoded. */
export async function pictures(files: readonly InputFile[], shape: ImageShape, unknown: string[]): Promise<InputFile[]> {
  const [height, width, channels] = shape;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error(t("image.no-canvas"));
  context.imageSmoothingQuality = "high";
  const arrays: InputFile[] = [];
  for (const file of files) {
    try {
      const image = await createImageBitmap(new Blob([Uint8Array.from(file.bytes)]));
      const scale = Math.max(width / image.width, height / image.height);
      const [wide, high] = [image.width * scale, image.height * scale];
      context.fillStyle = "#fff";
      context.fillRect(0, 0, width, height);
      context.drawImage(image, (width - wide) / 2, (height - high) / 2, wide, high);
      image.close();
      const { data } = context.getImageData(0, 0, width, height);
      arrays.push({ path: file.path.replace(/(\.\w+)?$/, ".npy"), bytes: array(pixels(data, channels), shape) });
    } catch {
      unknown.push(t("image.broken", { name: baseName(file.path) }));
    }
  }
  return arrays;
}

/** Red, green and blue, or their luma (ITU-R BT.601), of each pixel. */
function pixels(rgba: Uint8ClampedArray, channels: 1 | 3): Uint8Array {
  const count = rgba.length / 4;
  const bytes = new Uint8Array(count * channels);
  for (let at = 0; at < count; at++) {
    const [red = 0, green = 0, blue = 0] = rgba.subarray(at * 4, at * 4 + 3);
    if (channels === 3) bytes.set([red, green, blue], at * 3);
    else bytes[at] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
  }
  return bytes;
}

/** An NPY file of bytes. */
function array(bytes: Uint8Array, shape: ImageShape): Uint8Array {
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`;
  const length = Math.ceil((10 + header.length + 1) / 64) * 64 - 10;
  const text = `${header.padEnd(length - 1)}\n`;
  const start = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 255, length >> 8);
  const file = new Uint8Array(start.length + length + bytes.length);
  file.set(start);
  file.set(new TextEncoder().encode(text), start.length);
  file.set(bytes, start.length + length);
  return file;
}
