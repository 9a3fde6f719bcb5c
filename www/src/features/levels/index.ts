// Levels: the test set at many levels through each normalizer.

import { html } from "lit";
import type { Api, Feature, Store } from "../../engine/bench/feature";
import type { ModelCard } from "../../engine/types";
import { Levels } from "./controller";
import type { LevelsRun, Seen } from "./slice";

const initial: LevelsRun = {};

export const levels = {
  id: "levels",
  label: "Levels",
  needs: (card: ModelCard) => Boolean(card.front_end),
  initial,
  create: (api: Api, store: Store<LevelsRun>) => new Levels(api, store),
  load: () => import("./view"),
  view: (seen: Seen) => html`<mw-levels-view .snapshot=${seen}></mw-levels-view>`,
} as const satisfies Feature;
