// Training either side: the workshop's workers, what they tell, and what becomes of it. Both sides can learn at once, each
// in a worker of its own; recipes that begin with the same steps learn once. While one side learns and processors are left,
// other workers compute parts of its steps.

import { proxy, transfer } from "comlink";
import { normal, TRAIN, training } from "../../engine/bench/recipes";
import type { Api, Controller, Store } from "../../engine/bench/feature";
import { SEEDS } from "../../engine/bench/state";
import { teacherOf } from "./teachers";
import type { Run, Runs, Seen, TrainAction } from "./slice";
import { t } from "./text";
import { type Recipe, SIDES, type SideName, type TrainingCard, type TrainingNews } from "../../engine/types";
import { Cancelled, type DataSet, type ModelFile } from "../../engine/client/bench-worker";
import { WorkshopWorker } from "../../engine/client/on-demand";
import { keep, lesson, outcomeOf } from "../../engine/client/taught";

/** Workers beside the first that a training can use here: one for each part of a batch, while there are processors. */
function spare(recipe: Recipe): number {
  const step = recipe.steps.find((step) => step.step === TRAIN);
  const parts = step?.step === "train" ? (step.plan?.parts ?? 1) : 1;
  return Math.max(0, Math.min(parts, navigator.hardwareConcurrency || 1) - 1);
}

/** Pictures of weights are asked for at most this often. */
const LOOK_EVERY_MS = 600;

interface Learner {
  worker: WorkshopWorker;
  /** Workers that compute parts of its steps. */
  followers: WorkshopWorker[];
  recipe: Recipe;
  looked: number;
}

export class Training implements Controller {
  #api: Api<Seen>;
  #store: Store<Runs>;
  #learners: Partial<Record<SideName, Learner>> = {};
  #turn: Record<SideName, number> = { a: 0, b: 0 };
  #subject: { model: ModelFile; data: DataSet } | undefined;

  constructor(api: Api<Seen>, store: Store<Runs>) {
    this.#api = api;
    this.#store = store;
  }

  /** Whether a state's recipe has to be trained first. */
  owes(name: SideName, model: ModelFile, data: DataSet | undefined): boolean {
    const key = lesson(model.id, data?.id ?? "", this.#api.snapshot.state[name]);
    return key !== undefined && !outcomeOf(key);
  }

  /** The bench has changed: what trained for something else ends. */
  found(model: ModelFile | undefined, data: DataSet | undefined): void {
    const { state } = this.#api.snapshot;
    this.#subject = model && data && { model, data };
    for (const name of SIDES) {
      const run = this.#run(name);
      if (!run || run.key === lesson(model?.id ?? "", data?.id ?? "", state[name])) continue;
      this.#end(name);
      if (run.phase !== "over" && !run.kept) this.#api.tell("warning", t("train.ended", { side: name.toUpperCase() }));
    }
  }

  async act(action: TrainAction): Promise<void> {
    const { side } = action;
    const worker = this.#learners[side]?.worker;
    switch (action.train) {
      case "start":
        return this.#start(side);
      case "pause":
        this.#patch(side, { phase: "paused" });
        return worker?.call((host) => host.pause());
      case "go-on":
        return this.#go(side);
      case "keep":
        return this.#keep(side);
      case "drop":
        return this.#end(side);
      case "rate":
        return worker?.call((host) => host.setLearningRate(action.rate));
      case "layer":
        this.#patch(side, { layer: action.node }, "weights");
        return this.#look(side);
    }
  }

  #run(name: SideName): Run | undefined {
    return this.#store.now[name];
  }

