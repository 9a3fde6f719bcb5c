// @ts-check
// The engine in Chromium against the microcontroller's runtime: every golden file with every activation of its first two
// inputs, and 500 real clips, on the obvious kernels, on simd128 and on relaxed SIMD. Integers must be equal byte for byte,
// floats within 1e-5 of the largest.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { arrays, row, shared } from "./arrays.mjs";
import { ROOT, serve, test } from "./harness.mjs";

/** @typedef {import("./arrays.mjs").Tensor} Tensor */

/** Runs a model on rows of inputs in the page; of the first `tapped` inputs every tensor is seen. The bytes travel as base64.
 * @param {import("puppeteer-core").Page} page
 * @param {{ module: string, reference: boolean }} engine
 * @param {Buffer} model
 * @param {Buffer[]} inputs
 * @param {number} tapped
 * @returns {Promise<{ outputs: Buffer[], taps: Map<number, Buffer>[] }>} */
async function run(page, engine, model, inputs, tapped) {
  const found = await page.evaluate(
    async ({ module, reference }, model, inputs, tapped) => {
      const bytes = (/** @type {string} */ text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
      const text = (/** @type {Uint8Array} */ bytes) => {
        let letters = "";
        for (let at = 0; at < bytes.length; at += 8192) letters += String.fromCharCode(...bytes.subarray(at, at + 8192));
        return btoa(letters);
      };
      const wasm = await import(module);
      await wasm.default();
      const runner = new wasm.Runner(bytes(model), "tflm", reference);
      /** @type {[number, string][][]} */
      const taps = [];
      const outputs = inputs.map((input, at) => {
        runner.set_input(0, bytes(input));
        if (at < tapped) {
          /** @type {[number, string][]} */
          const seen = [];
          runner.invoke_tapped((/** @type {number} */ id, /** @type {Uint8Array} */ bytes) => seen.push([id, text(bytes)]));
          taps.push(seen);
        } else runner.invoke(1);
        return text(runner.output(0));
      });
      runner.free();
      return { outputs, taps };
    },
    engine,
    model.toString("base64"),
    inputs.map((input) => input.toString("base64")),
    tapped,
  );
  const buffer = (/** @type {string} */ text) => Buffer.from(text, "base64");
  return {
    outputs: found.outputs.map(buffer),
    taps: found.taps.map((seen) => new Map(seen.map(([id, text]) => [id, buffer(text)]))),
  };
}

/** Where `ours` is not what `theirs` says, or nothing. @param {Buffer} ours @param {Buffer} theirs @param {string} type */
function difference(ours, theirs, type) {
  if (ours.length !== theirs.length) return `${ours.length} bytes where there should be ${theirs.length}`;
  if (!type.endsWith("f4")) return ours.equals(theirs) ? undefined : "bytes differ";
  const floats = (/** @type {Buffer} */ bytes) => Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
  const [a, b] = [floats(ours), floats(theirs)];
  // Some activations are too many to be arguments of one call.
  const largest = b.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const worst = a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0);
  return worst <= 1e-5 * largest ? undefined : `off by ${worst} of ${largest}`;
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

/** Activations that each golden file holds of its first two inputs. */
const TAPPED = 2;

test("every golden file, its activations and 500 clips give the microcontroller's bytes", { browsers: ["chromium"], blank: true, timeout: 600_000 },
  async ({ page, context, problems }) => {
    if (!shared()) {
      context.skip("needs ../shared/mlperf");
      return;
    }
    const file = (/** @type {string[]} */ ...path) => shared(...path) ?? assert.fail(`../shared/mlperf/${path.join("/")} is not here`);
    const server = await serve(join(ROOT, "www", "src", "engine", "wasm"));
    try {
      await page.goto(`${server.url}simd/milliwatt.js`);
      /** @type {string[]} */
      const wrong = [];
      const compared = { outputs: 0, activations: 0 };
      /** @type {Set<number>} */
      const activations = new Set();
      for (const engine of ENGINES) {
        const where = { module: `${server.url}${engine.folder}/milliwatt.js`, reference: engine.reference };
        const product = await page.evaluate(async (module) => {
          const wasm = await import(module);
          await wasm.default();
          return wasm.int8_product();
        }, where.module);
        context.diagnostic(`${engine.name}: ${engine.reference ? "loops" : product}`);
        const note = (/** @type {string} */ what, /** @type {string | undefined} */ found) => {
          if (found) wrong.push(`${what}, ${engine.name}: ${found}`);
        };
        const before = compared.activations;
        for (const name of GOLDENS) {
          const golden = arrays(file("golden", `${name}.npz`));
          const inputs = Array.from({ length: golden.x.shape[0] }, (_, i) => row(golden.x, i));
          const { outputs, taps } = await run(page, where, readFileSync(file("models", `${name}.tflite`)), inputs, TAPPED);
          outputs.forEach((output, i) => {
            compared.outputs += 1;
            note(`${name}, output ${i}`, difference(output, row(golden.y_tflm, i), golden.y_tflm.type));
          });
          for (const [key, { type, bytes }] of Object.entries(golden)) {
            const [, input, id] = /^tap(\d+)_(\d+)$/.exec(key) ?? [];
            if (id === undefined) continue;
            compared.activations += 1;
            const seen = taps[Number(input)]?.get(Number(id));
            note(`${name}, ${key}`, seen ? difference(seen, bytes, type) : "nothing was seen there");
          }
        }
        activations.add(compared.activations - before);
        const clips = arrays(file("data", "kws_dev.npz"));
        const inputs = Array.from({ length: clips.mfcc.shape[0] }, (_, i) => row(clips.mfcc, i));
        const { outputs } = await run(page, where, readFileSync(file("models", "kws01_int8.tflite")), inputs, 0);
        outputs.forEach((output, i) => {
          compared.outputs += 1;
          note(`clip ${i}`, difference(output, row(clips.y_tflm, i), clips.y_tflm.type));
        });
      }
      context.diagnostic(`${compared.outputs} outputs and ${compared.activations} activations`);
      assert.equal(compared.outputs, ENGINES.length * (GOLDENS.length * 16 + 500));
      const [each] = activations;
      assert.ok(activations.size === 1 && each > 300, `${[...activations]} activations for each engine`);
      assert.deepEqual(wrong, []);
      // The engine comes from a port of its own here, which counts as another host.
      problems.length = 0;
    } finally {
      await server.close();
    }
  });
