// The level experiment: plays the whole test set at many levels through each normalizer, on demand, in a worker of its
// own.

import type { Api, Controller, Store, Subject } from "../../engine/bench/feature";
import type { LevelsAction, LevelsRun } from "./slice";
import { t } from "./text";
import type { LevelsReport } from "../../engine/types";
import { SEEDS } from "../../engine/bench/state";
import { Cancelled } from "../../engine/client/bench-worker";
import { WorkshopWorker } from "../../engine/client/on-demand";
import { lesson, outcomeOf } from "../../engine/client/taught";

/** Items in one go, so that progress moves. */
const ITEMS = 4;

export class Levels implements Controller {
  #api: Api;
  #store: Store<LevelsRun>;
  #worker = new WorkshopWorker();
  #played: { key: string; parts: { a: string[]; b: string[] } } | undefined;
  #running = 0;

  constructor(api: Api, store: Store<LevelsRun>) {
    this.#api = api;
    this.#store = store;
  }

  /** The bench has changed: what was measured on another one goes, what was only priced for another device is priced anew. */
  settled(dragging: boolean): void {
    if (dragging) return;
    const { subject } = this.#api;
    const { key } = this.#store.now;
    if (!subject || key !== keyOf(subject)) {
      if (this.#running) this.cancel();
      if (key) this.#store.patch({}, "key", "reports");
      return;
    }
    if (this.#played?.key === key && this.#store.now.reports && this.#store.now.reports.b.device !== subject.device) {
      this.#price(subject).catch((error: unknown) => this.#api.fail(error));
    }
  }

  async act(_action: LevelsAction): Promise<void> {
    const { subject } = this.#api;
    if (subject) await this.#play(subject);
  }

  /** Plays everything; progress is published on the way. */
  async #play(subject: Subject): Promise<void> {
    if (this.#running) return;
    const key = keyOf(subject);
    const turn = (this.#running = performance.now());
    this.#store.patch({ key, progress: { done: 0, total: 0 } }, "reports");
    try {
      const both = subject.a.steps.length > 0;
      const parts = { a: [] as string[], b: [] as string[] };
      for (const side of both ? (["a", "b"] as const) : (["b"] as const)) {
        await this.#make(subject, side);
        const items = await this.#worker.call((host) => host.levelItems());
        const before = side === "b" && both ? items : 0;
        for (let from = 0; from < items; from += ITEMS) {
          parts[side].push(await this.#worker.call((host) => host.playLevels(from, from + ITEMS)));
          this.#store.patch({ progress: { done: before + Math.min(items, from + ITEMS), total: both ? 2 * items : items } });
        }
      }
      this.#played = { key, parts };
      await this.#price(subject);
    } catch (error) {
      if (!(error instanceof Cancelled)) throw error;
    } finally {
      if (this.#running === turn) {
        this.#running = 0;
        this.#store.patch({}, "progress");
      }
    }
  }

  /** Ends the worker at once. */
  cancel(): void {
    if (!this.#running) return;
    this.#running = 0;
    this.#worker.end();
    this.#store.patch({}, "progress", "key");
    this.#api.tell("info", t("levels.stopped"));
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
    this.#store.patch({ reports: { ...(a && { a }), b } });
  }
}

const keyOf = ({ model, data, a, b }: Subject): string => JSON.stringify([model.id, data.id, a, b]);
