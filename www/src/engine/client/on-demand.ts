// The modules that are loaded on demand, each in workers as the page holds them: one is started when it is first asked for, and
// ended at any time.

import { type Remote, wrap } from "comlink";
import { SAYS } from "../text";
import memoryUrl from "../wasm/memory/milliwatt_bg.wasm?url";
import workshopUrl from "../wasm/workshop/milliwatt_bg.wasm?url";
import { Cancelled } from "./bench-worker";
import { compileOnce } from "./load";
import type { MemoryHost } from "../worker/memory-host";
import type { OnDemandHost } from "../worker/on-demand-host";
import type { WorkshopHost } from "../worker/workshop-host";

class OnDemand<Host extends OnDemandHost> {
  #module: string;
  #begin: () => Worker;
  #worker: Worker | undefined;
  #host: Promise<Remote<Host>> | undefined;
  #end: (error: Error) => void = () => {};
  #ended = new Promise<never>(() => {});

  /** The module's address, and what begins a worker with its host. */
  constructor(module: string, begin: () => Worker) {
    this.#module = module;
    this.#begin = begin;
  }

  /** Calls the worker; rejects with `Cancelled` if it is ended meanwhile. */
  call<T>(use: (host: Remote<Host>) => Promise<T>): Promise<T> {
    this.#host ??= this.#spawn();
    return Promise.race([this.#host.then(use), this.#ended]);
  }

  /** Rejects when the worker ends, by itself or by hand. */
  ended(): Promise<never> {
    return this.#ended;
  }

  /** Ends the worker and whatever it is doing. */
  end(reason: Error = new Cancelled("Stopped")): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#host = undefined;
    this.#end(reason);
  }

  async #spawn(): Promise<Remote<Host>> {
    this.#ended = new Promise<never>((_, reject) => (this.#end = reject));
    this.#ended.catch(() => {});
    const ended = this.#ended;
    const module = await Promise.race([compileOnce(this.#module), ended]);
    const worker = this.#begin();
    this.#worker = worker;
    worker.addEventListener("error", (event) => {
      if (this.#worker === worker) this.end(new Error(event.message || SAYS.ended));
    });
    const host = wrap<Host>(worker);
    await host.start(module);
    return host;
  }
}

/** Trains, searches, diagnoses. */
export class WorkshopWorker extends OnDemand<WorkshopHost> {
  constructor() {
    super(workshopUrl, () => new Worker(new URL("../worker/workshop-host.ts", import.meta.url), { type: "module" }));
  }
}

/** Computes in memory. */
export class MemoryWorker extends OnDemand<MemoryHost> {
  constructor() {
    super(memoryUrl, () => new Worker(new URL("../worker/memory-host.ts", import.meta.url), { type: "module" }));
  }
}

/** The module of `MemoryWorker`, for code that visitors write. */
export const memoryModule = (): Promise<WebAssembly.Module> => compileOnce(memoryUrl);
