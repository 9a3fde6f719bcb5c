// @ts-check
// Sound in the benchmark: the features of a one-second clip beside Meyda, and a clip brought to full scale beside a
// plain JavaScript loop and a mere copy of its memory.
//
// Ours starts where a recording starts: 16,000 samples in the module's memory, normalised, 49 frames of 10 coefficients.
// Meyda is given less to do: it gets the frames cut out already, of 512 samples instead of 480 (it takes powers of two
// only), and no clip is normalised.

import { milliwatt, race } from "./page.mjs";

const RATE = 16_000;
const FRAMES = 49;
const HOP = 320;

/** A second of a voice-like sound, the same on every run. */
function clip() {
  return Float32Array.from({ length: RATE }, (_, n) => 0.4 * Math.sin(n * 0.05) * Math.sin(n * 3e-4) + 0.1 * Math.sin(n * n * 1e-4));
}

/** @returns {Promise<any>} */
function meyda() {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "/node_modules/meyda/dist/web/meyda.min.js";
    script.onload = () => resolve(/** @type {any} */ (globalThis).Meyda);
    script.onerror = () => reject(new Error("meyda does not load"));
    document.head.append(script);
  });
}

/** @param {any} library
 * @param {Float32Array} samples
 * @returns {import("./page.mjs").Contestant} */
function theirs(library, samples) {
  Object.assign(library, { bufferSize: 512, sampleRate: RATE, numberOfMFCCCoefficients: 10, melBands: 40, windowingFunction: "hanning" });
  const frames = Array.from({ length: FRAMES }, (_, frame) => samples.subarray(frame * HOP, frame * HOP + 512));
  const coefficients = library.extract("mfcc", frames[0]);
  if (coefficients?.length !== 10) throw new Error("meyda gave no ten coefficients");
  return {
    name: "meyda",
    build: "js",
    run: (times) => {
      for (let i = 0; i < times; i++) for (const frame of frames) library.extract("mfcc", frame);
    },
  };
}

/** @param {Float32Array} samples */
function normalize(samples) {
  let peak = 0;
  for (let i = 0; i < samples.length; i++) {
    const magnitude = Math.abs(samples[i]);
    if (magnitude > peak) peak = magnitude;
  }
  // The engine's way: one division, then a multiplication in 32 bits for each sample.
  const gain = Math.fround(1 / Math.max(peak, 1e-3));
  for (let i = 0; i < samples.length; i++) samples[i] *= gain;
}

/** @param {Float32Array} samples
 * @returns {import("./page.mjs").Contestant} */
function loop(samples) {
  const own = samples.slice();
  return {
    name: "javascript",
    build: "js",
    run: (times) => {
      for (let i = 0; i < times; i++) normalize(own);
    },
    output: () => own,
  };
}

/** @param {number} rounds
 * @param {string[]} runtimes */
export async function measureSound(rounds, runtimes) {
  const samples = clip();
  const builds = await milliwatt();
  const features = builds.map(({ build, glue }) => ({ build, work: new glue.Features("mlperf-kws", samples) }));
  if (String(features[0].work.output()) !== String(features[1].work.output())) throw new Error("mfcc: our two builds differ");
  /** @type {import("./page.mjs").Contestant[]} */
  const contestants = features.map(({ build, work }) => ({ name: "milliwatt", build, run: (times) => work.invoke(times) }));
  if (runtimes.includes("meyda")) contestants.push(theirs(await meyda(), samples));
  const mfcc = await race(contestants, rounds);
  features.forEach(({ work }) => work.free());

  const kept = builds.map(({ build, glue }) => ({ build, work: new glue.Samples(samples) }));
  const plain = loop(samples);
  kept[0].work.normalize(1);
  plain.run(1);
  if (String(kept[0].work.output()) !== String(plain.output?.())) throw new Error("peak: JavaScript gives other samples");
  const peak = await race(
    [
      ...kept.map(({ build, work }) => ({ name: "milliwatt", build, run: (/** @type {number} */ times) => work.normalize(times) })),
      plain,
      { name: "copy", build: kept[0].build, run: (times) => kept[0].work.copy(times) },
    ],
    rounds,
  );
  kept.forEach(({ work }) => work.free());

  const meydas = mfcc.find(({ runtime }) => runtime === "meyda")?.median_ms;
  return {
    rows: [
      ...mfcc.map((row) => ({ model: "mfcc", dtype: "float32", ...row, times_meyda: meydas && meydas / row.median_ms })),
      ...peak.map((row) => ({ model: "peak", dtype: "float32", ...row, gb_per_s: samples.byteLength / row.median_ms / 1e6 })),
    ],
  };
}

Object.assign(globalThis, { measureSound });
