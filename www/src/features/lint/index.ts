// The check of B before the board, on a sheet. All of it is loaded when it is first asked for.

import { html } from "lit";
import type { Api, Controller, Feature, Store } from "../../engine/bench/feature";
import type { Lints } from "./controller";
import type { LintAction, LintView, Seen } from "./slice";

export type { LintAction, LintView } from "./slice";

const initial: LintView = { open: false, target: "tflm" };

export const lint = {
  id: "lint",
  initial,
  create(api: Api<Seen>, store: Store<LintView>) {
    let work: Promise<Lints> | undefined;
    return {
      act: async (action: LintAction) => (await (work ??= import("./controller").then(({ Lints }) => new Lints(api, store)))).act(action),
    } satisfies Controller;
  },
  view: (seen: Seen) => html`<mw-lint .snapshot=${seen}></mw-lint>`,
} as const satisfies Feature;
