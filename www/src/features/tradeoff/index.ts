// Trade-off: every recipe that was tried, by score and cost, and a search for more. What searches is loaded when it is first looked at.

import { html } from "lit";
import type { Api, Controller, Feature, Store } from "../../engine/bench/feature";
import type { Tradeoff } from "./controller";
import { NO_SEARCH, type Seen, type TradeoffAction, type TradeoffView } from "./slice";

export const tradeoff = {
  id: "tradeoff",
  label: "Trade-off",
  initial: NO_SEARCH,
  create(api: Api<Seen>, store: Store<TradeoffView>) {
    let work: Promise<Tradeoff> | undefined;
    const later = (): Promise<Tradeoff> => (work ??= import("./controller").then(({ Tradeoff }) => new Tradeoff(api, store)));
    return {
      act: async (action: TradeoffAction) => (await later()).act(action),
      settled: () => {
        if (api.snapshot.state.view === "tradeoff") later().then((tradeoff) => tradeoff.follow()).catch((error: unknown) => api.fail(error));
      },
      reported: (_name: string, complete: boolean) => {
        if (complete) void work?.then((tradeoff) => tradeoff.follow());
      },
    } satisfies Controller;
  },
  load: () => import("./view"),
  view: (seen: Seen) => html`<mw-tradeoff-view .snapshot=${seen}></mw-tradeoff-view>`,
} as const satisfies Feature;
