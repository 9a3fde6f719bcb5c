// Writes the finished first screen into index.html: its numbers are there before any script or module has loaded.

import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { HtmlTagDescriptor, Plugin } from "vite";
import type { Prefill, Snapshot } from "../src/app/snapshot";
import type { DataCard, Preset, Recipe, Report } from "../src/engine/types";
import { page } from "./page.ts";
import { draw } from "./prerender.ts";

const WWW = fileURLToPath(new URL("..", import.meta.url));
const SAMPLE = resolve(WWW, "public/samples/keywords");
const GLUE = resolve(WWW, "src/engine/wasm/simd/milliwatt.js");

/** What stands before a line in the source of a template, and is nothing on screen. */
const INDENTATION = /\n\s+/g;

// Scripts and connections of this page's own origin alone; `wasm-unsafe-eval` compiles WebAssembly and nothing else.
const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** What the engine that this page will run says of the sample: the same steps as in the page, in the same order. */
async function prefill(): Promise<Prefill | undefined> {
  const { INITIAL } = await page<typeof import("../src/app/state")>("app/state.ts");
  const { LAYER_ITEMS, SEEDS } = await page<typeof import("../src/engine/bench/state")>("engine/bench/state.ts");
  const { normal } = await page<typeof import("../src/engine/bench/recipes")>("engine/bench/recipes.ts");
  const [model, words] = [resolve(SAMPLE, "model.tflite"), resolve(SAMPLE, "words.zip")];
  if (![GLUE, model, words].every(existsSync)) return undefined;
  const wasm = (await import(pathToFileURL(GLUE).href)) as typeof import("../src/engine/wasm/simd/milliwatt");
  wasm.initSync({ module: readFileSync(GLUE.replace(".js", "_bg.wasm")) });
  const side = (recipe: Recipe): { data: DataCard; report: Report } => {
    const bench = new wasm.Bench();
    bench.open(readFileSync(model), INITIAL.name);
    const data = bench.set_spoken_data(readFileSync(words), SEEDS.generated);
    bench.apply(normal(wasm.transforms(), recipe), () => {});
    bench.add_evaluation(bench.evaluate(0, data.test_items));
    if (recipe.steps.length) bench.measure_layers(Math.min(LAYER_ITEMS, data.test_items));
    const report = bench.report(INITIAL.device, INITIAL.rate) as Report;
    bench.free();
    return { data, report };
  };
  const { data, report: a } = side(INITIAL.a);
  const { report: b } = side(INITIAL.b);
  const comparison = wasm.compare(a, b);
  return {
    version: wasm.version(),
    transforms: wasm.transforms(),
    presets: wasm.presets() as Preset[],
    devices: wasm.devices(),
    data,
    a: brief(a),
    b: brief(b),
    comparison,
  };
}

/**
 * A report as it is sent with the page, which computes it anew at once: the six numbers whole, all others with five digits,
 * and without each item's answer, which only the next comparison reads.
 */
function brief({ strip, evaluation, ...report }: Report): Report {
  const short = (_: string, value: unknown) =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
  const answers = { item: [], same: [], right: [], anomaly_score: [], anomalous: [] };
  return { ...JSON.parse(JSON.stringify(report, short)), strip, evaluation: evaluation && { ...evaluation, answers } };
}

/** The page's elements, drawn as text. */
async function picture(known: Prefill | undefined): Promise<string> {
  const app = await page<typeof import("../src/app/shell/page")>("app/shell/page.ts");
  const snapshots = await page<typeof import("../src/app/snapshot")>("app/snapshot.ts");
  app.register();
  const snapshot: Snapshot = snapshots.first(known);
  const element = Object.assign(new app.App(), { snapshot });
  return draw((element as unknown as { render(): unknown }).render());
}

export function prefilled(): Plugin {
  let building = false;
  return {
    name: "milliwatt-prefill",
    configResolved(config) {
      building = config.command === "build";
    },
    transformIndexHtml: {
      order: "pre",
      async handler(html) {
        const known = await prefill();
        if (!known) this.warn?.("the engine or the sample is not here: the page will open without numbers (cargo xtask build, cargo xtask samples)");
        const text = await picture(known);
        const tags: HtmlTagDescriptor[] = [];
        if (building) {
          tags.push({
            tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: POLICY }, injectTo: "head-prepend",
          });
        }
        if (known) {
          tags.push({
            tag: "script", attrs: { type: "application/json", id: "prefill" }, injectTo: "body",
            // Names come from files: nothing in them may end the script.
            children: JSON.stringify(known).replace(/</g, "\\u003c"),
          });
        }
        return { html: html.replace("<!--page-->", () => text.replace(INDENTATION, "\n")), tags };
      },
    },
  };
}
