// The side panels: a recipe on each side, its steps and their options, and presets.

import { html } from "lit";
import type { Api, Feature, Store } from "../../engine/bench/feature";
import type { SideName } from "../../engine/types";
import { loadPresets, Presets } from "./controller";
import type { RecipeView, Seen } from "./slice";
import "./view";

export type { RecipeView } from "./slice";

const initial: RecipeView = { saved: loadPresets() };

export const recipe = {
  id: "recipe",
  initial,
  create: (api: Api, store: Store<RecipeView>) => new Presets(api, store),
  view: (seen: Seen, side: SideName) => html`<mw-side-panel class="panel" .side=${side} .snapshot=${seen}></mw-side-panel>`,
} as const satisfies Feature;
