// The user's own clips: recorded, dropped or taken from a set; named, labelled, trimmed, deleted; saved as a ZIP.
//
// Every change makes a new list, and the state holds the number of the list, so that undo and redo reach clips as they
// reach everything else. Clips stay in memory: leaving the page with some that are not saved asks first.

import { save } from "../../ui/files";
import { training } from "../../engine/bench/recipes";
import type { Api, Controller, Store } from "../../engine/bench/feature";
import { BUILT_IN, builtIn, hasSet } from "../../engine/bench/samples";
import { OWN, type State } from "../../engine/bench/state";
import { t } from "./text";
import { type ClipView } from "../../engine/types";
import type { DataSet, ModelFile } from "../../engine/client/bench-worker";
import type { Archive, Sound } from "../../engine/worker/host";
import type { ClipsView, OwnAction, OwnClip, Seen } from "./slice";

const FILE = "milliwatt-clips.zip";

export class Own implements Controller {
  #api: Api<Seen>;
  #store: Store<ClipsView>;
  /** Every list there ever was; a state holds the index of its own. */
  #versions: (readonly OwnClip[])[] = [[]];
  #archives = new Map<readonly OwnClip[], Promise<Archive>>();
  #saved = new WeakSet<OwnClip>();
  #next = 1;
  /** The label that was given last: the next recording is likely another of it. */
  #label = "";
  /** What was tested on before the own clips. */
  #former = BUILT_IN[0].data;
  #warns = false;

  constructor(api: Api<Seen>, store: Store<ClipsView>) {
    this.#api = api;
    this.#store = store;
  }

  /** Keeps a clip and has it shown. */
  #add(clip: ClipView, made: boolean): void {
    const label = clip.label ?? (made ? this.#label : "");
    const own = this.#fresh(clip.name, label, clip.sample_rate, clip.samples as Float32Array, made);
    this.#become([...this.#clips, own]);
    this.#api.act({ ask: "listen", what: { listen: "choose", id: own.id } });
  }

  async act(action: OwnAction): Promise<void> {
    const clips = this.#clips;
    switch (action.own) {
      case "add":
        return this.#add(action.clip, action.made);
      case "edit":
        if (action.change.label !== undefined) this.#label = action.change.label;
        return this.#become(clips.map((clip) => (clip.id === action.id ? changed(clip, action.change) : clip)));
      case "delete":
        return this.#delete(action.id);
      case "restore": {
        const others = clips.filter(({ id }) => id !== action.clip.id);
        return this.#become([...others.slice(0, action.at), action.clip, ...others.slice(action.at)]);
      }
      case "use":
        return this.#use();
      case "save":
        return this.#save();
      case "take":
        return this.#take();
    }
  }

  /** The set that bench workers open for a state, or nothing where there are no clips. */
  async set(state: State): Promise<DataSet | undefined> {
    const clips = this.#versions[state.own] ?? [];
    if (!clips.length) return undefined;
    const { bytes } = await this.#archive(clips);
    return divided({ id: `${OWN}-${state.own}`, files: [{ path: t("own.set"), bytes }] }, state);
  }

  /** Shows the clips of the present state. */
  chosen(): void {
    const clips = this.#clips;
    const lost = clips.filter((clip) => clip.made && !this.#saved.has(clip)).length;
    const { now } = this.#store;
    if (now.clips !== clips || now.unsaved !== lost) this.#store.patch({ clips, unsaved: lost });
    if (this.#warns === lost > 0) return;
    this.#warns = lost > 0;
    if (this.#warns) addEventListener("beforeunload", ask);
    else removeEventListener("beforeunload", ask);
  }

  /** Model and data are open: tells what they say of labels and of the split. */
  opened(): void {
    this.#opened().catch((error: unknown) => this.#api.fail(error));
  }

  async #opened(): Promise<void> {
    const { worker } = this.#api.sides.a;
    const clips = this.#clips;
    const { labels, calibration } = await worker.call((host) => host.split());
    let calibrating: string[] = [];
    if (this.#api.snapshot.state.data === OWN && clips.length) {
      const { paths } = await this.#archive(clips);
      calibrating = clips.filter((_, at) => calibration.includes(paths[at] ?? "")).map(({ id }) => id);
    }
    this.#store.patch({ labels, calibrating });
  }

  get #clips(): readonly OwnClip[] {
    return this.#versions[this.#api.snapshot.state.own] ?? [];
  }

  #become(clips: readonly OwnClip[]): void {
    this.#versions.push(clips);
    this.#api.act({ do: "clips", own: this.#versions.length - 1 });
  }

