// Layers: every number of every layer, A beside B, and under them why B lost.

import { html } from "lit";
import type { Feature } from "../../engine/bench/feature";
import { diagnosis } from "../diagnosis/index";
import type { Seen } from "./view";
import "./view";

export const layers = {
  id: "layers",
  label: "Layers",
  load: diagnosis.load,
  view: (seen: Seen) => html`<mw-layers-view .snapshot=${seen}></mw-layers-view>`,
} as const satisfies Feature;
