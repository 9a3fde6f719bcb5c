// The models and sets that are open, and how files become some of them.

import { builtIn, hasSet, sampleModel, sampleSet } from "../../engine/bench/samples";
import { baseName, type Given, sha256 } from "../../ui/files";
import { keep, kept } from "./kept";
import { opened } from "./opening";
import { divided, type OwnAction } from "../../features/clips/index";
import { imageShape } from "./pictures";
import { fromJson, normal, presetOf } from "../../engine/bench/recipes";
import type { Visit } from "../snapshot";
import { type Change, OWN, type State } from "../../engine/bench/state";
import { t } from "../text";
import type { InputFile, ModelCard, Recipe } from "../../engine/types";
import { wants } from "../views";
import type { DataSet, ModelFile } from "../../engine/client/bench-worker";

export class Stock {
  #visit: Visit;
  #clips: (state: State) => Promise<DataSet | undefined>;
  #sets = new Map<string, DataSet>();
  #models = new Map<string, ModelFile>();
  #told = false;
  #change: (change: Change) => Promise<void>;

  /** `change` changes the state; `clips` makes a set of the visitor's own clips. */
  constructor(visit: Visit, change: (change: Change) => Promise<void>, clips: (state: State) => Promise<DataSet | undefined>) {
    this.#visit = visit;
    this.#change = change;
    this.#clips = clips;
  }

  /** The model that is called so, if it is open. */
  known(id: string): ModelFile | undefined {
    return this.#models.get(id);
  }

  /** The set that is called so, if it is open. */
  set(id: string): DataSet | undefined {
    return this.#sets.get(id);
  }

  /** What was opened before a reload, where the state is about it: the name of its set, or none. */
  async restore(id: string): Promise<string | undefined> {
    const found = await kept().catch(() => undefined);
    if (found?.model.id !== id) return undefined;
    this.#models.set(id, found.model);
    if (!found.set) return "";
    // Sets are numbered anew in every visit.
    const set = { ...found.set, id: `kept-${found.set.id}` };
    this.#sets.set(set.id, set);
    return set.id;
  }

  /** Keeps a model and its set for a reload; where the browser keeps nothing, that is said once. */
  async #keep(model: ModelFile, set: DataSet | undefined): Promise<void> {
    const why = await keep({ model, ...(set && { set }) }).then((fits) => (fits ? undefined : t("kept.large")), () => t("kept.refused"));
    if (why && !this.#told) this.#visit.tell("info", why);
    this.#told ||= Boolean(why);
  }

  /** The model that a state is about: opened, or one of ours. */
  async model({ model: id }: State): Promise<ModelFile | undefined> {
    const known = this.#models.get(id);
    if (known) return known;
    const model = await sampleModel(id);
    if (model) this.#models.set(model.id, model);
    return model;
  }

  /** The items that a state is tested on. */
  async data(state: State): Promise<DataSet | undefined> {
    if (state.data === OWN) return this.#clips(state);
    if (hasSet(state.data)) return sampleSet(state.data);
    const set = this.#sets.get(state.data);
    return set?.files ? divided(set, state) : set;
  }

  /** Puts files where they belong: a model or a set on the bench, a recipe on B, clips beside the others. */
  async open(files: readonly Given[]): Promise<void> {
    const { card, transforms } = this.#visit.snapshot;
    const { models, recipe, clips, set, unknown } = await opened(files, this.#visit.scout, imageShape(card));
    // What was said of the model before does not hold for this one.
    if (models.length) this.#visit.patch({ notices: [] });
    for (const sentence of unknown) this.#visit.tell("error", sentence);
    const [file] = models;
    if (file) await this.#openModel(file, set);
    else if (set) await this.#openSet(set);
    if (models.length > 1) this.#visit.tell("info", t("open.several", { name: baseName(file?.path ?? "") }));
    if (recipe) {
      const read = fromJson(new TextDecoder().decode(recipe.bytes));
      if (!read) throw new Error(t("error.json", { name: baseName(recipe.path) }));
      await this.#change({ do: "recipe", side: "b", recipe: normal(transforms, read), settled: true });
    }
    const hears = (file ? this.#visit.scout.card : card)?.front_end;
    const [clip] = clips;
    if (clip && !hears) return this.#visit.tell("error", t("open.no-sound", { name: clip.name, wants: wants(file ? this.#visit.scout.card : card) }));
    for (const clip of clips) this.#visit.act({ ask: "clips", what: { own: "add", clip, made: false } satisfies OwnAction });
    if (clip && !set) await this.#change({ do: "view", view: "listen" });
  }

  async #openModel(file: InputFile, set: DataSet | undefined): Promise<void> {
    const id = await sha256(file.bytes);
    const model = { id, name: baseName(file.path), bytes: file.bytes };
    const { wanted } = this.#visit.snapshot;
    // Tried in a worker of its own, so that a bad file leaves the bench as it is.
    await this.#visit.scout.load(model, undefined);
    if (set) await this.#visit.scout.load(model, set);
    this.#models.set(id, model);
    if (set) this.#sets.set(set.id, set);
    if (wanted && wanted.sha256 !== id) this.#visit.tell("warning", t("open.other", { name: wanted.name }));
    const b = wanted?.sha256 === id ? undefined : this.#beginning(this.#visit.scout.card);
    await this.#change({ do: "model", model: id, name: model.name, data: set?.id ?? "", ...(b && { b }) });
    if (wanted?.sha256 === id) await this.#visit.settle();
    await this.#keep(model, set);
    for (const { severity, sentence } of this.#visit.scout.card?.remarks ?? []) {
      if (severity !== "info") this.#visit.tell("warning", sentence);
    }
    if (set) this.#tellOfSet();
  }

  /** What has to be said of the set that was opened. */
  #tellOfSet(): void {
    const { test_items = 0, remarks = [] } = this.#visit.scout.data ?? {};
    this.#visit.tell("info", t("open.set", { items: String(test_items) }));
    for (const remark of remarks) this.#visit.tell("warning", remark);
  }

  /** The recipe that B begins with, where the one that it has does not suit the model or was only the beginning of another. */
  #beginning(card: ModelCard | undefined): Recipe | undefined {
    const { presets, state, card: before } = this.#visit.snapshot;
    const named = presetOf(presets, state.b);
    const kept = named ? card?.presets.every(({ name, reason }) => name !== named.name || !reason) : card?.opening === before?.opening;
    if (kept && named?.name !== before?.opening) return undefined;
    return presets.find(({ name }) => name === card?.opening)?.recipe;
  }

  async #openSet(set: DataSet): Promise<void> {
    const { model } = this.#visit;
    if (!model) throw new Error(t("open.model-first"));
    await this.#visit.scout.load(model, set);
    this.#sets.set(set.id, set);
    this.#tellOfSet();
    await this.#change({ do: "data", data: set.id });
    if (!builtIn(model.id)) await this.#keep(model, set);
  }
}
