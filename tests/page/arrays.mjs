// @ts-check
// Reads NPZ archives of the folder of real models and data beside the project.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { ROOT } from "./harness.mjs";

const MLPERF = join(process.env.MILLIWATT_SHARED ?? join(ROOT, "..", "shared"), "mlperf");

/** A file of the MLPerf Tiny folder, or nothing where the folder is not here.
 * @param {...string} path
 * @returns {string | undefined} */
export function shared(...path) {
  const file = join(MLPERF, ...path);
  return existsSync(file) ? file : undefined;
}

/** @typedef {{ type: string, shape: number[], bytes: Buffer }} Tensor */

/** The arrays of an NPZ archive, by name.
 * @param {string} file
 * @returns {Record<string, Tensor>} */
export function arrays(file) {
  const zip = readFileSync(file);
  const end = zip.lastIndexOf("PK\x05\x06", undefined, "latin1");
  let at = zip.readUInt32LE(end + 16);
  /** @type {Record<string, Tensor>} */
  const found = {};
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [method, packed] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20)];
    const [name, extra, comment] = [zip.readUInt16LE(at + 28), zip.readUInt16LE(at + 30), zip.readUInt16LE(at + 32)];
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const content = zip.subarray(start, start + packed);
    const key = zip.toString("utf8", at + 46, at + 46 + name).replace(/\.npy$/, "");
    found[key] = array(method === 8 ? inflateRawSync(content) : content);
    at += 46 + name + extra + comment;
  }
  return found;
}

/** @param {Buffer} npy @returns {Tensor} */
function array(npy) {
  const wide = npy[6] > 1;
  const start = wide ? 12 : 10;
  const length = wide ? npy.readUInt32LE(8) : npy.readUInt16LE(8);
  const header = npy.toString("latin1", start, start + length);
  const type = /'descr': '([^']*)'/.exec(header)?.[1] ?? "";
  const shape = (/'shape': \(([^)]*)\)/.exec(header)?.[1] ?? "").split(",").filter((n) => n.trim()).map(Number);
  return { type, shape, bytes: npy.subarray(start + length) };
}

/** The texts of an array of type `<U`.
 * @param {Tensor} tensor
 * @returns {string[]} */
export function texts({ type, shape, bytes }) {
  const letters = Number(type.slice(2));
  return Array.from({ length: shape[0] }, (_, row) =>
    Array.from({ length: letters }, (_, at) => bytes.readUInt32LE(4 * (row * letters + at)))
      .filter((letter) => letter)
      .map((letter) => String.fromCodePoint(letter))
      .join(""));
}

/** One row of an array.
 * @param {Tensor} tensor
 * @param {number} row */
export function row({ shape, bytes }, row) {
  const size = bytes.length / shape[0];
  return bytes.subarray(row * size, (row + 1) * size);
}
