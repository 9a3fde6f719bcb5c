// Listening now: the microphone, both models' answers as they come, and what was detected.

import type { Api, Feature, Store } from "../../engine/bench/feature";
import { Live } from "./controller";
import type { LiveView, Seen } from "./slice";
import "./view";

export { Microphone } from "./microphone";
export type { LiveAction, LiveView } from "./slice";

const initial: LiveView = { phase: "off", normalizers: [], feed: new EventTarget() };

export const live = {
  id: "live",
  initial,
  create: (api: Api<Seen>, store: Store<LiveView>) => new Live(api, store),
} as const satisfies Feature;
