// @ts-check
// The engine in Chromium against the microcontroller's runtime: every golden file and 500 real clips, on the obvious
// kernels, on simd128 and on relaxed SIMD. Integers must be equal byte for byte, floats within 1e-5 of the largest.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { ROOT, serve, test } from "./harness.mjs";

const SHARED = process.env.MILLIWATT_SHARED ?? join(ROOT, "..", "shared");
const MLPERF = join(SHARED, "mlperf");

/** @typedef {{ type: string, shape: number[], bytes: Buffer }} Tensor */

/** The arrays of an NPZ archive, by name.
 * @param {string} file
 * @returns {Record<string, Tensor>} */
function arrays(file) {
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

/** One row of an array. @param {Tensor} tensor @param {number} row */
function row({ shape, bytes }, row) {
  const size = bytes.length / shape[0];
  return bytes.subarray(row * size, (row + 1) * size);
}

/** Runs a model on rows of inputs in the page. The bytes travel as base64.
 * @param {import("puppeteer-core").Page} page
 * @param {{ module: string, reference: boolean }} engine
 * @param {Buffer} model
 * @param {Buffer[]} inputs
 * @returns {Promise<Buffer[]>} */
async function run(page, engine, model, inputs) {
  const outputs = await page.evaluate(
    async ({ module, reference }, model, inputs) => {
      const bytes = (/** @type {string} */ text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
      const wasm = await import(module);
      await wasm.default();
      const runner = new wasm.Runner(bytes(model), "tflm", reference);
      const outputs = inputs.map((input) => {
        runner.set_input(0, bytes(input));
        runner.invoke(1);
        return btoa(String.fromCharCode(...runner.output(0)));
      });
      runner.free();
      return outputs;
    },
    engine,
    model.toString("base64"),
    inputs.map((input) => input.toString("base64")),
  );
  return outputs.map((output) => Buffer.from(output, "base64"));
}

/** Where `ours` is not what `theirs` says, or nothing. @param {Buffer} ours @param {Buffer} theirs @param {string} type */
function difference(ours, theirs, type) {
  if (!type.endsWith("f4")) return ours.equals(theirs) ? undefined : "bytes differ";
  const floats = (/** @type {Buffer} */ bytes) => Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
  const [a, b] = [floats(ours), floats(theirs)];
  const largest = Math.max(...b.map(Math.abs));
  const worst = Math.max(...a.map((x, i) => Math.abs(x - b[i])));
  return a.length === b.length && worst <= 1e-5 * largest ? undefined : `off by ${worst} of ${largest}`;
}

const ENGINES = [
  { name: "the obvious kernels", folder: "simd", reference: true },
  { name: "simd128", folder: "simd", reference: false },
  { name: "relaxed SIMD", folder: "relaxed", reference: false },
];
// The hybrid files and the old uint8 scheme are refused by the microcontroller's runtime: there is nothing to equal.
const GOLDENS = [
  "kws01_int8", "ic01_int8", "ic01large_int8", "vww01_int8", "ad01_int8", "ad01_int8_floatio", "sww01_int8",
  "kws01_fp32_qualcomm", "ic01_fp32", "ic01large_fp32", "vww01_fp32", "ad01_fp32",
];

test("every golden file and 500 clips give the microcontroller's bytes", { browsers: ["chromium"], blank: true, timeout: 600_000 },
  async ({ page, context, problems }) => {
    if (!existsSync(MLPERF)) {
      context.skip("../shared/mlperf is not here");
      return;
    }
    const server = await serve(join(ROOT, "www", "src", "wasm"));
    try {
      await page.goto(`${server.url}simd/milliwatt.js`);
      /** @type {string[]} */
      const wrong = [];
      let compared = 0;
      for (const engine of ENGINES) {
        const where = { module: `${server.url}${engine.folder}/milliwatt.js`, reference: engine.reference };
        const check = async (/** @type {string} */ name, /** @type {Buffer} */ model, /** @type {Tensor} */ x, /** @type {Tensor} */ y) => {
          const rows = Array.from({ length: x.shape[0] }, (_, i) => i);
          const outputs = await run(page, where, model, rows.map((i) => row(x, i)));
          for (const i of rows) {
            const found = difference(outputs[i], row(y, i), y.type);
            compared += 1;
            if (found) wrong.push(`${name}, input ${i}, ${engine.name}: ${found}`);
          }
        };
        for (const name of GOLDENS) {
          const golden = arrays(join(MLPERF, "golden", `${name}.npz`));
          await check(name, readFileSync(join(MLPERF, "models", `${name}.tflite`)), golden.x, golden.y_tflm);
        }
        const clips = arrays(join(MLPERF, "data", "kws_dev.npz"));
        await check("500 clips", readFileSync(join(MLPERF, "models", "kws01_int8.tflite")), clips.mfcc, clips.y_tflm);
      }
      assert.equal(compared, ENGINES.length * (GOLDENS.length * 16 + 500));
      assert.deepEqual(wrong, []);
      // The engine comes from a port of its own here, which counts as another host.
      problems.length = 0;
    } finally {
      await server.close();
    }
  });
