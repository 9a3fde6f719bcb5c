// What is on the bench, as everything that draws may read it, and what can be asked of the bench itself. Features add their own
// parts to both (see feature.ts).

import type { Phase } from "../client/side";
import type { Answer, Comparison, DataCard, DeviceCard, ModelCard, Preset, Report, Transform, WeightsView } from "../types";
import type { Change, State } from "./state";
import type { TriedList } from "./tried";

export interface SideView {
  /** Whether the worker holds the candidate, so that it can answer and show weights. */
  made: boolean;
  report?: Report;
  /** Whether the report is that of the present recipe, measured to the end. */
  complete: boolean;
  error?: string;
  /** The recipe trains, and that has not been done. */
  untrained?: boolean;
  progress?: { phase: Phase; detail: string; done: number; total: number };
  weights?: WeightsView;
  answer?: Answer;
  answerError?: string;
}

/** What a feature is asked for, by its identifier. */
export interface Ask<Id extends string = string, What = unknown> {
  ask: Id;
  what: What;
}

/** What the bench itself can be asked for. */
export type BenchAction =
  | Change
  | { do: "undo" | "redo" | "cancel" | "again" | "share" | "download" | "choose" | "help" | "samples" | "theme" | "reload" | "keep-offline" | "forget-files" | "missing" }
  | { do: "sample"; id: string }
  | { do: "dismiss"; id: number };

export interface Notice {
  id: number;
  kind: "error" | "warning" | "info";
  text: string;
  action?: { label: string; act: BenchAction | Ask };
}

export interface BenchView {
  state: State;
  canUndo: boolean;
  canRedo: boolean;
  /** Whether the engine has started. */
  ready: boolean;
  /** Why it cannot start. */
  stopped?: string;
  version: string;
  transforms: readonly Transform[];
  presets: readonly Preset[];
  devices: readonly DeviceCard[];
  card?: ModelCard;
  data?: DataCard;
  /** A link names a file that has to be opened first. */
  wanted?: { name: string; sha256: string };
  a: SideView;
  b: SideView;
  comparison?: Comparison;
  /** Work has lasted so long that it is worth telling. */
  late: boolean;
  /** Every recipe that was measured on the model and set on the bench. */
  tried: TriedList;
}
