// @ts-check
// Latency of our kernels beside LiteRT.js and ONNX Runtime Web, of our sound features beside Meyda, and of training beside
// TensorFlow.js, in one page of a headless Chromium, on one thread.
//
//   node tests/bench/run.mjs [--json FILE] [--rounds N] [--only kws01,ic01,sound,training] [--runtimes litert,onnx,meyda,tfjs]
//
// Each model has a fresh page, and where a row surprises (a runtime at twice its best) up to four more: a page's first
// compilation now and then leaves one runtime slow for its whole life. ONNX files are taken from the folder that
// MILLIWATT_ONNX names (`kws01_int8.onnx`, …), because they are not ours to ship; `make_onnx.py` makes them.

import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, extname, join, normalize } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const SHARED = process.env.MILLIWATT_SHARED ?? join(ROOT, "..", "shared");
const ONNX = process.env.MILLIWATT_ONNX ?? join(SHARED, "mlperf", "onnx");

const { values: options } = parseArgs({
  options: {
    json: { type: "string" },
    rounds: { type: "string", default: "200" },
    only: { type: "string" },
    runtimes: { type: "string", default: "litert,onnx,meyda,tfjs" },
  },
});

/** Name, the files of the int8 and the float model, multiply-adds of one inference. */
const MODELS = /** @type {[string, string, string, number][]} */ ([
  ["kws01", "kws01_int8", "kws01_fp32_qualcomm", 2_656_768],
  ["ic01", "ic01_int8", "ic01_fp32", 12_501_632],
  ["vww01", "vww01_int8", "vww01_fp32", 7_489_664],
  ["ad01", "ad01_int8", "ad01_fp32", 264_192],
]);

const TYPES = /** @type {Record<string, string>} */ ({
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
});

/** Where addresses lead. */
const FOLDERS = /** @type {[string, string][]} */ ([
  ["/bench/", join(ROOT, "tests", "bench")],
  ["/milliwatt/", join(ROOT, "www", "src", "engine", "wasm")],
  ["/node_modules/", join(ROOT, "www", "node_modules")],
  ["/models/", join(SHARED, "mlperf", "models")],
  ["/onnx/", ONNX],
]);

/** LiteRT.js runs int8 models but refuses int8 input: its list of element types is served with that one row more. */
async function litertWithInt8() {
  const source = await readFile(join(ROOT, "www/node_modules/@litertjs/core/dist/index.js"), "utf8");
  const row = 'dtype: "int8", typedArrayConstructor: Int8Array, elementType: ElementType.INT8';
  const patched = source.replace("var DATATYPES = Object.freeze([", `var DATATYPES = Object.freeze([{ ${row} },`);
  if (patched === source) throw new Error("@litertjs/core has changed: its list of element types is not where it was");
  return patched;
}

