// What the side panels hold of their own, and what they ask for.

import type { Ask, BenchAction, BenchView } from "../../engine/bench/view";
import type { Preset, SideName } from "../../engine/types";
import type { TrainAction, Runs } from "../train/index";

export interface RecipeView {
  /** Presets that the visitor saved. */
  saved: readonly Preset[];
}

export type RecipeAction = { recipe: "save"; side: SideName; name: string } | { recipe: "drop"; name: string };

export type Seen = BenchView & { recipe: RecipeView; train: Runs };
export type Action = BenchAction | Ask<"recipe", RecipeAction> | Ask<"train", TrainAction>;
