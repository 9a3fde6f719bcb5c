// The visitor's own clips: recorded, dropped or taken from a set; edited, and tested on.

import type { Api, Feature, Store } from "../../engine/bench/feature";
import { Own } from "./controller";
import "./editor";
import "./set";
import "./style.css";
import type { ClipsView, Seen } from "./slice";

export { divided } from "./controller";
export type { ClipsView, OwnAction, OwnClip } from "./slice";

const initial: ClipsView = { clips: [], unsaved: 0, labels: [], calibrating: [] };

export const clips = {
  id: "clips",
  initial,
  create: (api: Api<Seen>, store: Store<ClipsView>) => new Own(api, store),
} as const satisfies Feature;
