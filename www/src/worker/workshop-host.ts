// The workshop worker's side: trains and computes in memory, called from the page through comlink. Between two goes of a
// training it takes messages, so that it can be paused, asked and changed at any time.

import { expose, transfer } from "comlink";
import type { MatrixSource } from "../memory";
import type { LevelsReport, Recipe } from "../types";
import type { DataSet } from "./bench-worker";
import { instantiateWorkshop, type WorkshopModule } from "./load";
import { follow, Team } from "./team";
import type {
  ChipRun, ChipScores, DiagnosisReport, Dot, HardwareReport, ImcChips, ImcReport, ImcRequest, ImcRun, LintReport, MacroCard,
  MatmulReport, MatmulRequest, Matrices, MatrixCard, ScoreboardReport, Search, SearchNews, SearchRequest, Session, TraceReport,
  TrainingCard, TrainingNews, TrainingOutcome, Trial, WeightsView, Workshop, WorthRow,
} from "../wasm/workshop/milliwatt";

/** How long one go lasts: short enough for a button, long enough that telling costs nothing. */
const GO_MS = 80;

export class WorkshopHost {
  #wasm: WorkshopModule | undefined;
  #workshop: Workshop | undefined;
  #training: Session | undefined;
  #goes = false;
  #search: Search | undefined;
  /** Workers that compute parts of each step; none where it learns alone. */
  #team: Team | undefined;
  #matrices: Matrices | undefined;
  #ran: { array: string; run: ImcRun } | undefined;
  #chips: ImcChips | undefined;

  async start(module: WebAssembly.Module): Promise<void> {
    this.#wasm = await instantiateWorkshop(module);
    this.#workshop = new this.#wasm.Workshop();
  }

  /** Takes a model in, and a set where there is one. */
  open(bytes: Uint8Array, name: string, data: DataSet | undefined, seeds: { generated: number; split: number }): void {
    const workshop = this.#engine();
    this.#ran?.run.free();
    this.#ran = undefined;
    this.#search?.free();
    this.#search = undefined;
    workshop.open(bytes, name);
    if (data?.words) workshop.set_spoken_data(data.words, seeds.generated);
    else if (data?.generated) workshop.set_generated_data(data.generated, seeds.generated);
    else if (data) workshop.set_data(data.files ?? [], data.seed ?? seeds.split, data.learns ?? false);
  }

  /** Takes a file in as teacher. */
  teach(bytes: Uint8Array, name: string): void {
    this.#engine().set_teacher(bytes, name);
  }

  train(recipe: Recipe): TrainingCard {
    this.#team = undefined;
    this.#training?.free();
    this.#training = this.#engine().train(recipe);
    return this.#training.card();
  }

  provide(outcome: TrainingOutcome): void {
    this.#engine().provide(outcome.recipe, outcome.file, outcome.classes);
  }

  apply(recipe: Recipe): void {
    this.#engine().apply(recipe);
  }

  levelItems(): number {
    return this.#engine().level_items();
  }

  playLevels(from: number, to: number): string {
    return this.#engine().play_levels(from, to);
  }

  levelsReport(parts: string[], device: string): LevelsReport {
    return this.#engine().levels_report(parts, device);
  }

  macros(): MacroCard[] {
    return this.#module().imc_macros();
  }

  /** The open model in the array. What ran there is kept: another supply or number of macros runs nothing again. */
  imc(request: ImcRequest): ImcReport {
    const workshop = this.#engine();
    const array = request.array ?? "";
    let ran = this.#ran;
    if (ran?.array !== array) {
      ran?.run.free();
      ran = this.#ran = { array, run: workshop.imc_run(request) };
    }
    return workshop.imc_price(request, ran.run);
  }

  /** The first test items as rows of numbers. */
  rows(most: number): { shape: number[]; data: Float32Array } {
    const rows = this.#engine().rows(most);
    const { shape, data } = rows;
    rows.free();
    return { shape: Array.from(shape), data };
  }

