// One visit: holds the state, drives the engine, and publishes a snapshot after every change.

import { builtIn } from "../engine/bench/samples";
import { History } from "./history";
import { forget } from "./files/kept";
import * as link from "./link";
import { Levels, type Subject } from "../features/levels/controller";
import { Listen } from "../features/listen/controller";
import { Live } from "../features/live/controller";
import { Memory } from "../features/imc/slice";
import { Own } from "../features/clips/controller";
import { normal, normalised } from "../engine/bench/recipes";
import { alike } from "./recomputed";
import { Runs } from "./runs";
import { download, share, writeAddress } from "./sharing";
import { type Action, first, type Notice, type Prefill, type SideView, type Snapshot } from "./snapshot";
import { type Change, INITIAL, OWN, reduce, type State } from "./state";
import { Stock } from "./files/stock";
import { loadPresets, store } from "./storage";
import { t } from "../ui/text";
import { type Compared, type Comparison, type Recipe, type Report, SIDES, type SideName } from "../engine/types";
import type { Diagnoses } from "../features/diagnosis/controller";
import type { Lints } from "../features/lint/controller";
import type { Tradeoff } from "../features/tradeoff/controller";
import { Training } from "../features/train/controller";
import { withTried } from "../engine/bench/tried";
import { fitting } from "./views";
import { showWeights } from "../features/weights/controller";
import { BenchWorker, type DataSet, type ModelFile } from "../engine/client/bench-worker";
import { compile, isAble } from "../engine/client/load";
import { Pool } from "../engine/client/pool";
import { Side } from "../engine/client/side";

const NOTICE_MS = 6000;

export class Session extends EventTarget {
  #snapshot: Snapshot;
  #history: History<State>;
  #stock: Stock;
  #runs: Runs;
  #sides: Record<SideName, Side>;
  #listen: Listen;
  #levels: Levels;
  /** What the level experiment would be about now. */
  #subject: Subject | undefined;
  #own: Own;
  #live: Live;
  #training: Training;
  #memory: Memory;
  #tradeoff: Promise<Tradeoff> | undefined;
  #diagnoses: Promise<Diagnoses> | undefined;
  #lints: Promise<Lints> | undefined;
  #prefill: Prefill | undefined;
  /** Whether another model or set is being fetched. */
  #leaving = false;
  #nextNotice = 1;
  #takeUpdate: () => void = () => {};

  constructor(prefill: Prefill | undefined, fragment: string) {
    super();
    this.#prefill = prefill;
    const state = fragment && prefill ? link.read(prefill.transforms, fragment) : INITIAL;
    this.#snapshot = first(prefill, state);
    this.#history = new History(this.#snapshot.state);
    const compiled = compile().catch((error: unknown) =>
      Promise.reject(new Error(isAble() ? t("error.engine", { why: String(error) }) : t("error.no-simd"))));
    compiled.catch((error: Error) => {
      this.patch({ stopped: error.message });
      this.tell("error", error.message);
    });
    const [pool, scout] = [new Pool(compiled), new BenchWorker(compiled)];
    const [measured, sets] = [new Map<string, string[]>(), new Map<string, DataSet>()];
    const side = (name: SideName): Side => new Side(compiled, pool, measured, this.#listener(name));
    this.#sides = { a: side("a"), b: side("b") };
    this.#runs = new Runs(this, this.#sides, pool, prefill);
    // A link that differs only in what is looked at keeps the numbers that came with the page.
    const subject = ({ model, data, a, b, device, rate }: State): string =>
      JSON.stringify([model, data, normal(prefill?.transforms ?? [], a), normal(prefill?.transforms ?? [], b), device, rate]);
    if (subject(state) !== subject(INITIAL)) this.#runs.forget();
    this.#stock = new Stock(this, scout, sets, (change) => this.#change(change));
    this.#own = new Own(this, sets, scout, this.#sides);
    this.#listen = new Listen(this, this.#sides, this.#own);
    this.#live = new Live(this, this.#sides, compiled);
    this.#levels = new Levels(this);
    this.#training = new Training(this);
    this.#memory = new Memory(this);
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** Publishes a changed snapshot; the named fields go away first. */
  patch(change: Partial<Snapshot>, ...without: ("comparison" | "data" | "wanted")[]): void {
    const snapshot = { ...this.#snapshot };
    for (const field of without) delete snapshot[field];
    this.#snapshot = { ...snapshot, ...change };
    this.dispatchEvent(new Event("change"));
  }

  /** Starts the engine and recomputes what the page already shows. */
  async start(fragment: string): Promise<void> {
    const tables = await this.#sides.a.worker.call((host) => host.tables());
    const { version, transforms, devices } = tables;
    const presets = normalised(transforms, tables.presets);
    document.documentElement.dataset["engine"] = tables.relaxed ? "relaxed" : "simd";
    this.patch({ ready: true, version, transforms, presets, devices });
    if (!this.#prefill && fragment) this.#history = new History(link.read(transforms, fragment));
    const { model } = this.#history.present;
    const set = builtIn(model) ? undefined : await this.#stock.restore(model);
    this.#history.amend((state) => ({
      ...state,
      ...(set && state.model === model && !state.data && { data: set }),
      a: normal(transforms, state.a),
      b: normal(transforms, state.b),
      device: devices.some(({ id }) => id === state.device) ? state.device : (devices[0]?.id ?? state.device),
    }));
    this.#strange(fragment);
    await this.settle();
  }

  /** Names what a link says and nobody here understands. */
  #strange(fragment: string): void {
    const { transforms, devices } = this.#snapshot;
    const parts = link.strangers(transforms, devices.map(({ id }) => id), fragment);
    if (parts.length) this.tell("warning", t("warning.link", { parts: parts.join(", ") }));
  }

