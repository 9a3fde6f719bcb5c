// One visit: holds the state, drives the engine, lets the features do their parts, and publishes a snapshot after every change.

import type { Controller, Store, Subject } from "../engine/bench/feature";
import { normal, normalised } from "../engine/bench/recipes";
import { builtIn } from "../engine/bench/samples";
import { type Change, OWN, type State } from "../engine/bench/state";
import { type Tried, withTried } from "../engine/bench/tried";
import type { Ask, Notice, SideView } from "../engine/bench/view";
import { BenchWorker, type DataSet, type ModelFile } from "../engine/client/bench-worker";
import { type Compiled, compile, isAble } from "../engine/client/load";
import { Pool } from "../engine/client/pool";
import { type Listener, Side } from "../engine/client/side";
import { SAYS } from "../engine/text";
import { type Compared, type Comparison, type ModelCard, type Recipe, type Report, SIDES, type SideName } from "../engine/types";
import { type Controllers, FEATURES, type Slices } from "./features";
import { forget } from "./files/kept";
import { Stock } from "./files/stock";
import { History } from "./history";
import * as link from "./link";
import { alike } from "./recomputed";
import { Runs } from "./runs";
import { download, share, writeAddress } from "./sharing";
import { type Action, first, type Prefill, type Snapshot, type Visit } from "./snapshot";
import { INITIAL, reduce } from "./state";
import { t } from "./text";
import { fitting } from "./views";

const NOTICE_MS = 6000;

export class Session extends EventTarget implements Visit {
  readonly sides: Record<SideName, Side>;
  readonly scout: BenchWorker;
  readonly compiled: Promise<Compiled>;
  #snapshot: Snapshot;
  #history: History<State>;
  #stock: Stock;
  #runs: Runs;
  #features: Controllers;
  #subject: Subject | undefined;
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
    this.compiled = compile().catch((error: unknown) =>
      Promise.reject(new Error(isAble() ? t("error.engine", { why: String(error) }) : t("error.no-simd"))));
    this.compiled.catch((error: Error) => {
      this.patch({ stopped: error.message });
      this.tell("error", error.message);
    });
    const pool = new Pool(this.compiled);
    this.scout = new BenchWorker(this.compiled);
    const measured = new Map<string, string[]>();
    const side = (name: SideName): Side => new Side(this.compiled, pool, measured, this.#listener(name));
    this.sides = { a: side("a"), b: side("b") };
    this.#runs = new Runs(this, this.sides, pool, prefill);
    // A link that differs only in what is looked at keeps the numbers that came with the page.
    const subject = ({ model, data, a, b, device, rate }: State): string =>
      JSON.stringify([model, data, normal(prefill?.transforms ?? [], a), normal(prefill?.transforms ?? [], b), device, rate]);
    if (subject(state) !== subject(INITIAL)) this.#runs.forget();
    this.#features = this.#create();
    this.#stock = new Stock(this, (change) => this.#change(change), (state) => this.#features.clips.set(state));
  }

