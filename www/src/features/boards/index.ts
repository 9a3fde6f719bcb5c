// The device shelf: whether each side fits a board, and what it takes there.

import { html } from "lit";
import type { Feature } from "../../engine/bench/feature";
import type { BenchView } from "../../engine/bench/view";
import "./view";

export const boards = {
  id: "boards",
  view: (seen: BenchView) => html`<mw-shelf .snapshot=${seen}></mw-shelf>`,
} as const satisfies Feature;
