// What stands between B's file and a target, found again whenever B changes while the sheet is open. Loaded when it is first
// asked for.

import "./view";
import { normal } from "../../engine/bench/recipes";
import type { Api, Store } from "../../engine/bench/feature";
import type { LintAction, LintView, Seen } from "./slice";
import { same } from "../../engine/bench/state";
import type { LintReport } from "../../engine/types";
import { Cancelled } from "../../engine/client/bench-worker";
import { WorkshopWorker } from "../../engine/client/on-demand";

export class Lints {
  #api: Api<Seen>;
  #store: Store<LintView>;
  #worker = new WorkshopWorker();
  #asked = "";

  constructor(api: Api<Seen>, store: Store<LintView>) {
    this.#api = api;
    this.#store = store;
    api.onChange(() => this.#follow());
  }

  act({ lint, target }: LintAction): void {
    if (lint === "open") this.#api.open("lint");
    this.#store.patch({ open: lint !== "close", target: target ?? this.#store.now.target });
  }

  /** Whether B's worker holds what the present recipe makes, which it does not just after a change. */
  get #subject(): string | undefined {
    const { b, state, transforms, lint } = this.#api.snapshot;
    if (!lint.open || !b.made || !b.report || !same(normal(transforms, b.report.recipe), state.b)) return undefined;
    return JSON.stringify([this.#api.about, state.b, lint.target]);
  }

  #follow(): void {
    const subject = this.#subject;
    if (!subject || subject === this.#asked) return;
    this.#asked = subject;
    this.#find(subject).catch((error: unknown) => {
      if (!(error instanceof Cancelled)) this.#api.fail(error);
    });
  }

  async #find(subject: string): Promise<void> {
    const { model, snapshot: { state, lint: { target } } } = this.#api;
    if (!model) return;
    const file = await this.#api.candidate();
    const report = await this.#worker.call((host) => host.lint(model.bytes, file, state.b, target));
    // B may have become another one meanwhile.
    if (this.#subject === subject) this.#store.patch({ key: subject, report: report as LintReport });
  }
}
