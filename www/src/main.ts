import { wrap } from "comlink";
import type { Engine } from "./worker";

const status = document.getElementById("status");

async function main(): Promise<void> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const engine = wrap<Engine>(worker);
  const { version, relaxed } = await engine.open();
  // What the page's tests wait for.
  document.documentElement.dataset.engine = relaxed ? "relaxed" : "simd";
  if (status) {
    status.textContent = `Engine ${version} is ready (${relaxed ? "relaxed SIMD" : "SIMD"})`;
  }
}

main().catch((error: unknown) => {
  if (status) status.textContent = `The engine did not start: ${String(error)}`;
  throw error;
});
