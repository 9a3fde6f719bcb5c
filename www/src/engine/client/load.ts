// Which of the bench's two wasm modules this browser can run, and how they and those on demand are loaded: compiled once, on
// the page's side, and posted to every worker.

import { SAYS } from "../text";
import relaxedUrl from "../wasm/relaxed/milliwatt_bg.wasm?url";
import simdUrl from "../wasm/simd/milliwatt_bg.wasm?url";

export type Wasm = typeof import("../wasm/simd/milliwatt");

/** A compiled module. */
export interface Compiled {
  module: WebAssembly.Module;
}

// The smallest module that is valid only where SIMD is: one byte spread over a vector, and its bits counted.
const SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);

// The smallest module that is valid only where relaxed SIMD is: one relaxed dot product of int8 vectors.
const RELAXED_SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15,
  253, 128, 2, 11,
]);

/** The module with relaxed SIMD where the browser has it, else the one with plain SIMD. */
export function choice(): { url: string; relaxed: boolean } {
  const relaxed = relaxedUrl !== "" && WebAssembly.validate(RELAXED_SIMD);
  return { url: relaxed ? relaxedUrl : simdUrl, relaxed };
}

/** Whether this browser can run any of the modules. */
export function isAble(): boolean {
  return typeof WebAssembly !== "undefined" && WebAssembly.validate(SIMD);
}

/** Modules that this browser cannot run. */
export function unusable(): string[] {
  return choice().relaxed ? [] : [relaxedUrl];
}

/** Fetches and compiles the module that this browser can run. */
export async function compile(): Promise<Compiled> {
  if (!isAble()) throw new Error("WebAssembly SIMD is missing");
  return { module: await fetched(choice().url) };
}

/** A module on demand, fetched and compiled when it is first asked for. */
export function compileOnce(url: string): Promise<WebAssembly.Module> {
  const module = asked.get(url) ?? fetched(url);
  asked.set(url, module);
  module.catch(() => asked.delete(url));
  return module;
}

const asked = new Map<string, Promise<WebAssembly.Module>>();

async function fetched(url: string): Promise<WebAssembly.Module> {
  // `cargo xtask serve` shows the page before all of its modules are built.
  if (url === "") throw new Error(SAYS.building);
  const response = await fetch(url).catch(() => {
    throw new Error(SAYS.offline);
  });
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  // Some static hosts serve .wasm without its type, which streaming compilation refuses.
  const typed = response.headers.get("content-type")?.startsWith("application/wasm");
  return typed ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}

/** Starts a compiled module inside a worker. */
export async function instantiate({ module }: Compiled): Promise<Wasm> {
  // The bindings of both modules are the same text, which the build checks; one download serves either.
  const wasm: Wasm = await import("../wasm/simd/milliwatt");
  await wasm.default({ module_or_path: module });
  return wasm;
}
