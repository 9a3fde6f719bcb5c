// Which of the two wasm modules this browser can run, and how it is loaded.

export type Wasm = typeof import("./wasm/simd/milliwatt");

// The smallest module that is valid only where relaxed SIMD is: one relaxed dot product of int8 vectors.
const RELAXED_SIMD = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15,
  253, 128, 2, 11,
]);

/** Whether this browser compiles relaxed SIMD instructions; one without them refuses the whole module. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(RELAXED_SIMD);
}

/** Loads and starts the module with relaxed SIMD where the browser has it, else the one with plain SIMD. */
export async function loadWasm(): Promise<Wasm> {
  const wasm: Wasm = hasRelaxedSimd()
    ? await import("./wasm/relaxed/milliwatt")
    : await import("./wasm/simd/milliwatt");
  await wasm.default();
  return wasm;
}
