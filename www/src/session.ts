// One visit: holds the state, drives the engine, and publishes a snapshot after every change.

import { builtIn, hasSet, sampleModel, sampleSet } from "./builtin";
import { baseName, sha256 } from "./files";
import { History } from "./history";
import * as link from "./link";
import { Levels, type Subject } from "./levels";
import { Listen } from "./listen";
import { Live } from "./live";
import { Memory } from "./memory";
import { opened } from "./opening";
import { divided, Own } from "./own";
import { imageShape } from "./pictures";
import { fromJson, normal, normalised } from "./recipes";
import { alike, differences } from "./recomputed";
import { download, share, writeAddress } from "./sharing";
import { type Action, first, type Notice, type Prefill, type SideView, type Snapshot } from "./snapshot";
import { type Change, INITIAL, OWN, reduce, type State } from "./state";
import { loadPresets, store } from "./stored";
import { t } from "./text";
import { type Compared, type Comparison, type InputFile, type Recipe, type Report, SIDES, type SideName } from "./types";
import type { Diagnoses } from "./diagnosis";
import type { Lints } from "./lint";
import type { Tradeoff } from "./tradeoff";
import { Training } from "./training";
import { withTried } from "./tried";
import { showWeights } from "./weights";
import { BenchWorker, type DataSet, type ModelFile } from "./worker/bench-worker";
import { compile } from "./worker/load";
import { Pool } from "./worker/pool";
import { Side } from "./worker/side";

/** Waiting shorter than this is not worth telling. */
const LATE_MS = 500;
const DEBOUNCE_MS = 100;
const NOTICE_MS = 6000;

export class Session extends EventTarget {
  #snapshot: Snapshot;
  #history: History<State>;
  #models = new Map<string, ModelFile>();
  #sets = new Map<string, DataSet>();
  #pool: Pool;
  #scout: BenchWorker;
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
  #timers: Partial<Record<SideName | "late", ReturnType<typeof setTimeout>>> = {};
  #ran: Record<SideName, string> = { a: "", b: "" };
  #nextNotice = 1;
  #takeUpdate: () => void = () => {};

  constructor(prefill: Prefill | undefined, fragment: string) {
    super();
    this.#prefill = prefill;
    const state = fragment && prefill ? link.read(prefill.transforms, fragment) : INITIAL;
    this.#snapshot = first(prefill, state);
    this.#history = new History(this.#snapshot.state);
    // A link that differs only in what is looked at keeps the numbers that came with the page.
    const subject = ({ model, data, a, b, device, rate }: State): string =>
      JSON.stringify([model, data, normal(prefill?.transforms ?? [], a), normal(prefill?.transforms ?? [], b), device, rate]);
    if (subject(state) !== subject(INITIAL)) this.#forget();
    const compiled = compile();
    compiled.catch((error: unknown) => this.#notify("error", t("error.engine", { why: String(error) })));
    this.#pool = new Pool(compiled);
    this.#scout = new BenchWorker(compiled);
    const measured = new Map<string, string[]>();
    const side = (name: SideName): Side => new Side(compiled, this.#pool, measured, this.#listener(name));
    this.#sides = { a: side("a"), b: side("b") };
    this.#own = new Own(this, this.#sets, this.#scout, this.#sides);
    this.#listen = new Listen(this, this.#sides, this.#own);
    this.#live = new Live(this, this.#sides, compiled);
    this.#levels = new Levels(this);
    this.#training = new Training(this);
    this.#memory = new Memory(this);
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** Publishes a changed snapshot. */
  patch(change: Partial<Snapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
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
    this.#history.amend((state) => ({
      ...state,
      a: normal(transforms, state.a),
      b: normal(transforms, state.b),
      device: devices.some(({ id }) => id === state.device) ? state.device : (devices[0]?.id ?? state.device),
    }));
    await this.#settle();
  }

