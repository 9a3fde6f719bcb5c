// What stands between B's file and a target, found again whenever B changes while the sheet is open. Loaded when it is first
// asked for.

import "./view";
import { normal } from "../../engine/bench/recipes";
import type { Session } from "../../app/session";
import type { LintAction } from "../../app/snapshot";
import { same } from "../../app/state";
import type { LintReport } from "../../engine/types";
import { Cancelled } from "../../engine/client/bench-worker";
import { WorkshopWorker } from "../../engine/client/on-demand";

export class Lints {
  #session: Session;
  #candidate: () => Promise<Uint8Array>;
  #worker = new WorkshopWorker();
  #asked = "";

  constructor(session: Session, candidate: () => Promise<Uint8Array>) {
    this.#session = session;
    this.#candidate = candidate;
    session.addEventListener("change", () => this.#follow());
  }

  act({ lint, target }: LintAction): void {
    const { lint: before } = this.#session.snapshot;
    if (lint === "open") this.#session.dispatchEvent(new CustomEvent("window", { detail: "lint" }));
    this.#session.patch({ lint: { ...before, open: lint !== "close", target: target ?? before.target } });
  }

  /** Whether B's worker holds what the present recipe makes, which it does not just after a change. */
  get #subject(): string | undefined {
    const { b, state, transforms, lint } = this.#session.snapshot;
    if (!lint.open || !b.made || !b.report || !same(normal(transforms, b.report.recipe), state.b)) return undefined;
    return JSON.stringify([this.#session.about, state.b, lint.target]);
  }

  #follow(): void {
    const subject = this.#subject;
    if (!subject || subject === this.#asked) return;
    this.#asked = subject;
    this.#find(subject).catch((error: unknown) => {
      if (!(error instanceof Cancelled)) this.#session.fail(error);
    });
  }

  async #find(subject: string): Promise<void> {
    const { model, snapshot: { state, lint: { target } } } = this.#session;
    if (!model) return;
    const file = await this.#candidate();
    const report = await this.#worker.call((host) => host.lint(model.bytes, file, state.b, target));
    // B may have become another one meanwhile.
    if (this.#subject === subject) this.#session.patch({ lint: { ...this.#session.snapshot.lint, key: subject, report: report as LintReport } });
  }
}
