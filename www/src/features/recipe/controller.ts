// The presets that the visitor saved, kept in this browser.

import type { Api, Controller, Store } from "../../engine/bench/feature";
import type { Preset } from "../../engine/types";
import { load, store } from "../../ui/remembered";
import type { RecipeAction, RecipeView } from "./slice";

export function loadPresets(): Preset[] {
  const presets = load<Preset[]>("presets", []);
  return Array.isArray(presets) ? presets.filter((preset) => preset?.recipe?.steps && preset.label) : [];
}

export class Presets implements Controller {
  #api: Api;
  #store: Store<RecipeView>;

  constructor(api: Api, store: Store<RecipeView>) {
    this.#api = api;
    this.#store = store;
  }

  act(action: RecipeAction): void {
    const others = loadPresets().filter(({ name }) => name !== action.name);
    const saved = action.recipe === "drop"
      ? others
      : [...others, { name: action.name, label: action.name, sentence: "", recipe: this.#api.snapshot.state[action.side] }];
    store("presets", saved);
    this.#store.patch({ saved });
  }
}
