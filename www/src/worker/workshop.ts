// One worker of the workshop as the page holds it: started when it is first asked for, ended at any time.

import { type Remote, wrap } from "comlink";
import { t } from "../text";
import { Cancelled } from "./bench-worker";
import { compileWorkshop } from "./load";
import type { WorkshopHost } from "./workshop-host";

export class WorkshopWorker {
  #worker: Worker | undefined;
  #host: Promise<Remote<WorkshopHost>> | undefined;
  #end: (error: Error) => void = () => {};
  #ended = new Promise<never>(() => {});

  /** Calls the worker; rejects with `Cancelled` if it is ended meanwhile. */
  call<T>(use: (host: Remote<WorkshopHost>) => Promise<T>): Promise<T> {
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

  async #spawn(): Promise<Remote<WorkshopHost>> {
    this.#ended = new Promise<never>((_, reject) => (this.#end = reject));
    this.#ended.catch(() => {});
    const ended = this.#ended;
    const module = await Promise.race([compileWorkshop(), ended]);
    const worker = new Worker(new URL("./workshop-host.ts", import.meta.url), { type: "module" });
    this.#worker = worker;
    worker.addEventListener("error", (event) => {
      if (this.#worker === worker) this.end(new Error(event.message || t("workshop.ended")));
    });
    const host = wrap<WorkshopHost>(worker);
    await host.start(module);
    return host;
  }
}
