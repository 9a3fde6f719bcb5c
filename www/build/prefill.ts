// Writes the finished first screen into index.html: its numbers are there before any script or module has loaded.

import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type HtmlTagDescriptor, type Plugin, runnerImport } from "vite";
import type { Prefill, Snapshot } from "../src/snapshot";
import { draw } from "./prerender.ts";

const WWW = fileURLToPath(new URL("..", import.meta.url));
const SAMPLE = resolve(WWW, "public/samples/machine");
const GLUE = resolve(WWW, "src/wasm/simd/milliwatt.js");

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

function json<T>(name: string): T {
  return JSON.parse(readFileSync(resolve(SAMPLE, name), "utf8")) as T;
}

/** The sample's reports, as the native command wrote them, and the tables of the engine that this page will run. */
async function prefill(): Promise<Prefill | undefined> {
  const files = ["report-a.json", "report-b.json", "comparison.json", "data.json"];
  if (!existsSync(GLUE) || !files.every((name) => existsSync(resolve(SAMPLE, name)))) return undefined;
  const wasm = (await import(pathToFileURL(GLUE).href)) as typeof import("../src/wasm/simd/milliwatt");
  wasm.initSync({ module: readFileSync(GLUE.replace(".js", "_bg.wasm")) });
  return {
    version: wasm.version(),
    transforms: wasm.transforms(),
    presets: wasm.presets(),
    devices: wasm.devices(),
    data: json("data.json"),
    a: json("report-a.json"),
    b: json("report-b.json"),
    comparison: json("comparison.json"),
  };
}

/** The page's elements, drawn as text. */
async function picture(known: Prefill | undefined): Promise<string> {
  const shim = await import("@lit-labs/ssr-dom-shim");
  Object.assign(globalThis, { HTMLElement: shim.HTMLElement, customElements: shim.customElements });
  const { module: app } = await runnerImport<typeof import("../src/elements/app")>(resolve(WWW, "src/elements/app.ts"));
  const { module: snapshots } = await runnerImport<typeof import("../src/snapshot")>(resolve(WWW, "src/snapshot.ts"));
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
        if (!known) this.warn?.("the sample's reports are not here: the page will open without numbers (cargo xtask samples)");
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
        return { html: html.replace("<!--page-->", () => text), tags };
      },
    },
  };
}
