// Training, as everything that draws may read it.

import type { Ask, BenchAction, BenchView } from "../../engine/bench/view";
import type { EpochRow, SideName, TrainingCard, TrainingNews, WeightsView, WrongExample } from "../../engine/types";

export type TrainAction =
  | { train: "start" | "pause" | "go-on" | "keep" | "drop"; side: SideName }
  | { train: "rate"; side: SideName; rate: number }
  | { train: "layer"; side: SideName; node: number };

/** One side's training as the view shows it. */
export interface Run {
  phase: "starting" | "running" | "paused" | "over";
  /** What it trains, as a lesson's key. */
  key: string;
  card?: TrainingCard;
  news?: TrainingNews;
  /** The loss of every step so far. */
  losses: readonly number[];
  epochs: readonly EpochRow[];
  wrong: readonly WrongExample[];
  layer: number;
  /** What it has learned so far is in the recipe. */
  kept?: boolean;
  /** Workers that share its steps. */
  workers: number;
  weights?: WeightsView;
}

export type Runs = Partial<Record<SideName, Run>>;

export type Seen = BenchView & { train: Runs };
export type Action = BenchAction | Ask<"train", TrainAction>;
