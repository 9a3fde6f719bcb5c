// The state at first, and how it changes.

import { BUILT_IN } from "../engine/bench/samples";
import { type Change, MOST_SEED, ORIGINAL, RATE, same, SEEDS, type State } from "../engine/bench/state";
import { TABS } from "./features";

/** What the stage can show. */
export const VIEWS: readonly string[] = TABS.map(({ id }) => id);

export const INITIAL: State = {
  model: BUILT_IN[0].id,
  name: "model.tflite",
  data: BUILT_IN[0].data,
  own: 0,
  seed: SEEDS.split,
  a: ORIGINAL,
  b: {
    version: 1,
    steps: [
      {
        step: "quantize",
        scheme: "int8",
        granularity: "per_channel",
        calibration: { method: "min_max" },
        float_io: false,
      },
    ],
  },
  view: "listen",
  layer: "",
  metric: "weight_bytes",
  worst: false,
  device: "nucleo-h7a3zi-q",
  rate: 1,
};

/** The state after a change; the same object when nothing changes. */
export function reduce(state: State, change: Change): State {
  switch (change.do) {
    case "recipe":
      return same(state[change.side], change.recipe) ? state : { ...state, [change.side]: change.recipe };
    case "copy": {
      const to = change.from === "a" ? "b" : "a";
      return same(state.a, state.b) ? state : { ...state, [to]: state[change.from] };
    }
    case "swap":
      return same(state.a, state.b) ? state : { ...state, a: state.b, b: state.a };
    case "model":
      return change.model === state.model && change.data === state.data
        ? state
        : { ...state, model: change.model, name: change.name, data: change.data, layer: "", b: change.b ?? state.b };
    case "rate":
      return set(state, "rate", Math.min(RATE.max, Math.max(RATE.min, change.rate || RATE.min)));
    case "view":
      return set(state, "view", change.view);
    case "layer":
      return set(state, "layer", change.layer);
    case "metric":
      return set(state, "metric", change.metric);
    case "worst":
      return set(state, "worst", change.worst);
    case "device":
      return set(state, "device", change.device);
    case "data":
      return set(state, "data", change.data);
    case "clips":
      return set(state, "own", change.own);
    case "seed":
      return set(state, "seed", Math.min(MOST_SEED, Math.max(0, Math.floor(change.seed) || 0)));
  }
}

function set<K extends keyof State>(state: State, key: K, value: State[K]): State {
  return state[key] === value ? state : { ...state, [key]: value };
}
