// Weights: a layer of A under the same layer of B, as images with a divider between them.

import { html } from "lit";
import type { Api, Feature } from "../../engine/bench/feature";
import type { BenchView } from "../../engine/bench/view";
import { Weights } from "./controller";
import "./view";

export const weights = {
  id: "weights",
  label: "Weights",
  create: (api: Api) => new Weights(api),
  view: (seen: BenchView) => html`<mw-weights-view .snapshot=${seen}></mw-weights-view>`,
} as const satisfies Feature;
