// What the diagnosis of B holds, and what it can be asked for; what does it is loaded later (diagnosis.ts).

import type { Delta, DiagnosisReport, Strip } from "./types";

export type DiagnosisAction = { diagnose: "start" | "stop" };

export interface Diagnosis {
  /** The bench and the recipe that it is about. */
  key?: string;
  running: boolean;
  report?: DiagnosisReport;
  /** What each remedy brought, in their order, as far as they were tried. */
  brought: readonly ({ strip: Strip; deltas: Delta[] } | undefined)[];
}