async function serve() {
  const server = createServer(async (request, response) => {
    // Cross-origin isolation gives timers of five microseconds instead of a hundred.
    response.setHeader("cross-origin-opener-policy", "same-origin");
    response.setHeader("cross-origin-embedder-policy", "require-corp");
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://here").pathname);
    if (path === "/litert/index.js") {
      response.setHeader("content-type", "text/javascript; charset=utf-8");
      response.end(await litertWithInt8());
      return;
    }
    const [prefix, folder] = FOLDERS.find(([prefix]) => path.startsWith(prefix)) ?? ["", ""];
    const file = prefix && join(folder, normalize("/" + path.slice(prefix.length)));
    const found = file && (await stat(file).catch(() => undefined))?.isFile();
    if (!found) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
    response.end(await readFile(file));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { url: `http://127.0.0.1:${port}/bench/index.html`, close: () => server.close() };
}

function chromium() {
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    for (const folder of (process.env.PATH ?? "").split(delimiter)) {
      if (existsSync(join(folder, name))) return join(folder, name);
    }
  }
  throw new Error("No Chromium is on PATH");
}

/** A runtime that is twice as slow at its median as at its best was disturbed, or compiled badly. */
const isSurprise = (/** @type {any} */ row) => row.median_ms > 2 * row.best_ms;

const fromWww = createRequire(join(ROOT, "www", "package.json"));
const { launch } = await import(pathToFileURL(fromWww.resolve("puppeteer-core")).href);
const runtimes = options.runtimes.split(",").filter((name) => {
  const folder = { litert: "@litertjs/core", onnx: "onnxruntime-web", meyda: "meyda", tfjs: "@tensorflow/tfjs" }[name];
  const isHere = folder && existsSync(join(ROOT, "www/node_modules", folder));
  if (!isHere) console.log(`skipped: ${folder ?? name} is not installed`);
  return isHere;
});
const profile = await mkdtemp(join(tmpdir(), "milliwatt-bench-"));
const server = await serve();
const browser = await launch({
  executablePath: chromium(),
  userDataDir: profile,
  args: [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
  protocolTimeout: 600_000,
});

/** @type {any[]} */
const rows = [];

/** Races in a fresh page: `what` is a function there, `task` what it takes before rounds and runtimes.
 * @param {string} what
 * @param {any[]} task */
async function race(what, ...task) {
  for (let attempt = 0; ; attempt++) {
    const page = await browser.newPage();
    page.on("pageerror", (/** @type {Error} */ error) => console.error(error.message));
    await page.goto(server.url);
    await page.waitForFunction((/** @type {string} */ what) => what in globalThis, {}, what);
    const found = await page.evaluate(
      (/** @type {string} */ what, /** @type {any[]} */ all) => /** @type {any} */ (globalThis)[what](...all),
      what,
      [...task, Number(options.rounds), runtimes],
    );
    await page.close();
    if (attempt < 4 && found.rows.some(isSurprise)) continue;
    if (rows.length === 0 && found.int8_product) {
      console.log(`${await browser.version()}; the relaxed build multiplies int8 values as ${found.int8_product}`);
    }
    if (found.refused) console.log(`TensorFlow.js does not train on its WebAssembly backend: ${found.refused}`);
    rows.push(...found.rows);
    print(found.rows);
    return;
  }
}

try {
  const only = options.only?.split(",");
  for (const [model, int8, float, macs] of MODELS) {
    if (only && !only.includes(model)) continue;
    for (const [dtype, name] of [["int8", int8], ["float32", float]]) {
      if (!existsSync(join(SHARED, "mlperf/models", `${name}.tflite`))) {
        console.log(`skipped: ../shared/mlperf/models/${name}.tflite is not here`);
        continue;
      }
      const hasOnnx = existsSync(join(ONNX, `${name}.onnx`));
      if (runtimes.includes("onnx") && !hasOnnx) {
        console.log(`skipped: onnxruntime-web on ${model} ${dtype}, for there is no ${join(ONNX, name)}.onnx (tests/bench/make_onnx.py makes it; MILLIWATT_ONNX names its folder)`);
      }
      const task = { model, dtype, macs, file: `/models/${name}.tflite`, onnx: hasOnnx ? `/onnx/${name}.onnx` : undefined };
      await race("measure", task);
    }
  }
  if (!only || only.includes("sound")) await race("measureSound");
  if (!only || only.includes("training")) await race("measureTraining");
} finally {
  await browser.close();
  server.close();
  await rm(profile, { recursive: true, force: true });
}

/** @param {any[]} found */
function print(found) {
  const like = (/** @type {any} */ row) =>
    found.find(
      (other) =>
        other.runtime === "@litertjs/core" && (other.build === "relaxed") === (row.build === "relaxed"),
    );
  for (const row of found) {
    const other = row.runtime === "milliwatt" && like(row);
    const against = other ? `  ${(other.median_ms / row.median_ms).toFixed(2)} x as fast as LiteRT.js ${other.build}` : "";
    const learned = row.examples_per_s ? `  ${row.examples_per_s.toFixed(0)} examples/s` : "";
    const beside = row.times_tfjs ? `  ${row.times_tfjs.toFixed(1)} x as fast as TensorFlow.js` : "";
    const speed =
      row.gb_per_s !== undefined
        ? `${row.gb_per_s.toFixed(1).padStart(5)} GB of samples/s`
        : row.peak_gmacs_per_s !== undefined
          ? `${(100 * row.share_of_peak).toFixed(0).padStart(3)} % of ${row.peak_gmacs_per_s.toFixed(1)} GMAC/s`
          : row.times_meyda !== undefined
            ? `${row.times_meyda.toFixed(2).padStart(5)} x as fast as meyda`
            : "";
    console.log(
      `${row.model.padEnd(6)} ${row.dtype.padEnd(8)} ${row.runtime.padEnd(16)} ${row.build.padEnd(8)} ` +
        `median ${row.median_ms.toFixed(4)} ms  best ${row.best_ms.toFixed(4)} ms  ${speed}${against}${learned}${beside}`,
    );
  }
}

if (options.json) await writeFile(options.json, JSON.stringify(rows, null, 2));
