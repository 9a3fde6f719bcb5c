// The diagnosis of B, as everything that draws may read it.

import type { Ask, BenchAction, BenchView } from "../../engine/bench/view";
import type { Delta, DiagnosisReport, Strip } from "../../engine/types";

export type DiagnosisAction = { diagnose: "start" | "stop" };

/** A candidate that was measured, and how far it is from another. */
export interface Brought {
  strip: Strip;
  deltas: Delta[];
}

export interface Diagnosis {
  /** The bench and the recipe that it is about. */
  key?: string;
  running: boolean;
  report?: DiagnosisReport;
  /** What each remedy brought, in their order, as far as they were tried. */
  brought: readonly (Brought | undefined)[];
  /** What each repair of the recipe bought, in their order, as far as they were left out. */
  bought: readonly (Brought | undefined)[];
}

export type Seen = BenchView & { diagnosis: Diagnosis };
export type Action = BenchAction | Ask<"diagnosis", DiagnosisAction>;
