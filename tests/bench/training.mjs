// @ts-check
// Training in the benchmark: MLPerf Tiny's DS-CNN learns noise in batches of 32, beside TensorFlow.js.
//
// Both take whole steps: forward, backward, Adam. TensorFlow.js is asked for its WebAssembly backend first; where that has
// no gradient for a layer, its plain JavaScript backend takes over, as its documentation advises, and the row says so.

import { race } from "./page.mjs";

const BATCH = 32;
const CLASSES = 12;
const TFJS = "/node_modules/@tensorflow";

/** @param {string} address */
function script(address) {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = address;
    element.onload = () => resolve(undefined);
    element.onerror = () => reject(new Error(`${address} does not load`));
    document.head.append(element);
  });
}

/** The same layers as `Architecture::of(Kind::DsCnn)`. @param {any} tf */
function network(tf) {
  const { layers } = tf;
  const same = { padding: "same", activation: "relu" };
  const model = tf.sequential();
  model.add(layers.conv2d({ inputShape: [49, 10, 1], filters: 64, kernelSize: [10, 4], strides: 2, ...same }));
  for (let block = 0; block < 4; block++) {
    model.add(layers.depthwiseConv2d({ kernelSize: 3, ...same }));
    model.add(layers.conv2d({ filters: 64, kernelSize: 1, ...same }));
  }
  model.add(layers.globalAveragePooling2d({}));
  model.add(layers.dense({ units: CLASSES, activation: "softmax" }));
  model.compile({ optimizer: tf.train.adam(1e-3), loss: "categoricalCrossentropy" });
  return model;
}

/** @returns {Promise<{ contestant: import("./page.mjs").Contestant, weights: number, refused?: string }>} */
async function theirs() {
  await script(`${TFJS}/tfjs/dist/tf.min.js`);
  await script(`${TFJS}/tfjs-backend-wasm/dist/tf-backend-wasm.min.js`);
  const { tf } = /** @type {any} */ (globalThis);
  tf.wasm.setWasmPaths(`${TFJS}/tfjs-backend-wasm/dist/`);
  tf.wasm.setThreadsCount(1);
  let refused;
  for (const backend of ["wasm", "cpu"]) {
    await tf.setBackend(backend);
    await tf.ready();
    const model = network(tf);
    const inputs = tf.randomNormal([BATCH, 49, 10, 1], 0, 1, "float32", 1);
    const labels = Array.from({ length: BATCH }, (_, row) => row % CLASSES);
    const targets = tf.oneHot(tf.tensor1d(labels, "int32"), CLASSES).toFloat();
    try {
      await model.trainOnBatch(inputs, targets);
    } catch (error) {
      refused = `${/** @type {Error} */ (error).message}`;
      continue;
    }
    const run = async (/** @type {number} */ times) => {
      for (let i = 0; i < times; i++) await model.trainOnBatch(inputs, targets);
    };
    return { contestant: { name: "@tensorflow/tfjs", build: backend, run }, weights: model.countParams(), refused };
  }
  throw new Error(`TensorFlow.js trains on no backend: ${refused}`);
}

/** @param {number} rounds
 * @param {string[]} runtimes */
export async function measureTraining(rounds, runtimes) {
  const folder = "workshop";
  const glue = await import(`/milliwatt/${folder}/milliwatt.js`);
  await glue.default();
  const training = new glue.TrainingSpeed(BATCH);
  const macs = training.macs();
  const spin = 2000;
  const spun = training.peak(spin);
  /** @type {import("./page.mjs").Contestant[]} */
  const contestants = [
    { name: "milliwatt", build: "simd128", run: (times) => void training.steps(times) },
    { name: "peak", build: "simd128", run: (times) => void training.peak(spin * times) },
  ];
  const other = runtimes.includes("tfjs") ? await theirs() : undefined;
  if (other && other.weights !== 22_604) throw new Error(`TensorFlow.js trains ${other.weights} weights, not the same network`);
  if (other) contestants.push(other.contestant);
  // A step takes as long as hundreds of inferences.
  const timings = await race(contestants, Math.max(3, Math.ceil(rounds / 20)));
  training.free();
  const [ours, peak, tfjs] = timings;
  const peak_gmacs_per_s = spun / peak.median_ms / 1e6;
  const row = (/** @type {import("./page.mjs").Timing} */ timing) => ({
    model: "kws01",
    dtype: "training",
    ...timing,
    examples_per_s: (1000 * BATCH) / timing.median_ms,
    gmacs_per_s: macs / timing.median_ms / 1e6,
    peak_gmacs_per_s,
    share_of_peak: macs / timing.median_ms / 1e6 / peak_gmacs_per_s,
    times_tfjs: tfjs && tfjs.median_ms / timing.median_ms,
  });
  return { rows: [ours, tfjs].filter(Boolean).map(row), refused: other?.refused };
}

Object.assign(globalThis, { measureTraining });
