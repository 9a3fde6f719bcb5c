// The level experiment, as everything that draws may read it.

import type { Ask, BenchAction, BenchView } from "../../engine/bench/view";
import type { LevelsReport } from "../../engine/types";
import type { Listening } from "../listen/index";

export interface LevelsRun {
  /** What the numbers below, or those under way, are about. */
  key?: string;
  progress?: { done: number; total: number };
  /** A's report is there where A is not the original, of which B's report tells. */
  reports?: { a?: LevelsReport; b: LevelsReport };
}

export type LevelsAction = { levels: "play" };

export type Seen = BenchView & { levels: LevelsRun; listen: Listening };
export type Action = BenchAction | Ask<"levels", LevelsAction>;
