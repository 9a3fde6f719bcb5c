// The page's side of the editor: starts a worker for each run, and ends it.

import { type FromScript, source, type ToScript } from "../../engine/worker/source";
import { memoryModule } from "../../engine/client/on-demand";
import workerUrl from "../../engine/worker/script?worker&url";

/** Lines that `new Function` puts before code, in every browser. */
const FUNCTION_HEAD = 2;

/** Where code is wrong. */
export class ScriptError extends Error {
  readonly at: number | undefined;

  constructor(message: string, at: number | undefined) {
    super(message);
    this.at = at;
  }
}

/** What a script works with. */
export interface Bench {
  model: Uint8Array | undefined;
  items: { shape: number[]; data: Float32Array } | undefined;
}

/** One run of a script; `end` stops it whatever it does. */
export class Script {
  #workers: Worker[] = [];
  #ended: (error: Error) => void = () => {};

  /** Runs code, telling every line that it prints. Rejects with a `ScriptError` where it is wrong. */
  async run(code: string, bench: Bench, print: (line: string) => void): Promise<void> {
    const stopped = new Promise<never>((_, reject) => (this.#ended = reject));
    stopped.catch(() => {});
    try {
      await Promise.race([this.#check(code), stopped]);
      await Promise.race([this.#go(code, bench, print), stopped]);
    } finally {
      this.#close();
    }
  }

  /** Stops it; `run` rejects with `reason`. */
  end(reason: Error): void {
    this.#close();
    this.#ended(reason);
  }

  #close(): void {
    for (const worker of this.#workers.splice(0)) worker.terminate();
  }

  #check(code: string): Promise<void> {
    return this.#ask(workerUrl, { check: code }, FUNCTION_HEAD, () => {});
  }

  async #go(code: string, { model, items }: Bench, print: (line: string) => void): Promise<void> {
    const module = await memoryModule();
    const { text, head } = source(await (await fetch(workerUrl)).text(), code);
    const blob = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    try {
      await this.#ask(blob, { module, head, ...(model && { model }), ...(items && { items }) }, head, print);
    } finally {
      URL.revokeObjectURL(blob);
    }
  }

  #ask(address: string, message: ToScript, head: number, print: (line: string) => void): Promise<void> {
    const worker = new Worker(address, { type: "module" });
    this.#workers.push(worker);
    return new Promise((resolve, reject) => {
      worker.addEventListener("message", ({ data }: MessageEvent<FromScript>) => {
        if ("line" in data) print(data.line);
        else if ("error" in data) reject(new ScriptError(data.error, data.at));
        else resolve();
      });
      worker.addEventListener("error", (event) => {
        event.preventDefault();
        reject(new ScriptError(event.message.replace(/^Uncaught /, ""), event.lineno > head ? event.lineno - head : undefined));
      });
      worker.postMessage(message);
    });
  }
}
