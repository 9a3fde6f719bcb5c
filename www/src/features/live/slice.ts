// Listening to the microphone, as everything that draws may read it.

import type { Ask, BenchAction, BenchView } from "../../engine/bench/view";
import type { Choice, LiveSettings } from "../../engine/types";

export interface LiveView {
  phase: "off" | "starting" | "on";
  settings?: LiveSettings;
  normalizers: readonly Choice[];
  /** Sends the engine's events to whoever draws them. */
  feed: EventTarget;
}

export type LiveAction = { live: "start" | "stop" | "keep" } | { live: "settings"; settings: LiveSettings };

export type Seen = BenchView & { live: LiveView };
export type Action = BenchAction | Ask<"live", LiveAction>;