  /** The address changed by hand or by Back: the same as if its state had been chosen. */
  async goto(fragment: string): Promise<void> {
    // An anchor of the page, such as that of the skip link, is no state.
    if (fragment.length > 1 && !link.isLink(fragment)) return;
    this.#strange(fragment);
    const state = link.read(this.#snapshot.transforms, fragment);
    if (link.write(this.#snapshot.transforms, this.#history.present) === fragment) return;
    const { model, data, own } = this.#history.present;
    const known = builtIn(state.model) ? state.data : this.#stock.known(state.model) ? data : "";
    // Clips are no part of an address: those that are there stay.
    const keeps = data === OWN && model === state.model;
    this.#history.push({ ...state, own, data: keeps ? OWN : known });
    await this.settle();
  }

  /** A newer page is waiting; the user decides when it comes. */
  offerUpdate(take: () => void): void {
    this.#takeUpdate = take;
    this.tell("info", t("done.update"), { label: t("done.reload"), act: { do: "reload" } });
  }

  /** Does what an element asks for. */
  act(action: Action): void {
    this.#act(action).catch((error: unknown) => this.fail(error));
  }

  /** Tells an error as a sentence; giving up is not one. */
  fail(error: unknown): void {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    // What a browser says of a script that it cannot fetch names an address, not what to do.
    const missing = name === "TypeError" && /import/i.test(message);
    if (name !== "cancelled") this.tell("error", missing ? t("error.offline") : message);
  }

  async #act(action: Action): Promise<void> {
    switch (action.do) {
      case "undo":
        if (this.#history.undo()) await this.settle();
        return;
      case "redo":
        if (this.#history.redo()) await this.settle();
        return;
      case "cancel":
        if (this.#levels.running) this.#levels.cancel();
        return this.#runs.cancel();
      case "again":
        this.#runs.again();
        return this.settle();
      case "share":
        writeAddress(this.#snapshot.transforms, this.#history.present, false);
        return this.tell("info", await share(this.#history.present));
      case "download":
        return this.tell("info", download(this.#snapshot, await this.#candidate()));
      case "bundle":
        return this.#bundle();
      case "open":
        return this.#stock.open(action.files, this.#listen);
      case "sample":
        return this.#sample(action.id);
      case "clip":
        return this.#listen.choose(action.id);
      case "play":
        return this.#listen.play();
      case "play-levels":
        if (this.#subject) await this.#levels.play(this.#subject);
        return;
      case "record":
        return this.#listen.record(action.on);
      case "own":
        return this.#own.act(action.what);
      case "live":
        return this.#live.act(action.what);
      case "train":
        return this.#training.act(action.what);
      case "memory":
        return this.#memory.act(action.what);
      case "tradeoff":
        return (await this.#later()).act(action.what);
      case "diagnose":
        this.#diagnoses ??= import("../features/diagnosis/controller").then(({ Diagnoses }) => new Diagnoses(this));
        return (await this.#diagnoses).act(action.what);
      case "lint":
        this.#lints ??= import("../features/lint/controller").then(({ Lints }) => new Lints(this, () => this.#candidate()));
        return (await this.#lints).act(action.what);
      case "save-preset":
      case "drop-preset":
        return this.#presets(action);
      case "dismiss":
        return this.patch({ notices: this.#snapshot.notices.filter(({ id }) => id !== action.id) });
      case "keep-offline":
        this.dispatchEvent(new Event("keep-offline"));
        return;
      case "forget-files":
        await forget();
        return this.tell("info", t("kept.forgotten"));
      case "missing":
        return this.tell("error", t("error.offline"));
      case "reload":
        return this.#takeUpdate();
      case "choose":
      case "help":
      case "samples":
      case "theme":
        // Windows of the page itself: the app element opens them.
        this.dispatchEvent(new CustomEvent("window", { detail: action.do }));
        return;
      default:
        return this.#change(action);
    }
  }

  /** Puts a built-in sample on the bench. */
  async #sample(id: string): Promise<void> {
    const sample = builtIn(id);
    if (sample) await this.#change({ do: "model", model: id, name: INITIAL.name, data: sample.data });
  }

  async #change(change: Change): Promise<void> {
    const drag = change.do === "recipe" ? `recipe-${change.side}` : "";
    const dragging = change.do === "recipe" && !change.settled;
    const changed = this.#history.push(reduce(this.#history.present, change), dragging ? drag : "", drag);
    if (changed || drag) await this.settle(dragging);
  }

  /** Makes everything agree with the present state. */
  async settle(dragging = false): Promise<void> {
    const state = this.#history.present;
    const before = this.#snapshot.state;
    this.patch({ state, canUndo: this.#history.canUndo, canRedo: this.#history.canRedo });
    this.#own.follow();
    if (state.own !== before.own) this.#listen.follow();
    if (state.model !== before.model || state.view !== "listen") this.#live.stop();
    // The untouched first screen keeps its bare address.
    const touched = location.hash !== "" || state !== before;
    if (!dragging && touched) writeAddress(this.#snapshot.transforms, state, state.model !== before.model);
    if (!this.#snapshot.ready) return;
    const items = (of: State): string => JSON.stringify([of.model, of.data, of.seed, of.data === OWN ? of.own : 0]);
    if (items(state) !== items(before)) this.#leave();
    const [model, data] = await Promise.all([this.#stock.model(state), this.#stock.data(state, this.#own)]).catch((error: unknown) => {
      this.#leaving = false;
      throw error;
    });
    if (state !== this.#history.present) return;
    this.#leaving = false;
    this.#training.settled(model, data, state);
    if (!model) {
      this.#runs.forget();
      return this.patch({ wanted: { name: state.name, sha256: state.model } });
    }
    this.patch({}, "wanted");
    for (const name of SIDES) {
      if (this.#training.owes(name, state, model, data)) this.#runs.untrained(name);
      else this.#runs.order(name, state, model, data, dragging && state[name] !== before[name]);
    }
    showWeights(this, this.#sides);
    this.#subject = data && { model, data, a: state.a, b: state.b, device: state.device };
    if (!dragging) this.#levels.settled(this.#subject);
    this.#memory.follow();
    if (state.view === "tradeoff") (await this.#later()).follow();
  }

  /** Another model or set is on its way: nothing that belongs to the one before stays, and nothing of it is taken any more. */
  #leave(): void {
    this.#leaving = true;
    this.#runs.again();
    this.#runs.forget();
    this.#listen.reset();
    this.patch({}, "data");
  }

  /** What searches, loaded when it is first asked for. */
  #later(): Promise<Tradeoff> {
    return (this.#tradeoff ??= import("../features/tradeoff/controller").then(({ Tradeoff }) => new Tradeoff(this)));
  }

  /** What is on the bench: another model, set or recipe makes its numbers another's. */
  get subject(): Subject | undefined {
    return this.#subject;
  }

  /** The model and the set on the bench, as one text. */
  get about(): string {
    return JSON.stringify([this.#subject?.model.id, this.#subject?.data.id, this.#history.present.seed]);
  }

  #listener(name: SideName) {
    return {
      opened: (card: Snapshot["card"], data: Snapshot["data"]): void => {
        if (name !== "a" || !card || this.#leaving) return;
        this.patch({ card, ...(data && { data }) }, "data");
        this.#fit(card);
        this.#listen.begin();
        this.#own.opened(name).catch((error: unknown) => this.fail(error));
      },
      progress: (phase: NonNullable<SideView["progress"]>["phase"], detail: string, done: number, total: number): void =>
        this.side(name, { progress: { phase, detail, done, total } }),
      made: (anew: boolean): void => {
        if (this.#leaving) return;
        if (anew) this.side(name, { made: true }, "weights", "answer", "answerError", "error");
        else this.side(name, { made: true }, "error");
        this.#listen.answer(name);
        this.#live.made(name);
        if (name === "b" && this.#subject) {
          const { model, data, b } = this.#subject;
          this.#memory.made({ key: JSON.stringify([model.id, data.id, b]), name: model.name, data, file: () => this.#candidate(), original: model.bytes });
        }
        showWeights(this, this.#sides);
      },
      reported: (report: Report, complete: boolean): void => {
        if (this.#leaving) return;
        // What was measured stays on screen until it has been measured again.
        const shown = this.#snapshot[name].report;
        const keep = !complete && shown?.evaluation && alike(shown, report);
        this.side(name, keep ? { complete } : { report, complete }, "error");
        if (!this.#snapshot[name].answer && !this.#snapshot[name].answerError) this.#listen.answer(name);
        showWeights(this, this.#sides);
        void this.#runs.compare();
        if (complete) this.#remember(report);
      },
      failed: (error: Error): void => this.#runs.failed(name, error),
      idle: (): void => this.#runs.idle(name),
    };
  }

  /** The view follows the model: one that it has not gives way to its first, which is no step to undo. */
  #fit(card: NonNullable<Snapshot["card"]>): void {
    const view = fitting(this.#history.present.view, card);
    if (view === this.#history.present.view) return;
    this.#history.amend((state) => (state === this.#history.present ? { ...state, view } : state));
    this.settle().catch((error: unknown) => this.fail(error));
  }

  /** Every recipe that was measured is a dot of the trade-off. */
  #remember({ recipe, strip, evaluation }: Report): void {
    const { transforms, tried } = this.#snapshot;
    const metric = evaluation?.metric ?? "accuracy";
    this.patch({ tried: withTried(tried, this.about, { recipe: normal(transforms, recipe), strip, metric, by: "hand" }) });
    void this.#tradeoff?.then((tradeoff) => tradeoff.follow());
  }

  /** Changes one side's view; the named fields go away first. */
  side(name: SideName, change: Partial<SideView>, ...without: (keyof SideView)[]): void {
    const view: SideView = { ...this.#snapshot[name] };
    for (const field of without) delete view[field];
    this.patch({ [name]: { ...view, ...change } });
  }

  /** What the engine says of two results side by side. */
  compared(a: Compared, b: Compared): Promise<Comparison> {
    return this.#runs.compared(a, b);
  }

  /** The model that is open. */
  get model(): ModelFile | undefined {
    return this.#stock.known(this.#history.present.model);
  }

  /** Keeps what the microphone heard as a clip. */
  keep(samples: Float32Array, rate: number): void {
    this.#listen.keep(samples, rate);
  }

  /** Recipes whose training is done take the place of those that asked for it. */
  async taught(recipes: Record<SideName, Recipe>): Promise<void> {
    this.#history.amend((state) => (state === this.#history.present ? { ...state, ...recipes } : state));
    await this.settle();
  }

  /** Makes the archive for the board, and hands it over. */
  async #bundle(): Promise<void> {
    const { model } = this;
    if (!model || this.#snapshot.bundling) return;
    this.patch({ bundling: true });
    this.tell("info", t("done.bundling"));
    try {
      const { bundle } = await import("../features/bundle/controller");
      const name = await bundle(this.#snapshot, model, await this.#stock.data(this.#history.present, this.#own));
      this.tell("info", t("done.download", { name }));
    } finally {
      this.patch({ bundling: false });
    }
  }

  #candidate(): Promise<Uint8Array> {
    return this.#sides.b.worker.call((host) => host.candidate());
  }

  #presets(action: Action & { do: "save-preset" | "drop-preset" }): void {
    const others = loadPresets().filter(({ name }) => name !== action.name);
    const { state } = this.#snapshot;
    const saved = action.do === "drop-preset"
      ? others
      : [...others, { name: action.name, label: action.name, sentence: "", recipe: state[action.side] }];
    store("presets", saved);
    this.patch({ saved });
  }

  /** Tells the user something. */
  tell(kind: Notice["kind"], text: string, action?: Notice["action"]): void {
    const same = this.#snapshot.notices.find((notice) => notice.text === text);
    if (same) return;
    const id = this.#nextNotice++;
    this.patch({ notices: [...this.#snapshot.notices, { id, kind, text, ...(action && { action }) }].slice(-4) });
    if (kind === "info" && !action) setTimeout(() => this.act({ do: "dismiss", id }), NOTICE_MS);
  }
}
