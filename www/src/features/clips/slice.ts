// The visitor's own clips, as everything that draws may read them.

import type { Ask, BenchAction, BenchView } from "../../engine/bench/view";
import type { ClipView } from "../../engine/types";

export interface OwnClip {
  readonly id: string;
  readonly name: string;
  /** Empty where it has none. */
  readonly label: string;
  /** The whole recording. */
  readonly whole: Float32Array;
  readonly rate: number;
  /** The part that is heard and tested, in seconds. */
  readonly start: number;
  readonly end: number;
  /** That part. */
  readonly clip: ClipView;
  /** Whether it was made or changed here, so that nobody else has it. */
  readonly made: boolean;
}

export type OwnAction =
  | { own: "add"; clip: ClipView; made: boolean }
  | { own: "edit"; id: string; change: Partial<Pick<OwnClip, "name" | "label" | "start" | "end">> }
  | { own: "delete"; id: string }
  | { own: "restore"; clip: OwnClip; at: number }
  | { own: "use" | "save" | "take" };

export interface ClipsView {
  clips: readonly OwnClip[];
  /** How many of them are lost with the tab. */
  unsaved: number;
  /** The labels that the model knows. */
  labels: readonly string[];
  /** Identifiers of the clips that ranges are measured on, while the own clips are the data. */
  calibrating: readonly string[];
}

export type Seen = BenchView & { clips: ClipsView };
export type Action = BenchAction | Ask<"clips", OwnAction>;
