import { expose } from "comlink";
import { loadWasm } from "./load";

const engine = {
  async open(): Promise<{ version: string; relaxed: boolean }> {
    const wasm = await loadWasm();
    return { version: wasm.version(), relaxed: wasm.relaxed_simd() };
  },
};

export type Engine = typeof engine;

expose(engine);
