// Chips that compute on charge, shared by several workers: each runs chips of its own, and the first collects what they did. A
// chip follows from its seed, so the scores are the same however many workers there are.

import type { ChipScores } from "../../engine/types";
import type { ImcRequest } from "../../engine/wasm/memory/milliwatt";
import { MemoryWorker } from "../../engine/client/on-demand";

/** Workers at most: each holds the model and its data. */
const MOST = 4;

export class Chips {
  #workers = Array.from({ length: Math.max(1, Math.min(MOST, navigator.hardwareConcurrency || 1)) }, () => new MemoryWorker());

  /** Runs all chips and tells the scores after each; `open` gives a worker the model. */
  async run(
    request: ImcRequest, chips: number, open: (worker: MemoryWorker) => Promise<void>, tell: (scores: ChipScores) => void,
  ): Promise<void> {
    const [first] = this.#workers;
    if (!first) return;
    // The first has prepared before another tells it anything.
    const ready = open(first).then(() => first.call((host) => host.chips(request)));
    const told: Promise<void>[] = [];
    let next = 1;
    await Promise.all(this.#workers.slice(0, chips).map(async (worker) => {
      if (worker !== first) {
        await open(worker);
        await worker.call((host) => host.chips(request));
      }
      await ready;
      while (next <= chips) {
        const seed = next++;
        const run = await worker.call((host) => host.chip(seed));
        // Not waited for: the first may be busy with a chip of its own.
        told.push(first.call((host) => host.takeChip(run)).then(tell));
      }
    }));
    await Promise.all(told);
  }

  /** Ends every worker and whatever it is doing. */
  end(): void {
    for (const worker of this.#workers) worker.end();
  }

  /** Every worker. */
  get workers(): readonly MemoryWorker[] {
    return this.#workers;
  }
}
