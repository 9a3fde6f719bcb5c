// The workers that run test items, shared by both sides.

import { BenchWorker, Cancelled, type DataSet, type ModelFile } from "./bench-worker";
import type { Compiled } from "./load";
import type { Recipe } from "../types";

/** Everything a worker needs in order to run test items of one side. */
export interface Job {
  model: ModelFile;
  data: DataSet;
  recipe: Recipe;
  signal: AbortSignal;
}

interface Task {
  job: Job;
  from: number;
  to: number;
  done: (partial: string) => void;
  failed: (error: unknown) => void;
}

/** Items in one go: small enough that a new setting never waits long. */
const MOST_ITEMS = 32;
const LEAST_ITEMS = 4;
/** How many goes there should be for each worker, so that they end together. */
const GOES = 4;

export class Pool {
  #workers: BenchWorker[];
  #idle: BenchWorker[];
  #tasks: Task[] = [];

  constructor(compiled: Promise<Compiled>) {
    const size = Math.min(4, Math.max(1, navigator.hardwareConcurrency - 1));
    this.#workers = Array.from({ length: size }, () => new BenchWorker(compiled));
    this.#idle = [...this.#workers];
  }

  /** Runs all test items and returns the partial results in order. */
  async evaluate(job: Job, items: number, progress: (done: number) => void): Promise<string[]> {
    const share = Math.ceil(items / (this.#workers.length * GOES));
    const size = Math.min(MOST_ITEMS, Math.max(LEAST_ITEMS, share));
    let finished = 0;
    const parts: Promise<string>[] = [];
    for (let from = 0; from < items; from += size) {
      const to = Math.min(items, from + size);
      const part = new Promise<string>((done, failed) => this.#tasks.push({ job, from, to, done, failed }));
      parts.push(part.then((partial) => {
        finished += to - from;
        progress(finished);
        return partial;
      }));
    }
    this.#hand();
    return Promise.all(parts);
  }

  /** Drops waiting tasks whose job was given up; those that run end with their few items. */
  sweep(): void {
    const [gone, kept] = [this.#tasks.filter(stale), this.#tasks.filter((task) => !stale(task))];
    this.#tasks = kept;
    for (const task of gone) task.failed(new Cancelled("Stopped"));
  }

  /** Ends every worker at once. */
  end(): void {
    for (const task of this.#tasks.splice(0)) task.failed(new Cancelled("Stopped"));
    for (const worker of this.#workers) worker.end();
  }

  #hand(): void {
    while (this.#idle.length && this.#tasks.length) {
      const worker = this.#idle.pop();
      if (!worker) return;
      // A worker that has made this candidate already goes on with it: making it costs more than running items.
      const fitting = this.#tasks.findIndex(({ job }) =>
        worker.has(job.model.id, job.data.id, JSON.stringify(job.recipe)));
      const [task] = this.#tasks.splice(Math.max(0, fitting), 1);
      if (task) void this.#run(worker, task);
    }
  }

  async #run(worker: BenchWorker, { job, from, to, done, failed }: Task): Promise<void> {
    try {
      if (job.signal.aborted) throw new Cancelled("Stopped");
      await worker.load(job.model, job.data);
      await worker.apply(job.recipe, () => {});
      done(await worker.call((host) => host.evaluate(from, to)));
    } catch (error) {
      failed(error);
    } finally {
      this.#idle.push(worker);
      this.#hand();
    }
  }
}

const stale = (task: Task): boolean => task.job.signal.aborted;
