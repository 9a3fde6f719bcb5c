// What a feature of the page is, and the bench as a feature may use it. A feature knows nothing else of the page: no session, and
// other features only by what they export.

import type { BenchWorker, DataSet, ModelFile } from "../client/bench-worker";
import type { Compiled } from "../client/load";
import type { Side } from "../client/side";
import type { Compared, Comparison, ModelCard, Recipe, SideName } from "../types";
import type { Tried } from "./tried";
import type { Ask, BenchAction, BenchView, Notice, SideView } from "./view";

/** What is on the bench: another model, set or recipe makes its numbers another's. */
export interface Subject {
  model: ModelFile;
  data: DataSet;
  a: Recipe;
  b: Recipe;
  device: string;
}

/** The bench as a feature may use it. `Seen` is what the feature reads of the snapshot. */
export interface Api<Seen extends BenchView = BenchView> {
  /** Everything that is shown now. */
  readonly snapshot: Seen;
  /** The model that is open. */
  readonly model: ModelFile | undefined;
  /** Model, set and recipes, where all are there. */
  readonly subject: Subject | undefined;
  /** The model and the set on the bench, as one text. */
  readonly about: string;
  readonly sides: Record<SideName, Side>;
  /** A worker of its own to try things in, so that what fails leaves the bench as it is. */
  readonly scout: BenchWorker;
  /** The engine's module, for further workers. */
  readonly compiled: Promise<Compiled>;
  /** Does what the bench or a feature is asked for. */
  act(action: BenchAction | Ask): void;
  /** Tells the visitor something. */
  tell(kind: Notice["kind"], text: string, action?: Notice["action"]): void;
  /** Tells an error as a sentence; giving up is not one. */
  fail(error: unknown): void;
  /** Changes one side's view; the named fields go away first. */
  side(name: SideName, change: Partial<SideView>, ...without: (keyof SideView)[]): void;
  /** What the engine says of two results side by side. */
  compared(a: Compared, b: Compared): Promise<Comparison>;
  /** B's file. */
  candidate(): Promise<Uint8Array>;
  /** A set that was opened. */
  known(id: string): DataSet | undefined;
  /** The items that the present state is tested on. */
  items(): Promise<DataSet | undefined>;
  /** Recipes whose training is done take the place of those that asked for it. */
  taught(recipes: Record<SideName, Recipe>): Promise<void>;
  /** Remembers what was measured of a recipe. */
  remember(about: string, dot: Tried): void;
  /** Opens a sheet of the page. */
  open(sheet: string): void;
  /** Calls back after every change of the snapshot. */
  onChange(then: () => void): void;
}

/** A feature's part of the snapshot. */
export interface Store<Slice> {
  readonly now: Slice;
  /** Changes it; the named fields go away first. */
  patch(change: Partial<Slice>, ...without: (keyof Slice)[]): void;
}

/** What a feature does. Each is called, in the order of the list of features, when what it says has happened. */
export interface Controller {
  /** The feature is asked for something; what, it says itself. */
  act?(what: never): void | Promise<void>;
  /** Escape, or Cancel in the status line. */
  cancel?(): void;
  /** Another state was chosen; nothing has been done about it yet. */
  chosen?(before: BenchView["state"]): void;
  /** Another model or set is on its way: nothing that belongs to the one before may stay. */
  left?(): void;
  /** The model and the set of the present state are there, or are known to be missing. */
  found?(model: ModelFile | undefined, data: DataSet | undefined): void;
  /** Whether the side's recipe asks for something that has to be done first. */
  owes?(name: SideName, model: ModelFile, data: DataSet | undefined): boolean;
  /** Both sides have their orders. */
  settled?(dragging: boolean): void;
  /** A's worker has opened the model, and the set where there is one. */
  opened?(): void;
  /** A side's candidate is there. */
  made?(name: SideName): void;
  /** A side has told its numbers, measured to the end or not. */
  reported?(name: SideName, complete: boolean): void;
}

/** What `index.ts` of a feature exports. */
export interface Feature {
  /** Its name in actions, in the snapshot and, where it has a tab, in links. */
  readonly id: string;
  /** What its tab on the stage is called; without one it has no tab. */
  readonly label?: string;
  /** Whether it has anything to show of a model. */
  needs?(card: ModelCard): boolean;
  /** Its part of the snapshot at first. */
  readonly initial?: object;
  create?(api: never, store: never): Controller;
  /** Loads what a first visit does not need. */
  load?(): Promise<unknown>;
  /** Draws it. */
  view?(seen: never, ...more: never[]): unknown;
}
