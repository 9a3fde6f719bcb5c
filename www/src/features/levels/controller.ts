// The level experiment: plays the whole test set at many levels through each normalizer, on demand, in a worker of its
// own.

import type { Session } from "../../app/session";
import type { LevelsRun } from "../../app/snapshot";
import { t } from "../../ui/text";
import type { LevelsReport, Recipe } from "../../engine/types";
import { SEEDS } from "../../app/state";
import { Cancelled, type DataSet, type ModelFile } from "../../engine/client/bench-worker";
import { WorkshopWorker } from "../../engine/client/on-demand";
import { lesson, outcomeOf } from "../../engine/client/taught";

/** Items in one go, so that progress moves. */
const ITEMS = 4;

/** What an experiment is about: another model, set or recipe makes its numbers another's. */
export interface Subject {
  model: ModelFile;
  data: DataSet;
  a: Recipe;
  b: Recipe;
  device: string;
}

export class Levels {
  #session: Session;
  #worker = new WorkshopWorker();
  #played: { key: string; parts: { a: string[]; b: string[] } } | undefined;
  #running = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  get #run(): LevelsRun {
    return this.#session.snapshot.levels;
  }

  #patch(change: Partial<LevelsRun>, ...without: (keyof LevelsRun)[]): void {
    const run = { ...this.#run };
    for (const field of without) delete run[field];
    this.#session.patch({ levels: { ...run, ...change } });
  }

  /** The bench has changed: what was measured on another one goes, what was only priced for another device is priced anew. */
  settled(subject: Subject | undefined): void {
    const { key } = this.#run;
    if (!subject || key !== keyOf(subject)) {
      if (this.#running) this.cancel();
      if (key) this.#patch({}, "key", "reports");
      return;
    }
    if (this.#played?.key === key && this.#run.reports && this.#run.reports.b.device !== subject.device) {
      this.#price(subject).catch((error: unknown) => this.#session.fail(error));
    }
  }

  /** Plays everything; progress is published on the way. */
  async play(subject: Subject): Promise<void> {
    if (this.#running) return;
    const key = keyOf(subject);
    const turn = (this.#running = performance.now());
    this.#patch({ key, progress: { done: 0, total: 0 } }, "reports");
    try {
      const both = subject.a.steps.length > 0;
      const parts = { a: [] as string[], b: [] as string[] };
      for (const side of both ? (["a", "b"] as const) : (["b"] as const)) {
        await this.#make(subject, side);
        const items = await this.#worker.call((host) => host.levelItems());
        const before = side === "b" && both ? items : 0;
        for (let from = 0; from < items; from += ITEMS) {
          parts[side].push(await this.#worker.call((host) => host.playLevels(from, from + ITEMS)));
          this.#patch({ progress: { done: before + Math.min(items, from + ITEMS), total: both ? 2 * items : items } });
        }
      }
      this.#played = { key, parts };
      await this.#price(subject);
    } catch (error) {
      if (!(error instanceof Cancelled)) throw error;
    } finally {
      if (this.#running === turn) {
        this.#running = 0;
        this.#patch({}, "progress");
      }
    }
  }

  /** Ends the worker at once. */
  cancel(): void {
    if (!this.#running) return;
    this.#running = 0;
    this.#worker.end();
    this.#patch({}, "progress", "key");
    this.#session.tell("info", t("levels.stopped"));
  }

  get running(): boolean {
    return this.#running > 0;
  }

  /** Makes a side's candidate in the worker. */
  async #make(subject: Subject, side: "a" | "b"): Promise<void> {
    const { model, data } = subject;
    const recipe = subject[side];
    const key = lesson(model.id, data.id, recipe);
    const outcome = key === undefined ? undefined : outcomeOf(key);
    await this.#worker.call(async (host) => {
      await host.open(model.bytes, model.name, data, SEEDS);
      if (outcome) await host.provide(outcome);
      await host.apply(recipe);
    });
  }

  async #price(subject: Subject): Promise<void> {
    const played = this.#played;
    if (!played) return;
    const report = async (side: "a" | "b"): Promise<LevelsReport> => {
      await this.#make(subject, side);
      return this.#worker.call((host) => host.levelsReport(played.parts[side], subject.device));
    };
    const a = played.parts.a.length ? await report("a") : undefined;
    const b = await report("b");
    this.#patch({ reports: { ...(a && { a }), b } });
  }
}

const keyOf = ({ model, data, a, b }: Subject): string => JSON.stringify([model.id, data.id, a, b]);
