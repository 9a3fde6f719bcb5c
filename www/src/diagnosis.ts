// Why B lost, layer by layer, and what each remedy brings. Loaded when the Layers view is first looked at.

import type { Diagnosis, DiagnosisAction } from "./diagnosis-view";
import { normal } from "./recipes";
import type { Session } from "./session";
import { SEEDS } from "./state";
import { withTried } from "./tried";
import type { Recipe } from "./types";
import { Cancelled } from "./worker/bench-worker";
import { WorkshopWorker } from "./worker/on-demand";
import { lesson, outcomeOf } from "./worker/taught";

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
    this.#patch({ key, running: true, brought: [] });
    const lessonKey = lesson(model.id, data.id, b);
    const outcome = lessonKey === undefined ? undefined : outcomeOf(lessonKey);
    try {
      const report = await this.#worker.call(async (host) => {
        await host.open(model.bytes, model.name, data, SEEDS);
        if (outcome) await host.provide(outcome);
        return host.diagnose(b);
      });
      if (this.#turn !== turn) return;
      this.#patch({ key, running: true, report, brought: [] });
      const metric = this.#session.snapshot.b.report?.evaluation?.metric ?? "accuracy";
      for (const [at, { recipe }] of report.remedies.slice(0, TRIED).entries()) {
        const trial = await this.#worker.call((host) => host.attempt(recipe as Recipe, device));
        if (this.#turn !== turn) return;
        const { transforms, tried } = this.#session.snapshot;
        const own = normal(transforms, recipe as Recipe);
        this.#session.patch({ tried: withTried(tried, about, { recipe: own, strip: trial.strip, metric: trial.metric, by: "search" }) });
        const { deltas } = await this.#session.compared({ recipe: b, strip, evaluation: { metric } }, { recipe: own, strip: trial.strip, evaluation: { metric } });
        const brought = [...this.#view.brought];
        brought[at] = { strip: trial.strip, deltas };
        this.#patch({ ...this.#view, brought });
      }
      this.#patch({ ...this.#view, running: false });
    } catch (error) {
      if (error instanceof Cancelled || this.#turn !== turn) return;
      this.#patch({ brought: [], running: false });
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
