// What the visitor has chosen: one small immutable object. Undo, redo and links are made of nothing else.

import type { Recipe, SideName } from "../types";

export type Metric = "weight_bytes" | "activation_bytes" | "macs" | "latency" | "energy" | "sqnr";
export const METRICS: readonly Metric[] = ["weight_bytes", "activation_bytes", "macs", "latency", "energy", "sqnr"];

export interface State {
  /** A built-in sample's name, or the SHA-256 of a file that was opened. */
  readonly model: string;
  /** The file's name, so that a link can say which file to drop. */
  readonly name: string;
  /** A built-in sample's name, the identifier of a set that was opened, or empty. */
  readonly data: string;
  /** Which version of the user's own clips there is: every change to them makes a new one (see features/clips). */
  readonly own: number;
  /** Seed of the split into items that calibrate and items that test. */
  readonly seed: number;
  readonly a: Recipe;
  readonly b: Recipe;
  /** The feature that the stage shows, by its identifier. */
  readonly view: string;
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
  | { do: "view"; view: string }
  | { do: "layer"; layer: string }
  | { do: "metric"; metric: Metric }
  | { do: "worst"; worst: boolean }
  | { do: "device"; device: string }
  | { do: "rate"; rate: number }
  | { do: "model"; model: string; name: string; data: string; b?: Recipe }
  | { do: "data"; data: string }
  | { do: "clips"; own: number }
  | { do: "seed"; seed: number };

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

/** Whether two recipes say the same. */
export function same(one: Recipe, other: Recipe): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
