// Train: either side learns from labelled examples, in this tab.

import { html } from "lit";
import type { Api, Feature, Store } from "../../engine/bench/feature";
import { Training } from "./controller";
import type { Runs, Seen } from "./slice";

export type { Runs, TrainAction } from "./slice";
export { t as trainText } from "./text";

const initial: Runs = {};

export const train = {
  id: "train",
  label: "Train",
  initial,
  create: (api: Api<Seen>, store: Store<Runs>) => new Training(api, store),
  load: () => import("./view"),
  view: (seen: Seen) => html`<mw-train-view .snapshot=${seen}></mw-train-view>`,
} as const satisfies Feature;