  #patch(name: SideName, change: Partial<Run>, ...without: (keyof Run)[]): void {
    const run = this.#run(name);
    if (!run) return;
    const next = { ...run };
    for (const field of without) delete next[field];
    this.#store.patch({ [name]: { ...next, ...change } });
  }

  #end(name: SideName): void {
    this.#turn[name] += 1;
    this.#disband(name);
    this.#learners[name]?.worker.end();
    delete this.#learners[name];
    this.#store.patch({}, name);
  }

  async #start(name: SideName): Promise<void> {
    this.#end(name);
    const turn = this.#turn[name];
    const { state } = this.#api.snapshot;
    const recipe = training(state[name]);
    if (!recipe) return;
    if (!this.#subject) throw new Error(t("train.no-data"));
    const { model, data } = this.#subject;
    const key = lesson(model.id, data.id, recipe) ?? "";
    const run: Run = { phase: "starting", key, losses: [], epochs: [], wrong: [], layer: 0, workers: 1 };
    this.#store.patch({ [name]: run });
    try {
      const teacher = await teacherOf(recipe);
      const worker = new WorkshopWorker();
      // A processor for each side comes before two for one.
      for (const other of SIDES) if (other !== name) this.#disband(other);
      const others = SIDES.some((other) => other !== name && this.#run(other)?.phase === "running");
      const followers = Array.from({ length: others ? 0 : spare(recipe) }, () => new WorkshopWorker());
      this.#learners[name] = { worker, followers, recipe, looked: 0 };
      const begin = (one: WorkshopWorker): Promise<TrainingCard> =>
        one.call(async (host) => {
          await host.open(model.bytes, model.name, data, SEEDS);
          if (teacher) await host.teach(teacher.bytes, teacher.name);
          return host.train(recipe);
        });
      const [card, ...began] = await Promise.all([begin(worker), ...followers.map((one) => begin(one).catch(() => undefined))]);
      if (this.#turn[name] !== turn) return;
      if (began.every(Boolean)) await this.#gather(name, worker, followers);
      else this.#disband(name);
      this.#patch(name, { card, layer: card.layers[0]?.node ?? 0 });
      await this.#go(name);
    } catch (error) {
      this.#fail(name, turn, error);
    }
  }

  /** Lets the followers compute parts of the leader's steps. */
  async #gather(name: SideName, worker: WorkshopWorker, followers: WorkshopWorker[]): Promise<void> {
    if (!followers.length) return;
    const ports = followers.map((follower, index) => {
      const { port1, port2 } = new MessageChannel();
      const follow = follower.call((host) => host.follow(transfer(port2, [port2]), index + 1, followers.length + 1));
      // Without it the leader computes everything, and the bits are the same.
      Promise.race([follow.then(() => follower.ended()), follower.ended()]).catch(() => {
        if (this.#learners[name]?.followers.includes(follower)) this.#disband(name);
      });
      return port1;
    });
    await worker.call((host) => host.lead(transfer(ports, ports)));
    this.#patch(name, { workers: followers.length + 1 });
  }

  /** The leader goes on without the others. */
  #disband(name: SideName): void {
    const learner = this.#learners[name];
    if (!learner?.followers.length) return;
    for (const follower of learner.followers) follower.end();
    learner.followers = [];
    this.#patch(name, { workers: 1 });
    learner.worker.call((host) => host.alone()).catch(() => {});
  }

  #fail(name: SideName, turn: number, error: unknown): void {
    if (this.#turn[name] !== turn || error instanceof Cancelled) return;
    this.#end(name);
    this.#api.fail(error);
  }

  async #go(name: SideName): Promise<void> {
    const turn = this.#turn[name];
    this.#patch(name, { phase: "running", kept: false });
    const tell = proxy((news: TrainingNews) => {
      if (this.#turn[name] === turn) this.#tell(name, news);
    });
    try {
      await this.#learners[name]?.worker.call((host) => host.go(tell));
    } catch (error) {
      return this.#fail(name, turn, error);
    }
    // Paused in the meantime, ended, or over.
    if (this.#turn[name] !== turn || !this.#run(name)?.news?.is_over) return;
    this.#disband(name);
    await this.#keep(name);
  }

  #tell(name: SideName, news: TrainingNews): void {
    const run = this.#run(name);
    if (!run) return;
    const { losses, epochs, wrong } = run;
    this.#patch(name, {
      news, losses: [...losses, ...news.losses], epochs: [...epochs, ...news.epochs], wrong: news.wrong ?? wrong,
      ...(news.is_over && { phase: "over" }),
    });
    this.#look(name).catch(() => {});
  }

  async #look(name: SideName): Promise<void> {
    const learner = this.#learners[name];
    const run = this.#run(name);
    const now = performance.now();
    const due = !run?.weights || now - (learner?.looked ?? 0) >= LOOK_EVERY_MS;
    if (!learner || !run?.card || !due || this.#api.snapshot.state.view !== "train") return;
    learner.looked = now;
    const weights = await learner.worker.call((host) => host.weights(run.layer));
    if (this.#learners[name] === learner && this.#run(name)?.layer === run.layer) this.#patch(name, { weights });
  }

  /** The network as it is now becomes the side's candidate; the recipe says how it came about. */
  async #keep(name: SideName): Promise<void> {
    const learner = this.#learners[name];
    const subject = this.#subject;
    if (!learner || !subject) return;
    const outcome = await learner.worker.call(async (host) => {
      await host.pause();
      return host.outcome();
    });
    const { transforms, state } = this.#api.snapshot;
    const made = normal(transforms, outcome.recipe as Recipe);
    const key = lesson(subject.model.id, subject.data.id, made) ?? "";
    keep(key, outcome);
    if (this.#run(name)?.phase !== "over") this.#patch(name, { phase: "paused" });
    const before = JSON.stringify(learner.recipe);
    learner.recipe = made;
    const next = { a: state.a, b: state.b };
    for (const side of SIDES) {
      // The other side learns the same: it gets it too.
      if (JSON.stringify(training(state[side])) !== before) continue;
      next[side] = { version: made.version, steps: [...made.steps, ...state[side].steps.slice(made.steps.length)] };
    }
    this.#patch(name, { key, kept: true });
    await this.#api.taught(next);
    for (const remark of outcome.remarks ?? []) this.#api.tell("info", remark);
    if (outcome.classes.length) this.#api.tell("info", t("train.classes", { names: outcome.classes.join(", ") }));
  }
}
