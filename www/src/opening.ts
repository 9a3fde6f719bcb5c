// What was dropped, sorted by content, never by name.

import { decoded } from "./audio/decode";
import { baseName } from "./files";
import { type ImageShape, imageShape, pictures } from "./pictures";
import { t } from "./text";
import type { ClipView, InputFile } from "./types";
import type { BenchWorker, DataSet } from "./worker/bench-worker";

export interface Opened {
  models: InputFile[];
  recipe: InputFile | undefined;
  /** A few sounds to listen to. */
  clips: ClipView[];
  /** A set to measure on. */
  set: DataSet | undefined;
  /** A sentence for each file that cannot be opened. */
  unknown: string[];
}

interface SoundFile {
  file: InputFile;
  kind: "wav" | "audio";
}

/** Enough of a file to tell what it is. */
const HEAD_BYTES = 65_536;
/** More loose sound files than this are a set, not clips. */
const MOST_CLIPS = 4;

let sets = 0;

/** Sorts what was dropped; images become inputs of the shape that the open model takes. */
export async function opened(files: InputFile[], scout: BenchWorker, input: ImageShape | undefined): Promise<Opened> {
  const result: Opened = { models: [], recipe: undefined, clips: [], set: undefined, unknown: [] };
  const sounds: SoundFile[] = [];
  const archives: InputFile[] = [];
  const images: InputFile[] = [];
  for (const file of files) {
    const kind = await scout.call((host) => host.kindOf(file.bytes.slice(0, HEAD_BYTES)));
    if (kind === "tflite" || kind === "onnx") result.models.push(file);
    else if (kind === "json") result.recipe = file;
    else if (kind === "wav" || kind === "audio") sounds.push({ file, kind });
    else if (kind === "image") images.push(file);
    else if (kind === "zip" || kind === "npz" || kind === "npy") archives.push(file);
    else if (files.length === 1) result.unknown.push(t("error.unknown", { name: baseName(file.path) }));
  }
  if (files.length > 1 && !result.models.length && !result.recipe && !sounds.length && !archives.length && !images.length) {
    result.unknown.push(t("error.unknown-all"));
  }
  const inFolders = sounds.some(({ file }) => file.path.includes("/"));
  if (images.length) {
    const shape = (await shapeOf(result.models[0], scout)) ?? input;
    if (!shape) result.unknown.push(t("image.no-place"));
    else result.set = asSet(await pictures(images, shape, result.unknown));
  } else if (archives.length > 1 && archives.every(({ path }) => path.includes("/"))) result.set = asSet(archives);
  else if (archives.length) result.set = asSet(archives.slice(0, 1));
  else if (sounds.length > MOST_CLIPS || (inFolders && sounds.length > 1)) result.set = await soundSet(sounds, scout, result.unknown);
  else {
    for (const { file, kind } of sounds) {
      await decoded(file, kind, scout).then((clip) => result.clips.push(clip), (error: Error) => {
        result.unknown.push(error.message.includes(baseName(file.path)) ? error.message : `${baseName(file.path)}: ${error.message}`);
      });
    }
  }
  return result;
}

/** The shape that images take for a model that is dropped with them. */
async function shapeOf(model: InputFile | undefined, scout: BenchWorker): Promise<ImageShape | undefined> {
  return model && imageShape(await scout.call((host) => host.open(model.bytes, baseName(model.path))));
}

/** Workers know WAV only: what the browser decoded becomes that. */
async function soundSet(sounds: SoundFile[], scout: BenchWorker, unknown: string[]): Promise<DataSet | undefined> {
  const files: InputFile[] = [];
  for (const { file, kind } of sounds) {
    if (kind === "wav") {
      files.push(file);
      continue;
    }
    try {
      const { sample_rate, samples } = await decoded(file, kind, scout);
      const bytes = await scout.call((host) => host.encodeWav(sample_rate, samples as Float32Array));
      files.push({ path: file.path.replace(/\.\w+$/, ".wav"), bytes });
    } catch (error) {
      unknown.push(error instanceof Error ? error.message : String(error));
    }
  }
  return files.length ? asSet(files) : undefined;
}

function asSet(files: InputFile[]): DataSet {
  sets += 1;
  return { id: `set-${sets}`, files };
}
