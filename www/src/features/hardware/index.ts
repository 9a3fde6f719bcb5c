// Hardware: every platform by power and throughput, and the open model among them. The memory feature computes what it shows.

import { html } from "lit";
import type { Feature } from "../../engine/bench/feature";
import type { Seen } from "./slice";

export const hardware = {
  id: "hardware",
  label: "Hardware",
  load: () => import("./view"),
  view: (seen: Seen) => html`<mw-hardware-view .snapshot=${seen}></mw-hardware-view>`,
} as const satisfies Feature;
