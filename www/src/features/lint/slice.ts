// What stands between B and its target, as everything that draws may read it.

import type { Ask, BenchAction, BenchView } from "../../engine/bench/view";
import type { LintReport } from "../../engine/types";
import type { BundleAction, BundleView } from "../bundle/index";

export interface LintView {
  open: boolean;
  target: string;
  /** What the report is about. */
  key?: string;
  report?: LintReport;
}

export interface LintAction {
  lint: "open" | "target" | "close";
  target?: string;
}

export type Seen = BenchView & { lint: LintView; bundle: BundleView };
export type Action = BenchAction | Ask<"lint", LintAction> | Ask<"bundle", BundleAction>;
