// Bytes: where the bytes of the file go, and how the working memory is laid out over time.

import { html } from "lit";
import type { Feature } from "../../engine/bench/feature";
import type { BenchView } from "../../engine/bench/view";

export const bytes = {
  id: "bytes",
  label: "Bytes",
  load: () => import("./view"),
  view: (seen: BenchView) => html`<mw-bytes-view .snapshot=${seen}></mw-bytes-view>`,
} as const satisfies Feature;
