// @ts-check
// A real keyword model and clips of real words, where they are: they are not part of the project.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { ROOT } from "./harness.mjs";

const SHARED = process.env.MILLIWATT_SHARED ?? join(ROOT, "..", "shared");
const CLIPS = join(SHARED, "mlperf/data/kws_dev.npz");

/** The keyword spotter of MLPerf Tiny in int8. */
export const MODEL = join(SHARED, "mlperf/models/kws01_int8.tflite");
/** Why a test that needs them is skipped, `false` where they are there. */
export const MISSING = existsSync(CLIPS) && existsSync(MODEL) ? false : "needs ../shared/mlperf";

/** In the order of the model's outputs. */
const WORDS = ["down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes", "silence", "unknown"];

/** The clearest clips of a word, as the published answers have it: one second at 16 kHz each.
 * @param {string} word
 * @param {number} [count]
 * @returns {Promise<Float32Array[]>} */
export async function clips(word, count = 1) {
  const arrays = unpacked(await readFile(CLIPS));
  const [audio, labels, scores] = ["audio", "y", "y_tflm"].map((name) => data(arrays, name));
  if (!audio || !labels || !scores) throw new Error("the archive lacks an array");
  const wanted = WORDS.indexOf(word);
  /** @param {number} clip */
  const score = (clip) => scores.readInt8(clip * WORDS.length + wanted);
  return Array.from({ length: scores.length / WORDS.length }, (_, clip) => clip)
    .filter((clip) => labels[clip] === wanted)
    .sort((one, other) => score(other) - score(one))
    .slice(0, count)
    .map((clip) => Float32Array.from({ length: 16_000 }, (_, at) => audio.readInt16LE((clip * 16_000 + at) * 2) / 32_768));
}

/** The content of an NPY file behind its header.
 * @param {Map<string, Buffer>} arrays
 * @param {string} name */
function data(arrays, name) {
  const bytes = arrays.get(`${name}.npy`);
  return bytes?.subarray(10 + bytes.readUInt16LE(8));
}

/** The files of a ZIP archive, by its directory at the end.
 * @param {Buffer} bytes
 * @returns {Map<string, Buffer>} */
export function unpacked(bytes) {
  const end = bytes.lastIndexOf("PK\x05\x06", undefined, "latin1");
  let at = bytes.readUInt32LE(end + 16);
  return new Map(Array.from({ length: bytes.readUInt16LE(end + 10) }, () => {
    const [method, size] = [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 20)];
    const [name, extra, comment] = [28, 30, 32].map((field) => bytes.readUInt16LE(at + field));
    const local = bytes.readUInt32LE(at + 42);
    const path = bytes.toString("utf8", at + 46, at + 46 + (name ?? 0));
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const packed = bytes.subarray(start, start + size);
    at += 46 + (name ?? 0) + (extra ?? 0) + (comment ?? 0);
    return [path, method === 0 ? packed : inflateRawSync(packed)];
  }));
}