  #fresh(name: string, label: string, rate: number, whole: Float32Array, made: boolean): OwnClip {
    const end = whole.length / rate;
    const clip = { name, label: label || undefined, sample_rate: rate, samples: whole } as ClipView;
    return { id: `own-${this.#next++}`, name, label, whole, rate, start: 0, end, clip, made };
  }

  #delete(id: string): void {
    const clips = this.#clips;
    const at = clips.findIndex((clip) => clip.id === id);
    const clip = clips[at];
    if (!clip) return;
    this.#become(clips.filter((other) => other !== clip));
    const undo = { label: t("bar.undo"), act: { ask: "clips", what: { own: "restore", clip, at } satisfies OwnAction } };
    this.#api.tell("info", t("own.deleted", { name: clip.name }), undo);
  }

  /** Tests on the own clips, or again on what was there before. */
  async #use(): Promise<void> {
    const { state } = this.#api.snapshot;
    if (state.data === OWN) {
      const former = this.#former;
      const known = hasSet(former) ? builtIn(state.model)?.data === former : this.#api.known(former) !== undefined;
      return this.#api.act({ do: "data", data: known ? former : "" });
    }
    const set = await this.set(state);
    const model = this.#api.model;
    if (!set || !model) return;
    // Tried in a worker of its own, so that clips that cannot be used leave the bench as it is.
    await this.#api.scout.load(model, set);
    for (const remark of this.#api.scout.data?.remarks ?? []) this.#api.tell("warning", remark);
    this.#former = state.data;
    this.#api.act({ do: "data", data: OWN });
  }

  async #save(): Promise<void> {
    const clips = this.#clips;
    const { bytes } = await this.#archive(clips);
    save(bytes, FILE);
    for (const clip of clips) this.#saved.add(clip);
    this.chosen();
    this.#api.tell("info", t("own.saved", { name: FILE, n: String(clips.length) }));
  }

  /** The clips of the set that is tested on become own clips, behind those that are there. */
  async #take(): Promise<void> {
    const files = this.#api.known(this.#api.snapshot.state.data)?.files;
    const model: ModelFile | undefined = this.#api.model;
    if (!files || !model) return;
    await this.#api.scout.load(model, undefined);
    const sounds = await this.#api.scout.call((host) => host.clipsOf(files));
    const taken = sounds.map(({ name, label, rate, samples }) => this.#fresh(name, label, rate, samples, false));
    this.#become([...this.#clips, ...taken]);
  }

  #archive(clips: readonly OwnClip[]): Promise<Archive> {
    const known = this.#archives.get(clips);
    if (known) return known;
    const sounds: Sound[] = clips.map(({ name, label, rate, clip }) => ({ name, label, rate, samples: clip.samples as Float32Array }));
    const archive = this.#api.scout.call((host) => host.archive(sounds));
    // One is kept: the present one.
    this.#archives = new Map([[clips, archive]]);
    archive.catch(() => this.#archives.delete(clips));
    return archive;
  }
}

function changed(clip: OwnClip, change: Partial<OwnClip>): OwnClip {
  const next = { ...clip, ...change, made: true };
  const trims = next.start !== clip.start || next.end !== clip.end;
  const samples = trims
    ? next.whole.slice(Math.round(next.start * next.rate), Math.round(next.end * next.rate))
    : clip.clip.samples;
  return { ...next, clip: { ...clip.clip, name: next.name, label: next.label || undefined, samples } as ClipView };
}

function ask(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

/** A set as a state divides it: another division is another set. */
export function divided(set: DataSet, { seed, a, b }: State): DataSet {
  // Where a network learns, what it learns from is tested on by neither side.
  const learns = [a, b].some((recipe) => training(recipe));
  return { ...set, id: `${set.id}@${seed}${learns ? "+learns" : ""}`, seed, learns };
}
