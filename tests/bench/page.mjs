// @ts-check
// The page of the benchmark: every runtime on one model, in turns.
//
// What is timed is inference alone, as the fastest honest way of each runtime has it, on an input that lies in its memory
// already: for Milliwatt `Runner.invoke`; for LiteRT.js the compiled model's own `run` on a tensor buffer made before
// (its public `run` also checks and wraps), with the outputs deleted as its documentation asks; for ONNX Runtime Web
// `session.run` (it has no lower door). A sample is a burst of inferences of about `BURST_MS`; a round takes one sample
// of each runtime, in changing order; a row is the median of its samples.

const BURST_MS = 1;

/** @typedef {{ name: string, build: string, run: (times: number) => void | Promise<void>, output?: () => any, close?: () => void }} Contestant */
/** @typedef {{ runtime: string, build: string, median_ms: number, best_ms: number, samples: number }} Timing */

/** Our two builds. */
export async function milliwatt() {
  const builds = [];
  for (const [folder, build] of [["simd", "simd128"], ["relaxed", "relaxed"]]) {
    const glue = await import(`/milliwatt/${folder}/milliwatt.js`);
    await glue.default();
    builds.push({ build, glue });
  }
  return builds;
}

/** LiteRT.js keeps its state in its module: two addresses make two of it. */
async function litert() {
  const builds = [];
  for (const [file, build] of [["litert_wasm_internal.js", "relaxed"], ["litert_wasm_compat_internal.js", "compat"]]) {
    const library = await import(`/litert/index.js?${build}`);
    await library.loadLiteRt(`/node_modules/@litertjs/core/wasm/${file}`);
    builds.push({ build, library });
  }
  return builds;
}

/** @returns {Promise<any>} */
async function onnxruntime() {
  const ort = await import("/node_modules/onnxruntime-web/dist/ort.wasm.min.mjs");
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = "/node_modules/onnxruntime-web/dist/";
  return ort;
}

/** Bytes that look random and are the same on every run; small floats, or all int8 values.
 * @param {number} count
 * @param {string} dtype */
function noise(count, dtype) {
  let state = 1;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8;
  return dtype === "int8"
    ? Int8Array.from({ length: count }, next)
    : Float32Array.from({ length: count }, () => (next() % 2001) / 1000 - 1);
}

/** @param {ArrayBufferView} view */
const bytesOf = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

/** @param {Awaited<ReturnType<typeof milliwatt>>[number]} runtime
 * @param {Uint8Array} file
 * @param {Int8Array | Float32Array} input
 * @returns {Contestant} */
function ours({ build, glue }, file, input) {
  const runner = new glue.Runner(file, "tflm", false);
  runner.set_input(0, bytesOf(input));
  return {
    name: "milliwatt",
    build,
    run: (times) => runner.invoke(times),
    output: () => Array.from(runner.output(0)),
    close: () => runner.free(),
  };
}

/** @param {Awaited<ReturnType<typeof litert>>[number]} runtime
 * @param {Uint8Array} file
 * @param {Int8Array | Float32Array} input
 * @returns {Promise<Contestant>} */
async function theirs({ build, library }, file, input) {
  const model = await library.loadAndCompile(file, { accelerator: "wasm" });
  const shape = Array.from(model.getInputDetails()[0].shape, (n) => Math.max(1, n));
  const tensor = new library.Tensor(input, shape);
  const { liteRtCompiledModel: compiled } = model;
  const buffers = [tensor.liteRtTensorBuffer];
  const once = () => compiled.run(0, buffers);
  const drop = (/** @type {any[]} */ outputs) => outputs.forEach((output) => output.delete());
  const first = once();
  const isAsync = first instanceof Promise;
  drop(await first);
  return {
    name: "@litertjs/core",
    build,
    run: isAsync
      ? async (times) => {
          for (let i = 0; i < times; i++) drop(await once());
        }
      : (times) => {
          for (let i = 0; i < times; i++) drop(once());
        },
    close: () => {
      tensor.delete();
      model.delete();
    },
  };
}

/** @param {any} ort
 * @param {Uint8Array} file
 * @param {Int8Array | Float32Array} input
 * @param {string} dtype
 * @returns {Promise<Contestant>} */
async function onnx(ort, file, input, dtype) {
  const session = await ort.InferenceSession.create(file, { executionProviders: ["wasm"], graphOptimizationLevel: "all" });
  const shape = session.inputMetadata[0].shape.map((/** @type {any} */ n) => (typeof n === "number" ? n : 1));
  const feeds = { [session.inputNames[0]]: new ort.Tensor(dtype === "int8" ? "int8" : "float32", input, shape) };
  return {
    name: "onnxruntime-web",
    build: "simd",
    run: async (times) => {
      for (let i = 0; i < times; i++) await session.run(feeds);
    },
    close: () => session.release(),
  };
}

