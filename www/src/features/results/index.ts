// The result strip: six numbers of either side, and how they differ.

import { html } from "lit";
import type { Feature } from "../../engine/bench/feature";
import type { StripField } from "../../engine/types";
import { t } from "./text";
import { type Seen } from "./view";

/** What a column of the strip is called. */
export const column = (field: StripField): string => t(`strip.${field}`);

export const results = {
  id: "results",
  view: (seen: Seen) => html`<mw-strip .snapshot=${seen}></mw-strip>`,
} as const satisfies Feature;
