// What was dropped, sorted by content, never by name.

import { decoded } from "./decode";
import { baseName, bytesOf, DATA_BYTES, type Given, MODEL_BYTES, tooLarge } from "../../ui/files";
import * as format from "../../ui/format";
import { type ImageShape, imageShape, pictures } from "./pictures";
import { t } from "../text";
import type { ClipView, InputFile } from "../../engine/types";
import type { BenchWorker, DataSet } from "../../engine/client/bench-worker";

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

/** Most bytes of each kind of file that is read. */
const MOST: Readonly<Record<string, number>> = {
  tflite: MODEL_BYTES, json: MODEL_BYTES, image: MODEL_BYTES * 4,
  wav: DATA_BYTES, audio: DATA_BYTES, zip: DATA_BYTES, npz: DATA_BYTES, npy: DATA_BYTES,
};

let sets = 0;

/** Sorts what was dropped; images become inputs of the shape that the open model takes. */
export async function opened(files: readonly Given[], scout: BenchWorker, input: ImageShape | undefined): Promise<Opened> {
  const result: Opened = { models: [], recipe: undefined, clips: [], set: undefined, unknown: [] };
  const sounds: SoundFile[] = [];
  const archives: InputFile[] = [];
  const images: InputFile[] = [];
  const lists: InputFile[] = [];
  const others: string[] = [];
  for (const each of files) {
    // What a file is stands at its beginning: what cannot be opened is refused before it is read.
    const name = baseName(each.path);
    const head = await bytesOf({ path: each.path, file: each.file.slice(0, HEAD_BYTES) });
    const { kind, wayOut } = await scout.call(async (host) => ({ kind: await host.kindOf(head.bytes), wayOut: await host.wayOut(head.bytes) }));
    const most = MOST[kind];
    if (await scout.call((host) => host.namesClasses(each.path))) {
      lists.push(await bytesOf(each, MODEL_BYTES));
      continue;
    }
    if (wayOut !== undefined) result.unknown.push(`${name}: ${wayOut}`);
    else if (each.file.size > (most ?? MODEL_BYTES)) result.unknown.push(tooLarge(name, each.file.size));
    else if (most === undefined) {
      others.push(name);
    } else {
      const file = await bytesOf(each);
      if (kind === "tflite") result.models.push(file);
      else if (kind === "json") result.recipe = file;
      else if (kind === "wav" || kind === "audio") sounds.push({ file, kind });
      else if (kind === "image") images.push(file);
      else archives.push(file);
    }
  }
  const known = result.models.length || result.recipe || sounds.length || archives.length || images.length || lists.length;
  if (files.length === 1 && others[0]) result.unknown.push(t("error.unknown", { name: others[0] }));
  else if (!result.unknown.length && !known) result.unknown.push(t("error.unknown-all"));
  else if (others.length) {
    result.unknown.push(t("error.left-out", { count: format.integer(others.length), names: others.slice(0, 3).join(", ") + (others.length > 3 ? ", …" : "") }));
  }
  const inFolders = sounds.some(({ file }) => file.path.includes("/"));
  const shape = (await shapeOf(result.models[0], scout)) ?? input;
  // Images in an archive are images, for a model that takes some.
  if (shape && !images.length && !sounds.length) {
    const found = await packed(archives, scout);
    images.push(...found.images);
    if (found.images.length) lists.push(...found.lists);
  }
  if (images.length) {
    if (!shape) result.unknown.push(t("image.no-place"));
    else {
      const made = await pictures(images, shape, result.unknown);
      if (made.length) result.set = asSet(made);
    }
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
  if (result.set) (result.set.files ??= []).push(...lists);
  else if (lists[0]) result.unknown.push(t("error.list-alone", { name: baseName(lists[0].path) }));
  return result;
}

/** The images in archives, and the files that name their classes. */
async function packed(archives: readonly InputFile[], scout: BenchWorker): Promise<{ images: InputFile[]; lists: InputFile[] }> {
  const images: InputFile[] = [];
  const lists: InputFile[] = [];
  for (const { bytes } of archives) {
    if ((await scout.call((host) => host.kindOf(bytes.slice(0, HEAD_BYTES)))) !== "zip") continue;
    for (const file of await scout.call((host) => host.unpack(bytes))) {
      if (await scout.call((host) => host.namesClasses(file.path))) lists.push(file);
      else if ((await scout.call((host) => host.kindOf(file.bytes.slice(0, HEAD_BYTES)))) === "image") images.push(file);
    }
  }
  return { images, lists };
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