/** The multiply-add peak of each of our builds, timed like a runtime: `invoke` is 20 rounds of the peak loop. */
function peaks(/** @type {Awaited<ReturnType<typeof milliwatt>>} */ builds, /** @type {string} */ dtype) {
  const rounds = 20;
  return builds.map(({ build, glue }) => {
    const loop = dtype === "int8" ? glue.peak_int8 : glue.peak_float32;
    const macs = loop(rounds);
    return { name: "peak", build, macs, run: (/** @type {number} */ times) => void loop(rounds * times) };
  });
}

const median = (/** @type {number[]} */ values) => values.sort((a, b) => a - b)[values.length >> 1];

/** Interleaved bursts.
 * @param {Contestant[]} contestants
 * @param {number} rounds
 * @returns {Promise<Timing[]>} */
export async function race(contestants, rounds) {
  const entries = [];
  for (const contestant of contestants) {
    // The first calls run on the baseline compiler: let the optimising one replace it, then size the bursts.
    for (const start = performance.now(); performance.now() - start < 150; ) await contestant.run(1);
    let times = 1;
    for (;;) {
      const start = performance.now();
      await contestant.run(times);
      if (performance.now() - start >= BURST_MS || times >= 1 << 20) break;
      times *= 2;
    }
    entries.push({ contestant, times, samples: /** @type {number[]} */ ([]) });
  }
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < entries.length; i++) {
      const { contestant, times, samples } = entries[(i + round) % entries.length];
      const start = performance.now();
      await contestant.run(times);
      samples.push((performance.now() - start) / times);
    }
    // Let the browser breathe, so that no runtime pays for another's garbage.
    if (round % 8 === 7) await new Promise((resolve) => setTimeout(resolve));
  }
  return entries.map(({ contestant, samples }) => ({
    runtime: contestant.name,
    build: contestant.build,
    samples: samples.length,
    median_ms: median(samples),
    best_ms: samples[0],
  }));
}

/** One model beside all runtimes.
 * @param {{ model: string, dtype: string, file: string, onnx?: string, macs: number }} task
 * @param {number} rounds
 * @param {string[]} runtimes */
async function measure(task, rounds, runtimes) {
  const fetchBytes = async (/** @type {string} */ url) => new Uint8Array(await (await fetch(url)).arrayBuffer());
  const file = await fetchBytes(task.file);
  const builds = await milliwatt();
  const probe = new builds[0].glue.Runner(file, "tflm", false);
  const input = noise(probe.input_bytes(0) / (task.dtype === "int8" ? 1 : 4), task.dtype);
  probe.free();
  /** @type {Contestant[]} */
  const contestants = builds.map((build) => ours(build, file, input));
  const [a, b] = contestants.map((contestant) => (contestant.run(1), contestant.output?.()));
  if (task.dtype === "int8" && String(a) !== String(b)) throw new Error(`${task.model}: our two builds differ`);
  if (runtimes.includes("litert")) {
    for (const build of await litert()) contestants.push(await theirs(build, file, input));
  }
  if (runtimes.includes("onnx") && task.onnx) {
    contestants.push(await onnx(await onnxruntime(), await fetchBytes(task.onnx), input, task.dtype));
  }
  const peak = peaks(builds, task.dtype);
  const timings = await race([...contestants, ...peak], rounds);
  for (const contestant of contestants) contestant.close?.();
  const peakOf = new Map();
  for (const { build, macs } of peak) {
    const timing = timings.find((found) => found.runtime === "peak" && found.build === build);
    if (timing) peakOf.set(build, macs / timing.median_ms / 1e6);
  }
  // Each runtime is held against the peak of the instructions that it may use.
  const rows = timings.filter(({ runtime }) => runtime !== "peak").map((timing) => {
    const peak_gmacs_per_s = peakOf.get(timing.build === "relaxed" ? "relaxed" : "simd128");
    const gmacs_per_s = task.macs / timing.median_ms / 1e6;
    return { model: task.model, dtype: task.dtype, ...timing, gmacs_per_s, peak_gmacs_per_s, share_of_peak: gmacs_per_s / peak_gmacs_per_s };
  });
  const int8_product = builds.find(({ build }) => build === "relaxed")?.glue.int8_product();
  return { rows, int8_product, int8_output: task.dtype === "int8" ? a : undefined };
}

Object.assign(globalThis, { measure });
