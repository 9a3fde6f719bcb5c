// Times one model on one of the bench's modules, in a worker of its own so that nothing else is in its way.

import relaxedUrl from "../wasm/relaxed/milliwatt_bg.wasm?url";
import simdUrl from "../wasm/simd/milliwatt_bg.wasm?url";
import { choice, instantiate } from "../client/load";

/** What to time: the plain loops, or the fast kernels of one module. */
export interface ToTime {
  how: "scalar" | "simd" | "relaxed";
  file: Uint8Array;
  input: Uint8Array;
}

export type Timed = { seconds: number } | { error: string };

async function time({ how, file, input }: ToTime): Promise<Timed> {
  const relaxed = how === "relaxed";
  if (relaxed && !choice().relaxed) return { error: "relaxed SIMD" };
  const module = await WebAssembly.compile(await (await fetch(relaxed ? relaxedUrl : simdUrl)).arrayBuffer());
  const wasm = await instantiate({ module });
  const runner = new wasm.Runner(file, "tflm", how === "scalar");
  runner.set_input(0, input);
  return { seconds: runner.time() };
}

addEventListener("message", ({ data }: MessageEvent<ToTime>) => {
  time(data)
    .catch((error: unknown): Timed => ({ error: error instanceof Error ? error.message : String(error) }))
    .then((timed) => postMessage(timed), () => {});
});
