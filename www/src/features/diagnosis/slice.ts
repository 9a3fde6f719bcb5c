// What the diagnosis of B holds, and what it can be asked for; what does it is loaded later (diagnosis.ts).

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