  /** Prepares analog chips; several workers that do so can share them. */
  chips(request: ImcRequest): void {
    this.#chips?.free();
    this.#chips = this.#engine().imc_chips(request);
  }

  /** Runs one of the chips. */
  chip(seed: number): ChipRun {
    return this.#prepared().run(seed);
  }

  /** Takes in what a chip did, here or in another worker; the scores so far. */
  takeChip(run: ChipRun): ChipScores {
    this.#prepared().take(run);
    return this.#prepared().scores();
  }

  hardware(rate: number, request: ImcRequest): HardwareReport {
    return this.#engine().hardware(rate, request);
  }

  worth(): WorthRow[] {
    return this.#module().imc_worth();
  }

  scoreboard(request: ImcRequest): ScoreboardReport {
    return this.#module().scoreboard(request);
  }

  /** Takes A (0) or B (1) in. */
  matrix(which: 0 | 1, source: MatrixSource): MatrixCard {
    const matrices = (this.#matrices ??= new (this.#module().Matrices)());
    switch (source.from) {
      case "made":
        return matrices.make(which, source.rule, source.rows, source.columns, which + 1);
      case "text":
        return matrices.read(which, source.text);
      case "file":
        return matrices.open(which, source.file.path, source.file.bytes);
      case "layer":
        return matrices.layer(this.#engine(), source.node);
    }
  }

  /** A times B, and every cycle of it where there are few. */
  product(request: MatmulRequest): { report: MatmulReport; trace: TraceReport | undefined } {
    const matrices = (this.#matrices ??= new (this.#module().Matrices)());
    return { report: matrices.product(request), trace: matrices.watch(request) };
  }

  /** The product as a file, and what goes in: for other modules to run. */
  timed(): Uint8Array[] {
    return this.#matrices?.timed() ?? [];
  }

  /** Begins a search, or goes on with a saved one; gives what that one had tried. */
  search(request: SearchRequest, state: string | undefined): Trial[] {
    this.#search?.free();
    this.#search = this.#engine().search(request, state);
    return JSON.parse(this.#search.trials()) as Trial[];
  }

  /** Searches until it is over, and tells what happens; with a candidate comes what can be saved. */
  async goSearch(tell: (news: SearchNews, state: string | undefined) => void): Promise<void> {
    for (let over = false; !over && this.#search; ) {
      const news = JSON.parse(this.#engine().search_step(this.#search)) as SearchNews;
      over = news.is_over;
      tell(news, news.trial || over ? this.#search.state() : undefined);
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  diagnose(recipe: Recipe): DiagnosisReport {
    return JSON.parse(this.#engine().diagnose(recipe)) as DiagnosisReport;
  }

  /** Makes and measures one recipe as a search does. */
  attempt(recipe: Recipe, device: string): Trial {
    this.#search ??= this.#engine().search({ device }, undefined);
    return JSON.parse(this.#engine().attempt(this.#search, recipe)) as Trial;
  }

  lint(original: Uint8Array, candidate: Uint8Array, recipe: Recipe, target: string): LintReport {
    return JSON.parse(this.#module().lint(original, candidate, recipe, target)) as LintReport;
  }

  bundle(recipe: Recipe, device: string, rate: number): Uint8Array {
    const bytes = this.#engine().bundle(recipe, device, rate);
    return transfer(bytes, [bytes.buffer]);
  }

  front(dots: Dot[]): number[] {
    return Array.from(this.#module().front(dots));
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

  #module(): WorkshopModule {
    if (!this.#wasm) throw new Error("The engine has not started");
    return this.#wasm;
  }

  #engine(): Workshop {
    if (!this.#workshop) throw new Error("The engine has not started");
    return this.#workshop;
  }

  #prepared(): ImcChips {
    if (!this.#chips) throw new Error("No chips are prepared");
    return this.#chips;
  }

  #open(): Session {
    if (!this.#training) throw new Error("No training has begun");
    return this.#training;
  }
}

expose(new WorkshopHost());
