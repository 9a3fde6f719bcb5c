// What each side ran last, when it has to run again, and what the two results say side by side.

import { differences } from "./recomputed";
import type { Prefill, Visit } from "./snapshot";
import type { State } from "../engine/bench/state";
import { column } from "../features/results/index";
import { t } from "./text";
import { type Compared, type Comparison, type Report, SIDES, type SideName } from "../engine/types";
import type { DataSet, ModelFile } from "../engine/client/bench-worker";
import type { Pool } from "../engine/client/pool";
import type { Side } from "../engine/client/side";

/** Waiting shorter than this is not worth telling. */
const LATE_MS = 500;
const DEBOUNCE_MS = 100;

export class Runs {
  #visit: Visit;
  #sides: Record<SideName, Side>;
  #pool: Pool;
  #prefill: Prefill | undefined;
  #timers: Partial<Record<SideName | "late", ReturnType<typeof setTimeout>>> = {};
  #ran: Record<SideName, string> = { a: "", b: "" };

  constructor(visit: Visit, sides: Record<SideName, Side>, pool: Pool, prefill: Prefill | undefined) {
    this.#visit = visit;
    this.#sides = sides;
    this.#pool = pool;
    this.#prefill = prefill;
  }

  /** Runs a side again if it ran something else. */
  order(name: SideName, state: State, model: ModelFile, data: DataSet | undefined, dragging: boolean): void {
    const what = JSON.stringify([state.model, data?.id, state[name], !dragging]);
    const { device, rate } = state;
    const view = this.#visit.snapshot[name];
    if (view.untrained) this.#visit.side(name, {}, "untrained");
    if (this.#ran[name] === what) {
      const { report } = view;
      if (report && (report.device !== device || report.rate_hz !== rate)) {
        this.#sides[name].price(device, rate).catch((error: unknown) => this.#visit.fail(error));
      }
      return;
    }
    this.#ran[name] = what;
    clearTimeout(this.#timers[name]);
    this.#visit.side(name, { made: false, complete: false });
    const begin = (): void => {
      this.#late();
      void this.#sides[name].run({ model, data, recipe: state[name], device, rate, measure: !dragging });
    };
    if (dragging) this.#timers[name] = setTimeout(begin, DEBOUNCE_MS);
    else begin();
  }

  /** A side waits until its network is trained: it has no numbers. */
  untrained(name: SideName): void {
    clearTimeout(this.#timers[name]);
    if (this.#sides[name].busy) this.#sides[name].cancel();
    this.#ran[name] = "";
    this.#visit.side(name, { made: false, complete: false, untrained: true }, "report", "weights", "answer", "answerError", "error", "progress");
    this.#forgetComparison();
  }

  failed(name: SideName, error: Error): void {
    this.#ran[name] = "";
    this.#visit.side(name, { error: error.message, complete: false, made: false }, "report", "weights", "answer");
    this.#forgetComparison();
    this.#visit.tell("error", t("error.side", { side: name.toUpperCase(), why: error.message }));
  }

  idle(name: SideName): void {
    this.#visit.side(name, {}, "progress");
    if (!SIDES.some((side) => this.#sides[side].busy)) this.#inTime();
  }

  /** What ran is forgotten, so that it runs again. */
  again(): void {
    this.#ran = { a: "", b: "" };
  }

  cancel(): void {
    if (!SIDES.some((name) => this.#sides[name].busy)) return;
    for (const name of SIDES) {
      clearTimeout(this.#timers[name]);
      if (this.#sides[name].busy) this.#ran[name] = "";
      this.#sides[name].cancel();
      this.#visit.side(name, { made: false }, "progress");
    }
    this.#pool.end();
    this.#inTime();
    this.#visit.tell("info", t("done.cancel"), { label: t("notice.again"), act: { do: "again" } });
  }

  /** What the engine says of two results side by side. */
  compared(a: Compared, b: Compared): Promise<Comparison> {
    return this.#sides.a.worker.call((host) => host.compare(a, b));
  }

  async compare(): Promise<void> {
    const { a, b } = this.#visit.snapshot;
    if (!a.report || !b.report) return;
    const [one, other] = [a.report, b.report];
    const comparison = await this.compared(one, other).catch(() => undefined);
    // An older comparison must not overwrite a newer one.
    const now = this.#visit.snapshot;
    if (!comparison || now.a.report !== one || now.b.report !== other) return;
    this.#visit.patch({ comparison });
    if (a.complete && b.complete) this.#check(one, other);
  }

  /** The reports belong to another model: nothing is shown rather than something stale. */
  forget(): void {
    for (const name of SIDES) this.#visit.side(name, { complete: false, made: false }, "report", "weights", "answer", "error", "progress");
    this.#forgetComparison();
  }

  #forgetComparison(): void {
    this.#visit.patch({}, "comparison");
  }

  /** The numbers in the HTML were made by the same code: if they differ now, the user has to know. */
  #check(a: Report, b: Report): void {
    const differing = this.#prefill && differences(this.#prefill, { a, b });
    if (!differing) return;
    this.#prefill = undefined;
    if (differing.length) {
      this.#visit.tell("warning", t("warning.mismatch", { fields: differing.map((field) => column(field)).join(", ") }));
    }
  }

  #late(): void {
    clearTimeout(this.#timers.late);
    if (!this.#visit.snapshot.late) this.#timers.late = setTimeout(() => this.#visit.patch({ late: true }), LATE_MS);
  }

  #inTime(): void {
    clearTimeout(this.#timers.late);
    this.#visit.patch({ late: false });
  }
}
