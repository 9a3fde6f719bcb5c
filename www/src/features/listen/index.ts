// Listen: a clip, from the test set or of the visitor's own, and what both models answer to it.

import { html } from "lit";
import type { Api, Feature, Store } from "../../engine/bench/feature";
import type { ModelCard } from "../../engine/types";
import { Listen } from "./controller";
import type { Listening, Seen } from "./slice";
import "./view";

export type { Listening } from "./slice";

const initial: Listening = { id: "0", soundless: false, recording: false, playing: false };

export const listen = {
  id: "listen",
  label: "Listen",
  needs: (card: ModelCard) => Boolean(card.front_end),
  initial,
  create: (api: Api<Seen>, store: Store<Listening>) => new Listen(api, store),
  view: (seen: Seen) => html`<mw-listen-view .snapshot=${seen}></mw-listen-view>`,
} as const satisfies Feature;
