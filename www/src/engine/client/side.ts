// One side of the bench: makes the candidate, reports at once what is cheap, then measures.

import type { DataCard, ModelCard, Recipe, Report } from "../types";
import { LAYER_ITEMS } from "../bench/state";
import { BenchWorker, Cancelled, type DataSet, type ModelFile } from "./bench-worker";
import type { Compiled } from "./load";
import type { Pool } from "./pool";

export interface Order {
  model: ModelFile;
  data: DataSet | undefined;
  recipe: Recipe;
  device: string;
  rate: number;
  /** Without it only what is cheap is done: the control is still being dragged. */
  measure: boolean;
}

export type Phase = "open" | "data" | "apply" | "evaluate" | "layers";

export interface Listener {
  opened(card: ModelCard, data: DataCard | undefined): void;
  progress(phase: Phase, detail: string, done: number, total: number): void;
  /** The candidate is there; where it is new, answers and weights of the former one are stale. */
  made(anew: boolean): void;
  reported(report: Report, complete: boolean): void;
  failed(error: Error): void;
  idle(): void;
}

/** How long a new order waits for a step that cannot be interrupted before it ends the worker. */
const PATIENCE_MS = 150;
/** Finished measurements that are kept, so that going back is instant. */
const KEPT = 64;

export class Side {
  readonly worker: BenchWorker;
  #pool: Pool;
  #listener: Listener;
  #abort = new AbortController();
  #step: Promise<unknown> = Promise.resolve();
  #busy = false;
  #complete = false;
  #measured: Map<string, string[]>;
  #latest: { device: string; rate: number } = { device: "", rate: 1 };

  constructor(compiled: Promise<Compiled>, pool: Pool, measured: Map<string, string[]>, listener: Listener) {
    this.worker = new BenchWorker(compiled);
    this.#pool = pool;
    this.#measured = measured;
    this.#listener = listener;
  }

  get busy(): boolean {
    return this.#busy;
  }

  /** Starts an order; the one before it is given up. */
  async run(order: Order): Promise<void> {
    this.#abort.abort();
    this.#pool.sweep();
    const abort = new AbortController();
    this.#abort = abort;
    this.#latest = order;
    await this.#settle();
    if (abort.signal.aborted) return;
    this.#busy = true;
    try {
      await this.#work(order, abort.signal);
    } catch (error) {
      // A worker that ended on its own is an error; one that was ended for a newer order is not.
      if (abort.signal.aborted) return;
      this.#listener.failed(error instanceof Error ? error : new Error(String(error)));
    } finally {
      if (this.#abort === abort) {
        this.#busy = false;
        this.#listener.idle();
      }
    }
  }

  /** The same candidate for another device or rate. */
  async price(device: string, rate: number): Promise<void> {
    this.#latest = { device, rate };
    if (this.#busy) return;
    const report = await this.worker.call((host) => host.report(device, rate));
    this.#listener.reported(report, this.#complete);
  }

  /** Gives up at once, whatever is under way. */
  cancel(): void {
    this.#abort.abort();
    this.#busy = false;
    this.worker.end();
    this.#pool.sweep();
  }

  /** Waits a little for a step that cannot be interrupted, then ends the worker. */
  async #settle(): Promise<void> {
    let late = false;
    const patience = new Promise<void>((resolve) => setTimeout(() => ((late = true), resolve()), PATIENCE_MS));
    let over = false;
    await Promise.race([this.#step.then(() => (over = true), () => (over = true)), patience]);
    if (late && !over) this.worker.end();
  }

  /** One step, after which a newer order takes over. */
  async #take<T>(signal: AbortSignal, step: Promise<T>): Promise<T> {
    this.#step = step;
    const result = await step;
    if (signal.aborted) throw new Cancelled("Stopped");
    return result;
  }

  async #work(order: Order, signal: AbortSignal): Promise<void> {
    const { model, data, recipe } = order;
    const { worker } = this;
    const tell = (phase: Phase, detail: string, done: number, total: number): void => {
      if (!signal.aborted) this.#listener.progress(phase, detail, done, total);
    };
    tell(data ? "data" : "open", "", 0, 0);
    await this.#take(signal, worker.load(model, data));
    if (worker.card) this.#listener.opened(worker.card, worker.data);

    tell("apply", "", 0, 0);
    const anew = await this.#take(signal, worker.apply(recipe, (detail, done, total) =>
      tell("apply", detail, done, total)));
    this.#listener.made(anew);

    const items = data && !worker.card?.blocked ? (worker.data?.test_items ?? 0) : 0;
    const compares = recipe.steps.length > 0;
    const owed = items > 0 && (!worker.measured.items || (compares && !worker.measured.layers));
    await this.#report(signal, !owed);
    if (!owed || !order.measure || !data) return;

    if (!worker.measured.items) {
      const partials = await this.#evaluate(order, data, items, signal, tell);
      await this.#take(signal, worker.call((host) => host.addEvaluations(partials)));
      worker.measured.items = true;
      if (compares) await this.#report(signal, false);
    }
    if (compares && !worker.measured.layers) {
      tell("layers", "", 0, 0);
      await this.#take(signal, worker.call((host) => host.measureLayers(Math.min(LAYER_ITEMS, items))));
      worker.measured.layers = true;
    }
    await this.#report(signal, true);
  }

  async #evaluate(
    order: Order, data: DataSet, items: number, signal: AbortSignal,
    tell: (phase: Phase, detail: string, done: number, total: number) => void,
  ): Promise<string[]> {
    const key = `${order.model.id}|${data.id}|${JSON.stringify(order.recipe)}`;
    const known = this.#measured.get(key);
    if (known) return known;
    tell("evaluate", "", 0, items);
    const { model, recipe } = order;
    const partials = await this.#pool.evaluate({ model, data, recipe, signal }, items, (done) =>
      tell("evaluate", "", done, items));
    if (signal.aborted) throw new Cancelled("Stopped");
    this.#measured.set(key, partials);
    const [oldest] = this.#measured.keys();
    if (this.#measured.size > KEPT && oldest !== undefined) this.#measured.delete(oldest);
    return partials;
  }

  async #report(signal: AbortSignal, complete: boolean): Promise<void> {
    this.#complete = complete;
    const { device, rate } = this.#latest;
    const report = await this.#take(signal, this.worker.call((host) => host.report(device, rate)));
    this.#listener.reported(report, complete);
  }
}
