// The workshop worker's side: trains, searches and diagnoses, called from the page through comlink. Between two goes of a
// training it takes messages, so that it can be paused, asked and changed at any time.

import { expose, transfer } from "comlink";
import type { LevelsReport, Recipe } from "../types";
import type { DataSet } from "../client/bench-worker";
import { OnDemandHost, type Seeds } from "./on-demand-host";
import { follow, Team } from "./team";
import init, {
  Bench, type DiagnosisReport, type Dot, front, lint, type LintReport, type Search, type SearchNews, type SearchRequest, type Session,
  type TrainingCard, type TrainingNews, type TrainingOutcome, type Trial, type WeightsView,
} from "../wasm/workshop/milliwatt";

/** How long one go lasts: short enough for a button, long enough that telling costs nothing. */
const GO_MS = 80;

export class WorkshopHost extends OnDemandHost<Bench> {
  #training: Session | undefined;
  #goes = false;
  #search: Search | undefined;
  /** Workers that compute parts of each step; none where it learns alone. */
  #team: Team | undefined;

  protected override async begin(module: WebAssembly.Module): Promise<Bench> {
    await init({ module_or_path: module });
    return new Bench();
  }

  override open(bytes: Uint8Array, name: string, data: DataSet | undefined, seeds: Seeds): void {
    this.#search?.free();
    this.#search = undefined;
    super.open(bytes, name, data, seeds);
  }

  /** Takes a file in as teacher. */
  teach(bytes: Uint8Array, name: string): void {
    this.bench.set_teacher(bytes, name);
  }

  train(recipe: Recipe): TrainingCard {
    this.#team = undefined;
    this.#training?.free();
    this.#training = this.bench.train(recipe);
    return this.#training.card();
  }

  provide(outcome: TrainingOutcome): void {
    this.bench.provide(outcome.recipe, outcome.file, outcome.classes);
  }

  apply(recipe: Recipe): void {
    this.bench.apply(recipe);
  }

  levelItems(): number {
    return this.bench.level_items();
  }

  playLevels(from: number, to: number): string {
    return this.bench.play_levels(from, to);
  }

  levelsReport(parts: string[], device: string): LevelsReport {
    return this.bench.levels_report(parts, device);
  }

  /** Begins a search, or goes on with a saved one; gives what that one had tried. */
  search(request: SearchRequest, state: string | undefined): Trial[] {
    this.#search?.free();
    this.#search = this.bench.search(request, state);
    return JSON.parse(this.#search.trials()) as Trial[];
  }

  /** Searches until it is over, and tells what happens; with a candidate comes what can be saved. */
  async goSearch(tell: (news: SearchNews, state: string | undefined) => void): Promise<void> {
    for (let over = false; !over && this.#search; ) {
      const news = JSON.parse(this.bench.search_step(this.#search)) as SearchNews;
      over = news.is_over;
      tell(news, news.trial || over ? this.#search.state() : undefined);
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  diagnose(recipe: Recipe): DiagnosisReport {
    return JSON.parse(this.bench.diagnose(recipe)) as DiagnosisReport;
  }

  /** Makes and measures one recipe as a search does. */
  attempt(recipe: Recipe, device: string): Trial {
    this.#search ??= this.bench.search({ device }, undefined);
    return JSON.parse(this.bench.attempt(this.#search, recipe)) as Trial;
  }

  lint(original: Uint8Array, candidate: Uint8Array, recipe: Recipe, target: string): LintReport {
    return JSON.parse(lint(original, candidate, recipe, target)) as LintReport;
  }

  bundle(recipe: Recipe, device: string, rate: number): Uint8Array {
    const bytes = this.bench.bundle(recipe, device, rate);
    return transfer(bytes, [bytes.buffer]);
  }

  front(dots: Dot[]): number[] {
    return Array.from(front(dots));
  }

  /** Trains until it is over or paused, and tells what happens. */
  async go(tell: (news: TrainingNews) => void | Promise<void>): Promise<void> {
    this.#goes = true;
    while (this.#goes) {
      const news = this.#team ? await this.#team.run(GO_MS) : this.#open().run(GO_MS);
      const told = tell(news);
      if (news.is_over) {
        this.#goes = false;
        // What is told and what is returned take different ways: the last news must not come after the end.
        await told;
      }
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  pause(): void {
    this.#goes = false;
  }

  /** Leads others that have begun the same training; each has a port to this one. */
  lead(ports: MessagePort[]): void {
    this.#team = new Team(this.#open(), ports);
  }

  /** Computes parts of each step of the training for the one that leads, as one of `team` workers. */
  follow(port: MessagePort, place: number, team: number): void {
    follow(this.#open(), port, place, team);
  }

  /** Goes on without the others. */
  alone(): void {
    this.#team?.disband();
    this.#team = undefined;
  }

  setLearningRate(rate: number): void {
    this.#open().set_learning_rate(rate);
    this.#team?.tellRate(rate);
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
