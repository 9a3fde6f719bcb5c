// Why B lost, layer by layer, what each of its repairs bought, and what each remedy brings. Loaded when the Layers view is first looked at.

import type { Diagnosis, DiagnosisAction, Seen } from "./slice";
import { normal } from "../../engine/bench/recipes";
import type { Api, Store } from "../../engine/bench/feature";
import { SEEDS } from "../../engine/bench/state";
import type { Compared, Recipe } from "../../engine/types";
import { Cancelled } from "../../engine/client/bench-worker";
import { WorkshopWorker } from "../../engine/client/on-demand";
import { lesson, outcomeOf } from "../../engine/client/taught";

/** Remedies that are tried by themselves. */
const TRIED = 4;

export class Diagnoses {
  #api: Api<Seen>;
  #store: Store<Diagnosis>;
  #worker = new WorkshopWorker();
  #turn = 0;

  constructor(api: Api<Seen>, store: Store<Diagnosis>) {
    this.#api = api;
    this.#store = store;
  }

  async act(action: DiagnosisAction): Promise<void> {
    if (action.diagnose === "stop") return this.#stop();
    const { subject, about } = this.#api;
    const strip = this.#api.snapshot.b.report?.strip;
    if (!subject || !strip) throw new Error("Open inputs first: a diagnosis runs both sides on them");
    this.#stop();
    const turn = this.#turn;
    const { model, data, b, device } = subject;
    const key = JSON.stringify([about, b]);
    this.#store.patch({ key, running: true, brought: [], bought: [] }, "report");
    const lessonKey = lesson(model.id, data.id, b);
    const outcome = lessonKey === undefined ? undefined : outcomeOf(lessonKey);
    try {
      const report = await this.#worker.call(async (host) => {
        await host.open(model.bytes, model.name, data, SEEDS);
        if (outcome) await host.provide(outcome);
        return host.diagnose(b);
      });
      if (this.#turn !== turn) return;
      this.#store.patch({ key, running: true, report, brought: [], bought: [] });
      const metric = this.#api.snapshot.b.report?.evaluation?.metric ?? "accuracy";
      const evaluation = { metric };
      const whole = { recipe: b, strip, evaluation };
      /** Measures a recipe; none where the diagnosis has ended meanwhile. */
      const tried = async (recipe: Recipe): Promise<Compared | undefined> => {
        const trial = await this.#worker.call((host) => host.attempt(recipe, device));
        if (this.#turn !== turn) return undefined;
        const own = normal(this.#api.snapshot.transforms, recipe);
        this.#api.remember(about, { recipe: own, strip: trial.strip, metric: trial.metric, by: "search" });
        return { recipe: own, strip: trial.strip, evaluation };
      };
      for (const { recipe } of report.repairs) {
        const without = await tried(recipe as Recipe);
        if (!without) return;
        const { deltas } = await this.#api.compared(without, whole);
        this.#store.patch({ bought: [...this.#view.bought, { strip: without.strip, deltas }] });
      }
      for (const { recipe } of report.remedies.slice(0, TRIED)) {
        const other = await tried(recipe as Recipe);
        if (!other) return;
        const { deltas } = await this.#api.compared(whole, other);
        this.#store.patch({ brought: [...this.#view.brought, { strip: other.strip, deltas }] });
      }
      this.#store.patch({ running: false });
    } catch (error) {
      if (error instanceof Cancelled || this.#turn !== turn) return;
      this.#store.patch({ brought: [], bought: [], running: false }, "key", "report");
      throw error;
    }
  }

  get #view(): Diagnosis {
    return this.#store.now;
  }

  #stop(): void {
    this.#turn += 1;
    if (this.#view.running) {
      this.#worker.end();
      this.#store.patch({ running: false });
    }
  }
}