  /** The address changed by hand or by Back: the same as if its state had been chosen. */
  async goto(fragment: string): Promise<void> {
    const state = link.read(this.#snapshot.transforms, fragment);
    if (link.write(this.#snapshot.transforms, this.#history.present) === fragment) return;
    const { model, data, own } = this.#history.present;
    const known = builtIn(state.model) ? state.data : this.#models.has(state.model) ? data : "";
    // Clips are no part of an address: those that are there stay.
    const keeps = data === OWN && model === state.model;
    this.#history.push({ ...state, own, data: keeps ? OWN : known });
    await this.#settle();
  }

  /** A newer page is waiting; the user decides when it comes. */
  offerUpdate(take: () => void): void {
    this.#takeUpdate = take;
    this.#notify("info", t("done.update"), { label: t("done.reload"), act: { do: "reload" } });
  }

  /** Does what an element asks for. */
  act(action: Action): void {
    this.#act(action).catch((error: unknown) => this.fail(error));
  }

  /** Tells an error as a sentence; giving up is not one. */
  fail(error: unknown): void {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    if (name !== "cancelled") this.#notify("error", message);
  }

  async #act(action: Action): Promise<void> {
    switch (action.do) {
      case "undo":
        if (this.#history.undo()) await this.#settle();
        return;
      case "redo":
        if (this.#history.redo()) await this.#settle();
        return;
      case "cancel":
        return this.#cancel();
      case "again":
        this.#ran = { a: "", b: "" };
        return this.#settle();
      case "share":
        writeAddress(this.#snapshot.transforms, this.#history.present, false);
        return this.#notify("info", await share(this.#history.present));
      case "download":
        return this.#notify("info", download(this.#snapshot, await this.#candidate()));
      case "bundle":
        return this.#bundle();
      case "open":
        return this.#open(action.files);
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
        this.#diagnoses ??= import("./diagnosis").then(({ Diagnoses }) => new Diagnoses(this));
        return (await this.#diagnoses).act(action.what);
      case "lint":
        this.#lints ??= import("./lint").then(({ Lints }) => new Lints(this, () => this.#candidate()));
        return (await this.#lints).act(action.what);
      case "save-preset":
      case "drop-preset":
        return this.#presets(action);
      case "dismiss":
        return this.patch({ notices: this.#snapshot.notices.filter(({ id }) => id !== action.id) });
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
    if (changed || drag) await this.#settle(dragging);
  }

  /** Makes everything agree with the present state. */
  async #settle(dragging = false): Promise<void> {
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
    const [model, data] = await Promise.all([this.#model(state), this.#data(state)]);
    if (state !== this.#history.present) return;
    this.#training.settled(model, data, state);
    if (!model) {
      this.#forget();
      return this.patch({ wanted: { name: state.name, sha256: state.model } });
    }
    const items = (of: State): string => JSON.stringify([of.model, of.data, of.seed, of.data === OWN ? of.own : 0]);
    if (items(state) !== items(before)) this.#listen.reset();
    const { wanted: _, ...rest } = this.#snapshot;
    this.#snapshot = rest;
    for (const name of SIDES) this.#order(name, state, model, data, dragging && state[name] !== before[name]);
    showWeights(this, this.#sides);
    this.#subject = data && { model, data, a: state.a, b: state.b, device: state.device };
    if (!dragging) this.#levels.settled(this.#subject);
    this.#memory.follow();
    if (state.view === "tradeoff") (await this.#later()).follow();
  }

  /** What searches, loaded when it is first asked for. */
  #later(): Promise<Tradeoff> {
    return (this.#tradeoff ??= import("./tradeoff").then(({ Tradeoff }) => new Tradeoff(this)));
  }

  /** What is on the bench: another model, set or recipe makes its numbers another's. */
  get subject(): Subject | undefined {
    return this.#subject;
  }

  /** The model and the set on the bench, as one text. */
  get about(): string {
    return JSON.stringify([this.#subject?.model.id, this.#subject?.data.id, this.#history.present.seed]);
  }

  #order(name: SideName, state: State, model: ModelFile, data: DataSet | undefined, dragging: boolean): void {
    const what = JSON.stringify([state.model, data?.id, state[name], !dragging]);
    const { device, rate } = state;
    if (this.#training.owes(name, state, model, data)) {
      clearTimeout(this.#timers[name]);
      if (this.#sides[name].busy) this.#sides[name].cancel();
      this.#ran[name] = "";
      this.side(name, { made: false, complete: false, untrained: true }, "report", "weights", "answer", "answerError", "error", "progress");
      return this.#forgetComparison();
    }
    if (this.#snapshot[name].untrained) this.side(name, {}, "untrained");
    if (this.#ran[name] === what) {
      const report = this.#snapshot[name].report;
      if (report && (report.device !== device || report.rate_hz !== rate)) {
        this.#sides[name].price(device, rate).catch((error: unknown) => this.fail(error));
      }
      return;
    }
    this.#ran[name] = what;
    clearTimeout(this.#timers[name]);
    this.side(name, { made: false, complete: false });
    const begin = (): void => {
      this.#late();
      void this.#sides[name].run({ model, data, recipe: state[name], device, rate, measure: !dragging });
    };
    if (dragging) this.#timers[name] = setTimeout(begin, DEBOUNCE_MS);
    else begin();
  }

  #listener(name: SideName) {
    return {
      opened: (card: Snapshot["card"], data: Snapshot["data"]): void => {
        if (name !== "a" || !card) return;
        const { data: _, ...rest } = this.#snapshot;
        this.#snapshot = rest;
        this.patch({ card, ...(data && { data }) });
        this.#listen.begin();
        this.#own.opened(name).catch((error: unknown) => this.fail(error));
      },
      progress: (phase: NonNullable<SideView["progress"]>["phase"], detail: string, done: number, total: number): void =>
        this.side(name, { progress: { phase, detail, done, total } }),
      made: (anew: boolean): void => {
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
        // What was measured stays on screen until it has been measured again.
        const shown = this.#snapshot[name].report;
        const keep = !complete && shown?.evaluation && alike(shown, report);
        this.side(name, keep ? { complete } : { report, complete }, "error");
        if (!this.#snapshot[name].answer && !this.#snapshot[name].answerError) this.#listen.answer(name);
        showWeights(this, this.#sides);
        void this.#compare();
        if (complete) this.#remember(report);
      },
      failed: (error: Error): void => {
        this.#ran[name] = "";
        this.side(name, { error: error.message, complete: false, made: false }, "report", "weights", "answer");
        this.#forgetComparison();
        this.#notify("error", t("error.side", { side: name.toUpperCase(), why: error.message }));
      },
      idle: (): void => {
        this.side(name, {}, "progress");
        if (!SIDES.some((side) => this.#sides[side].busy)) {
          clearTimeout(this.#timers.late);
          this.patch({ late: false });
        }
      },
    };
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
    return this.#sides.a.worker.call((host) => host.compare(a, b));
  }

  async #compare(): Promise<void> {
    const { a, b } = this.#snapshot;
    if (!a.report || !b.report) return;
    const [one, other] = [a.report, b.report];
    const comparison = await this.compared(one, other).catch(() => undefined);
    // An older comparison must not overwrite a newer one.
    if (!comparison || this.#snapshot.a.report !== one || this.#snapshot.b.report !== other) return;
    this.patch({ comparison });
    if (a.complete && b.complete) this.#check(one, other);
  }

  /** The numbers in the HTML were made by the same code: if they differ now, the user has to know. */
  #check(a: Report, b: Report): void {
    const differing = this.#prefill && differences(this.#prefill, { a, b });
    if (!differing) return;
    this.#prefill = undefined;
    if (differing.length) {
      this.#notify("warning", t("warning.mismatch", { fields: differing.map((field) => t(`strip.${field}`)).join(", ") }));
    }
  }

  async #model(state: State): Promise<ModelFile | undefined> {
    const known = this.#models.get(state.model);
    if (known) return known;
    const model = await sampleModel(state.model);
    if (model) this.#models.set(model.id, model);
    return model;
  }

  /** The items that a state is tested on. */
  async #data(state: State): Promise<DataSet | undefined> {
    if (state.data === OWN) return this.#own.set(state);
    if (hasSet(state.data)) return sampleSet(state.data);
    const set = this.#sets.get(state.data);
    return set?.files ? divided(set, state) : set;
  }

  /** The model that is open. */
  get model(): ModelFile | undefined {
    return this.#models.get(this.#history.present.model);
  }

  /** Keeps what the microphone heard as a clip. */
  keep(samples: Float32Array, rate: number): void {
    this.#listen.keep(samples, rate);
  }

  /** Tells the user something. */
  tell(kind: Notice["kind"], text: string, action?: Notice["action"]): void {
    this.#notify(kind, text, action);
  }

  async #open(files: InputFile[]): Promise<void> {
    const { models, recipe, clips, set, unknown } = await opened(files, this.#scout, imageShape(this.#snapshot.card));
    for (const sentence of unknown) this.#notify("error", sentence);
    const [file] = models;
    if (file) await this.#openModel(file, set);
    else if (set) await this.#openSet(set);
    if (models.length > 1) this.#notify("info", t("open.several", { name: baseName(file?.path ?? "") }));
    if (recipe) {
      const read = fromJson(new TextDecoder().decode(recipe.bytes));
      if (!read) throw new Error(t("error.json", { name: baseName(recipe.path) }));
      await this.#change({ do: "recipe", side: "b", recipe: normal(this.#snapshot.transforms, read), settled: true });
    }
    for (const clip of clips) this.#listen.add(clip);
    if (clips.length && !set) await this.#change({ do: "view", view: "listen" });
  }

  async #openModel(file: InputFile, set: DataSet | undefined): Promise<void> {
    const id = await sha256(file.bytes);
    const model = { id, name: baseName(file.path), bytes: file.bytes };
    const { wanted } = this.#snapshot;
    // Tried in a worker of its own, so that a bad file leaves the bench as it is.
    await this.#scout.load(model, undefined);
    if (set) await this.#scout.load(model, set);
    this.#models.set(id, model);
    if (set) this.#sets.set(set.id, set);
    if (wanted && wanted.sha256 !== id) this.#notify("warning", t("open.other", { name: wanted.name }));
    await this.#change({ do: "model", model: id, name: model.name, data: set?.id ?? "" });
    if (wanted?.sha256 === id) await this.#settle();
    for (const { severity, sentence } of this.#scout.card?.remarks ?? []) {
      if (severity !== "info") this.#notify("warning", sentence);
    }
  }

  async #openSet(set: DataSet): Promise<void> {
    const { model } = this;
    if (!model) throw new Error(t("open.model-first"));
    await this.#scout.load(model, set);
    this.#sets.set(set.id, set);
    const { test_items = 0, remarks = [] } = this.#scout.data ?? {};
    this.#notify("info", t("open.set", { items: String(test_items) }));
    for (const remark of remarks) this.#notify("warning", remark);
    await this.#change({ do: "data", data: set.id });
  }

  /** Recipes whose training is done take the place of those that asked for it. */
  async taught(recipes: Record<SideName, Recipe>): Promise<void> {
    this.#history.amend((state) => (state === this.#history.present ? { ...state, ...recipes } : state));
    await this.#settle();
  }

  /** Makes the archive for the board, and hands it over. */
  async #bundle(): Promise<void> {
    const { model } = this;
    if (!model || this.#snapshot.bundling) return;
    this.patch({ bundling: true });
    this.#notify("info", t("done.bundling"));
    try {
      const { bundle } = await import("./bundle");
      const name = await bundle(this.#snapshot, model, await this.#data(this.#history.present));
      this.#notify("info", t("done.download", { name }));
    } finally {
      this.patch({ bundling: false });
    }
  }

  #candidate(): Promise<Uint8Array> {
    return this.#sides.b.worker.call((host) => host.candidate());
  }

  #cancel(): void {
    if (this.#levels.running) this.#levels.cancel();
    const busy = SIDES.some((name) => this.#sides[name].busy);
    if (!busy) return;
    for (const name of SIDES) {
      clearTimeout(this.#timers[name]);
      if (this.#sides[name].busy) this.#ran[name] = "";
      this.#sides[name].cancel();
      this.side(name, { made: false }, "progress");
    }
    this.#pool.end();
    clearTimeout(this.#timers.late);
    this.patch({ late: false });
    this.#notify("info", t("done.cancel"), { label: t("notice.again"), act: { do: "again" } });
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

  #late(): void {
    clearTimeout(this.#timers.late);
    if (!this.#snapshot.late) this.#timers.late = setTimeout(() => this.patch({ late: true }), LATE_MS);
  }

  /** The reports belong to another model: nothing is shown rather than something stale. */
  #forget(): void {
    for (const name of SIDES) this.side(name, { complete: false, made: false }, "report", "weights", "answer", "error", "progress");
    this.#forgetComparison();
  }

  #forgetComparison(): void {
    const { comparison: _, ...rest } = this.#snapshot;
    this.#snapshot = rest;
    this.patch({});
  }

  #notify(kind: Notice["kind"], text: string, action?: Notice["action"]): void {
    const same = this.#snapshot.notices.find((notice) => notice.text === text);
    if (same) return;
    const id = this.#nextNotice++;
    this.patch({ notices: [...this.#snapshot.notices, { id, kind, text, ...(action && { action }) }].slice(-4) });
    if (kind === "info" && !action) setTimeout(() => this.act({ do: "dismiss", id }), NOTICE_MS);
  }
}
