// @ts-check
// How long the page takes from a setting to all its new numbers, for post-training quantization of MLPerf Tiny's person
// detector: ranges measured on a fifth of the images, the file written and read back, both sides run on the others.
//
//   node tests/bench/quantize.mjs [--images 250] [--rounds 3]
//
// Images are random, because none may be shipped; what is timed does not depend on what they show.

import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { shared } from "../page/arrays.mjs";
import { drop, engineReady, launch, serve } from "../page/harness.mjs";
import { preset, settled } from "../page/steps.mjs";

const { values: options } = parseArgs({
  options: { images: { type: "string", default: "250" }, rounds: { type: "string", default: "3" } },
});
const PIXELS = [96, 96, 3];
const MODEL = "vww01_fp32.tflite";
const PRESETS = ["int8", "int8-fitted", "int4"];

/** An array of float32 numbers in NumPy's format.
 * @param {number[]} shape
 * @param {Float32Array} numbers
 * @returns {Uint8Array} */
function npy(shape, numbers) {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`;
  const header = text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11) + "\n";
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), length, Buffer.from(header, "latin1"), new Uint8Array(numbers.buffer)]);
}

/** Blocks of random colours: something to see for every filter.
 * @param {number} count
 * @returns {Float32Array} */
function images(count) {
  const [height = 1, width = 1, channels = 1] = PIXELS;
  const pixels = new Float32Array(count * height * width * channels);
  let seed = 1;
  const random = () => (seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  for (let image = 0; image < count; image++) {
    const colours = Array.from({ length: 144 * channels }, random);
    for (let at = 0; at < height * width * channels; at++) {
      const [row, column, channel] = [Math.floor(at / (width * channels)), Math.floor(at / channels) % width, at % channels];
      pixels[image * height * width * channels + at] = colours[(Math.floor(row / 8) * 12 + Math.floor(column / 8)) * channels + channel] ?? 0;
    }
  }
  return pixels;
}

const model = shared("models", MODEL);
if (!model) {
  console.log(`skipped: ${MODEL} is not in ../shared/mlperf`);
} else {
  const count = Number(options.images);
  const set = npy([count, ...PIXELS], images(count));
  /** @type {Record<string, number[]>} */
  const times = Object.fromEntries(PRESETS.map((name) => [name, []]));
  const server = await serve();
  for (let round = 0; round < Number(options.rounds); round++) {
    const browser = await launch("chromium");
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(120_000);
      await page.setViewport({ width: 1440, height: 900 });
      await page.goto(server.url, { waitUntil: "load" });
      await engineReady(page);
      await drop(page, "body", [{ name: MODEL, bytes: await readFile(model) }, { name: "images.npy", bytes: set }]);
      await page.waitForFunction((name) => /** @type {any} */ (document.querySelector("mw-app")).snapshot.state.name === name, {}, MODEL);
      await preset(page, "b", "original");
      await settled(page);
      for (const name of PRESETS) {
        await page.evaluate(() => {
          const app = /** @type {any} */ (document.querySelector("mw-app"));
          const found = { begun: 0, first: 0, all: 0, before: app.snapshot.b.report };
          const look = () => {
            const { b } = app.snapshot;
            if (!found.first && b.report !== found.before) found.first = performance.now();
            if (found.first && b.complete && !b.progress) found.all = performance.now();
            else setTimeout(look, 1);
          };
          Object.assign(globalThis, { timed: found });
          document.querySelector(".side.b .preset")?.addEventListener("change", () => {
            found.begun = performance.now();
            look();
          }, { capture: true, once: true });
        });
        await preset(page, "b", name);
        await page.waitForFunction(() => /** @type {any} */ (globalThis).timed.all > 0);
        const { begun, first, all } = await page.evaluate(() => {
          const { begun, first, all } = /** @type {any} */ (globalThis).timed;
          return { begun, first, all };
        });
        times[name]?.push(all - begun);
        console.log(`${name}: flash and memory after ${Math.round(first - begun)} ms, everything after ${Math.round(all - begun)} ms`);
      }
      if (round === 0) {
        const items = await page.evaluate(() => JSON.stringify(/** @type {any} */ (document.querySelector("mw-app")).snapshot.data));
        const { calibration_items, test_items } = JSON.parse(items);
        console.log(`${calibration_items} images to measure ranges on, ${test_items} to test on`);
      }
    } finally {
      await browser.close();
    }
  }
  await server.close();
  for (const [name, found] of Object.entries(times)) {
    const sorted = found.sort((a, b) => a - b);
    console.log(`${name}: median ${Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0)} ms of ${sorted.length} pages`);
  }
}
