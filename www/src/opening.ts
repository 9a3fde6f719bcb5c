// What was dropped, sorted by content, never by name.

import { baseName } from "./files";
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
  /** A sentence for each file that is nothing that the page knows. */
  unknown: string[];
}

/** Enough of a file to tell what it is. */
const HEAD_BYTES = 65_536;
/** More loose WAV files than this are a set, not clips. */
const MOST_CLIPS = 4;

let sets = 0;

export async function opened(files: InputFile[], scout: BenchWorker): Promise<Opened> {
  const result: Opened = { models: [], recipe: undefined, clips: [], set: undefined, unknown: [] };
  const sounds: InputFile[] = [];
  const archives: InputFile[] = [];
  for (const file of files) {
    const kind = await scout.call((host) => host.kindOf(file.bytes.slice(0, HEAD_BYTES)));
    if (kind === "tflite" || kind === "onnx") result.models.push(file);
    else if (kind === "json") result.recipe = file;
    else if (kind === "wav") sounds.push(file);
    else if (kind === "zip" || kind === "npz" || kind === "npy") archives.push(file);
    else if (files.length === 1) result.unknown.push(t("error.unknown", { name: baseName(file.path) }));
  }
  if (files.length > 1 && !result.models.length && !result.recipe && !sounds.length && !archives.length) {
    result.unknown.push(t("error.unknown-all"));
  }
  const inFolders = sounds.some(({ path }) => path.includes("/"));
  if (archives.length) result.set = asSet(archives.slice(0, 1));
  else if (sounds.length > MOST_CLIPS || (inFolders && sounds.length > 1)) result.set = asSet(sounds);
  else {
    for (const { bytes, path } of sounds) {
      result.clips.push(await scout.call((host) => host.decodeWav(bytes, baseName(path))));
    }
  }
  return result;
}

function asSet(files: InputFile[]): DataSet {
  sets += 1;
  return { id: `set-${sets}`, files };
}
