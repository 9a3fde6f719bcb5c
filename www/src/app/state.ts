// What the user has chosen: one small immutable object. Undo, redo and links are made of nothing else.

import { BUILT_IN } from "../engine/bench/samples";
import type { Recipe, SideName } from "../engine/types";

export type View = "listen" | "weights" | "layers" | "bytes" | "tradeoff" | "levels" | "train" | "memory" | "hardware";
export const VIEWS: readonly View[] = ["listen", "weights", "layers", "bytes", "tradeoff", "levels", "train", "memory", "hardware"];

export type Metric = "weight_bytes" | "activation_bytes" | "macs" | "latency" | "energy" | "sqnr";
export const METRICS: readonly Metric[] = ["weight_bytes", "activation_bytes", "macs", "latency", "energy", "sqnr"];

export interface State {
  /** A built-in sample's name, or the SHA-256 of a file that was opened. */
  readonly model: string;
  /** The file's name, so that a link can say which file to drop. */
  readonly name: string;
  /** A built-in sample's name, the identifier of a set that was opened, or empty. */
  readonly data: string;
  /** Which version of the user's own clips there is: every change to them makes a new one (see own.ts). */
  readonly own: number;
  /** Seed of the split into items that calibrate and items that test. */
  readonly seed: number;
  readonly a: Recipe;
  readonly b: Recipe;
  readonly view: View;
  /** The layer that Weights and the inspector show, as a pair's key (see pairs.ts); empty for the first with weights. */
  readonly layer: string;
  readonly metric: Metric;
  readonly worst: boolean;
  readonly device: string;
  /** Inferences each second. */
  readonly rate: number;
}

/** What changes the state; every one can be undone. */
export type Change =
  | { do: "recipe"; side: SideName; recipe: Recipe; settled: boolean }
  | { do: "copy"; from: SideName }
  | { do: "swap" }
  | { do: "view"; view: View }
  | { do: "layer"; layer: string }
  | { do: "metric"; metric: Metric }
  | { do: "worst"; worst: boolean }
  | { do: "device"; device: string }
  | { do: "rate"; rate: number }
  | { do: "model"; model: string; name: string; data: string; b?: Recipe }
  | { do: "data"; data: string }
  | { do: "clips"; own: number }
  | { do: "seed"; seed: number };

/** The macro of the Memory view at first. */
export const GENERIC = "generic-22nm";
/** The data set that is made of the user's own clips. */
export const OWN = "own";
/** The largest seed that the engine takes. */
export const MOST_SEED = 2 ** 32 - 1;
/** Seeds are the same for everyone, so that links agree. Generated clips: none that the sample was trained on. */
export const SEEDS = { generated: 3, split: 1 } as const;
/** Items whose activations are compared layer by layer. */
export const LAYER_ITEMS = 16;
export const RATE = { min: 0.001, max: 1000 } as const;

export const ORIGINAL: Recipe = { version: 1, steps: [] };

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

/** Whether two recipes say the same. */
export function same(one: Recipe, other: Recipe): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
