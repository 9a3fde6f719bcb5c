// Why B lost, layer by layer, what each of its repairs bought, and what each remedy brings. Loaded when the Layers view is first looked at.

import type { Diagnosis, DiagnosisAction } from "./slice";
import { normal } from "../../engine/bench/recipes";
import type { Session } from "../../app/session";
import { SEEDS } from "../../app/state";
import { withTried } from "../../engine/bench/tried";
import type { Compared, Recipe } from "../../engine/types";
import { Cancelled } from "../../engine/client/bench-worker";
import { WorkshopWorker } from "../../engine/client/on-demand";
import { lesson, outcomeOf } from "../../engine/client/taught";

/** Remedies that are tried by themselves. */
const TRIED = 4;

export class Diagnoses {
  #session: Session;
  #worker = new WorkshopWorker();
  #turn = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  async act(action: DiagnosisAction): Promise<void> {
    if (action.diagnose === "stop") return this.#stop();
    const { subject, about } = this.#session;
    const strip = this.#session.snapshot.b.report?.strip;
    if (!subject || !strip) throw new Error("Open inputs first: a diagnosis runs both sides on them");
    this.#stop();
    const turn = this.#turn;
    const { model, data, b, device } = subject;
    const key = JSON.stringify([about, b]);
    this.#patch({ key, running: true, brought: [], bought: [] });
    const lessonKey = lesson(model.id, data.id, b);
    const outcome = lessonKey === undefined ? undefined : outcomeOf(lessonKey);
    try {
      const report = await this.#worker.call(async (host) => {
        await host.open(model.bytes, model.name, data, SEEDS);
        if (outcome) await host.provide(outcome);
        return host.diagnose(b);
      });
      if (this.#turn !== turn) return;
      this.#patch({ key, running: true, report, brought: [], bought: [] });
      const metric = this.#session.snapshot.b.report?.evaluation?.metric ?? "accuracy";
      const evaluation = { metric };
      const whole = { recipe: b, strip, evaluation };
      /** Measures a recipe; none where the diagnosis has ended meanwhile. */
      const tried = async (recipe: Recipe): Promise<Compared | undefined> => {
        const trial = await this.#worker.call((host) => host.attempt(recipe, device));
        if (this.#turn !== turn) return undefined;
        const own = normal(this.#session.snapshot.transforms, recipe);
        this.#session.patch({ tried: withTried(this.#session.snapshot.tried, about, { recipe: own, strip: trial.strip, metric: trial.metric, by: "search" }) });
        return { recipe: own, strip: trial.strip, evaluation };
      };
      for (const { recipe } of report.repairs) {
        const without = await tried(recipe as Recipe);
        if (!without) return;
        const { deltas } = await this.#session.compared(without, whole);
        this.#patch({ ...this.#view, bought: [...this.#view.bought, { strip: without.strip, deltas }] });
      }
      for (const { recipe } of report.remedies.slice(0, TRIED)) {
        const other = await tried(recipe as Recipe);
        if (!other) return;
        const { deltas } = await this.#session.compared(whole, other);
        this.#patch({ ...this.#view, brought: [...this.#view.brought, { strip: other.strip, deltas }] });
      }
      this.#patch({ ...this.#view, running: false });
    } catch (error) {
      if (error instanceof Cancelled || this.#turn !== turn) return;
      this.#patch({ brought: [], bought: [], running: false });
      throw error;
    }
  }

  get #view(): Diagnosis {
    return this.#session.snapshot.diagnosis;
  }

  #patch(diagnosis: Diagnosis): void {
    this.#session.patch({ diagnosis });
  }

  #stop(): void {
    this.#turn += 1;
    if (this.#view.running) {
      this.#worker.end();
      this.#patch({ ...this.#view, running: false });
    }
  }
}
