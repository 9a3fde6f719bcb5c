// The workshop worker's side: trains, called from the page through comlink. Between two goes it takes messages, so that
// it can be paused, asked and changed at any time.

import { expose, transfer } from "comlink";
import type { Recipe } from "../types";
import type { DataSet, ModelFile } from "./bench-worker";
import { instantiateWorkshop } from "./load";
import type { Session, TrainingCard, TrainingNews, TrainingOutcome, WeightsView, Workshop } from "../wasm/workshop/milliwatt";

/** How long one go lasts: short enough for a button, long enough that telling costs nothing. */
const GO_MS = 80;

export class WorkshopHost {
  #workshop: Workshop | undefined;
  #training: Session | undefined;
  #goes = false;

  async start(module: WebAssembly.Module): Promise<void> {
    const wasm = await instantiateWorkshop(module);
    this.#workshop = new wasm.Workshop();
  }

  /** Begins a training on a model and a set. */
  begin(model: ModelFile, data: DataSet, seeds: { generated: number; split: number }, recipe: Recipe): TrainingCard {
    const workshop = this.#workshop;
    if (!workshop) throw new Error("The engine has not started");
    workshop.open(model.bytes, model.name);
    if (data.generated) workshop.set_generated_data(data.generated, seeds.generated);
    else workshop.set_data(data.files ?? [], data.seed ?? seeds.split, data.learns ?? false);
    this.#training?.free();
    this.#training = workshop.train(recipe);
    return this.#training.card();
  }

  /** Trains until it is over or paused, and tells what happens. */
  async go(tell: (news: TrainingNews) => void): Promise<void> {
    this.#goes = true;
    while (this.#goes) {
      const news = this.#open().run(GO_MS);
      tell(news);
      if (news.is_over) this.#goes = false;
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  pause(): void {
    this.#goes = false;
  }

  setLearningRate(rate: number): void {
    this.#open().set_learning_rate(rate);
  }

  weights(node: number): WeightsView {
    return this.#open().weights(node);
  }

  outcome(): TrainingOutcome {
    const outcome = this.#open().outcome();
    return transfer(outcome, [outcome.file.buffer]);
  }

  #open(): Session {
    if (!this.#training) throw new Error("No training has begun");
    return this.#training;
  }
}

expose(new WorkshopHost());
