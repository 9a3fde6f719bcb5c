// What is being listened to, as everything that draws may read it.

import type { Ask, BenchAction, BenchView } from "../../engine/bench/view";
import type { ClipView, SpectrogramView } from "../../engine/types";
import type { ClipsView, OwnAction } from "../clips/index";
import type { LiveAction, LiveView } from "../live/index";

export interface Listening {
  /** The chosen chip's identifier. */
  id: string;
  clip?: ClipView;
  spectrogram?: SpectrogramView;
  /** The whole recording of an own clip: lowest and highest sample of each column, in turn. */
  wave?: Float32Array;
  /** The test items are arrays: only own clips can be heard. */
  soundless: boolean;
  recording: boolean;
  playing: boolean;
}

export type ListenAction = { listen: "choose"; id: string } | { listen: "play" } | { listen: "record"; on: boolean } | { listen: "keep"; samples: Float32Array; rate: number };

export type Seen = BenchView & { listen: Listening; clips: ClipsView; live: LiveView };
export type Action = BenchAction | Ask<"listen", ListenAction> | Ask<"clips", OwnAction> | Ask<"live", LiveAction>;