  /** Lets every feature begin, in the order of their list. */
  #create(): Controllers {
    const made = FEATURES.flatMap((feature) =>
      // Each takes the part of the snapshot that is called as it is, which the types of a list cannot say.
      "create" in feature ? [[feature.id, feature.create(this, this.#store(feature.id as keyof Slices) as never)] as const] : []);
    return Object.fromEntries(made) as unknown as Controllers;
  }

  /** A feature's part of the snapshot. */
  #store<Id extends keyof Slices>(id: Id): Store<Slices[Id]> {
    const now = (): Slices[Id] => this.#snapshot[id];
    return {
      get now() {
        return now();
      },
      patch: (change, ...without) => {
        const slice = { ...now() };
        for (const field of without) delete slice[field];
        this.patch({ [id]: { ...slice, ...change } });
      },
    };
  }

  get #controllers(): readonly Controller[] {
    return Object.values(this.#features);
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
    const tables = await this.sides.a.worker.call((host) => host.tables());
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
  act(action: Action | Ask): void {
    this.#act(action).catch((error: unknown) => this.fail(error));
  }

  /** Tells an error as a sentence; giving up is not one. */
  fail(error: unknown): void {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    // What a browser says of a script that it cannot fetch names an address, not what to do.
    const missing = name === "TypeError" && /import/i.test(message);
    if (name !== "cancelled") this.tell("error", missing ? SAYS.offline : message);
  }

  async #act(action: Action | Ask): Promise<void> {
    if ("ask" in action) {
      const feature: Controller | undefined = this.#features[action.ask as keyof Controllers];
      return feature?.act?.(action.what as never);
    }
    switch (action.do) {
      case "undo":
        if (this.#history.undo()) await this.settle();
        return;
      case "redo":
        if (this.#history.redo()) await this.settle();
        return;
      case "cancel":
        for (const feature of this.#controllers) feature.cancel?.();
        return this.#runs.cancel();
      case "again":
        this.#runs.again();
        return this.settle();
      case "share":
        writeAddress(this.#snapshot.transforms, this.#history.present, false);
        return this.tell("info", await share(this.#history.present));
      case "download":
        return this.tell("info", download(this.#snapshot, await this.candidate()));
      case "open":
        return this.#stock.open(action.files);
      case "sample":
        return this.#sample(action.id);
      case "dismiss":
        return this.patch({ notices: this.#snapshot.notices.filter(({ id }) => id !== action.id) });
      case "keep-offline":
        this.dispatchEvent(new Event("keep-offline"));
        return;
      case "forget-files":
        await forget();
        return this.tell("info", t("kept.forgotten"));
      case "missing":
        return this.tell("error", SAYS.offline);
      case "reload":
        return this.#takeUpdate();
      case "choose":
      case "help":
      case "samples":
      case "theme":
        // Windows of the page itself: the app element opens them.
        return this.open(action.do);
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
    for (const feature of this.#controllers) feature.chosen?.(before);
    // The untouched first screen keeps its bare address.
    const touched = location.hash !== "" || state !== before;
    if (!dragging && touched) writeAddress(this.#snapshot.transforms, state, state.model !== before.model);
    if (!this.#snapshot.ready) return;
    const items = (of: State): string => JSON.stringify([of.model, of.data, of.seed, of.data === OWN ? of.own : 0]);
    if (items(state) !== items(before)) this.#leave();
    const [model, data] = await Promise.all([this.#stock.model(state), this.#stock.data(state)]).catch((error: unknown) => {
      this.#leaving = false;
      throw error;
    });
    if (state !== this.#history.present) return;
    this.#leaving = false;
    for (const feature of this.#controllers) feature.found?.(model, data);
    if (!model) {
      this.#runs.forget();
      return this.patch({ wanted: { name: state.name, sha256: state.model } });
    }
    this.patch({}, "wanted");
    for (const name of SIDES) {
      if (this.#controllers.some((feature) => feature.owes?.(name, model, data))) this.#runs.untrained(name);
      else this.#runs.order(name, state, model, data, dragging && state[name] !== before[name]);
    }
    this.#subject = data && { model, data, a: state.a, b: state.b, device: state.device };
    for (const feature of this.#controllers) feature.settled?.(dragging);
  }

  /** Another model or set is on its way: nothing that belongs to the one before stays, and nothing of it is taken any more. */
  #leave(): void {
    this.#leaving = true;
    this.#runs.again();
    this.#runs.forget();
    for (const feature of this.#controllers) feature.left?.();
    this.patch({}, "data");
  }

  /** What is on the bench: another model, set or recipe makes its numbers another's. */
  get subject(): Subject | undefined {
    return this.#subject;
  }

  /** The model and the set on the bench, as one text. */
  get about(): string {
    return JSON.stringify([this.#subject?.model.id, this.#subject?.data.id, this.#history.present.seed]);
  }

  #listener(name: SideName): Listener {
    return {
      opened: (card, data) => {
        if (name !== "a" || this.#leaving) return;
        this.patch({ card, ...(data && { data }) }, "data");
        this.#fit(card);
        for (const feature of this.#controllers) feature.opened?.();
      },
      progress: (phase, detail, done, total) =>
        this.side(name, { progress: { phase, detail, done, total } }),
      made: (anew) => {
        if (this.#leaving) return;
        if (anew) this.side(name, { made: true }, "weights", "answer", "answerError", "error");
        else this.side(name, { made: true }, "error");
        for (const feature of this.#controllers) feature.made?.(name);
      },
      reported: (report, complete) => {
        if (this.#leaving) return;
        // What was measured stays on screen until it has been measured again.
        const shown = this.#snapshot[name].report;
        const keep = !complete && shown?.evaluation && alike(shown, report);
        this.side(name, keep ? { complete } : { report, complete }, "error");
        void this.#runs.compare();
        if (complete) this.#measured(report);
        for (const feature of this.#controllers) feature.reported?.(name, complete);
      },
      failed: (error) => this.#runs.failed(name, error),
      idle: () => this.#runs.idle(name),
    };
  }

  /** The view follows the model: one that it has not gives way to its first, which is no step to undo. */
  #fit(card: ModelCard): void {
    const view = fitting(this.#history.present.view, card).id;
    if (view === this.#history.present.view) return;
    this.#history.amend((state) => (state === this.#history.present ? { ...state, view } : state));
    this.settle().catch((error: unknown) => this.fail(error));
  }

  /** Every recipe that was measured is a dot of the trade-off. */
  #measured({ recipe, strip, evaluation }: Report): void {
    const metric = evaluation?.metric ?? "accuracy";
    this.remember(this.about, { recipe: normal(this.#snapshot.transforms, recipe), strip, metric, by: "hand" });
  }

  /** Remembers what was measured of a recipe. */
  remember(about: string, dot: Tried): void {
    this.patch({ tried: withTried(this.#snapshot.tried, about, dot) });
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

  /** Recipes whose training is done take the place of those that asked for it. */
  async taught(recipes: Record<SideName, Recipe>): Promise<void> {
    this.#history.amend((state) => (state === this.#history.present ? { ...state, ...recipes } : state));
    await this.settle();
  }

  /** B's file. */
  candidate(): Promise<Uint8Array> {
    return this.sides.b.worker.call((host) => host.candidate());
  }

  /** A set that was opened. */
  known(id: string): DataSet | undefined {
    return this.#stock.set(id);
  }

  /** The items that the present state is tested on. */
  items(): Promise<DataSet | undefined> {
    return this.#stock.data(this.#history.present);
  }

  /** Opens a sheet of the page: the page element does. */
  open(sheet: string): void {
    this.dispatchEvent(new CustomEvent("window", { detail: sheet }));
  }

  /** Calls back after every change of the snapshot. */
  onChange(then: () => void): void {
    this.addEventListener("change", then);
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
