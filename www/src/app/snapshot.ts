// Everything that the elements draw, in one immutable object. They read it and send actions back; nothing else.

import { normal, normalised } from "../engine/bench/recipes";
import { GENERIC, INITIAL, type State } from "./state";
import { loadPresets } from "./storage";
import type { Given } from "../ui/files";
import type { LiveAction } from "../features/live/controller";
import type { HardwareView, MemoryAction, MemoryView } from "../features/imc/slice";
import type { Diagnosis, DiagnosisAction } from "../features/diagnosis/slice";
import { NO_SEARCH, type TradeoffAction, type TradeoffView } from "../features/tradeoff/slice";
import type { TriedList } from "../engine/bench/tried";
import type { Offline } from "./offline";
import type { OwnAction, OwnClip } from "../features/clips/controller";
import type {
  Answer, Choice, ClipView, Comparison, DataCard, DeviceCard, LevelsReport, LintReport, LiveSettings, ModelCard, Preset,
  Report, SideName, SpectrogramView, Transform, WeightsView,
} from "../engine/types";
import type { Runs, TrainAction } from "../features/train/controller";
import type { Phase } from "../engine/client/side";
import type { Change } from "./state";

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

export interface Notice {
  id: number;
  kind: "error" | "warning" | "info";
  text: string;
  action?: { label: string; act: Action };
}

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

/** The level experiment. */
export interface LevelsRun {
  /** What the numbers below, or those under way, are about. */
  key?: string;
  progress?: { done: number; total: number };
  /** A's report is there where A is not the original, of which B's report tells. */
  reports?: { a?: LevelsReport; b: LevelsReport };
}

/** The user's own clips. */
export interface OwnView {
  clips: readonly OwnClip[];
  /** How many of them are lost with the tab. */
  unsaved: number;
  /** The labels that the model knows. */
  labels: readonly string[];
  /** Identifiers of the clips that ranges are measured on, while the own clips are the data. */
  calibrating: readonly string[];
}

/** Listening to the microphone. */
export interface LiveView {
  phase: "off" | "starting" | "on";
  settings?: LiveSettings;
  normalizers: readonly Choice[];
  /** Sends the engine's events to whoever draws them. */
  feed: EventTarget;
}

/** What stands between B and its target. */
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

export interface Snapshot {
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
  saved: readonly Preset[];
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
  listening: Listening;
  levels: LevelsRun;
  own: OwnView;
  live: LiveView;
  training: Runs;
  memory: MemoryView;
  hardware: HardwareView;
  tried: TriedList;
  tradeoff: TradeoffView;
  diagnosis: Diagnosis;
  lint: LintView;
  /** What of the page stays on this device. */
  offline: Offline;
  /** The archive for the board is being made. */
  bundling: boolean;
  notices: readonly Notice[];
  dropping: boolean;
}

/** What elements ask for. */
export type Action =
  | Change
  | { do: "undo" | "redo" | "cancel" | "share" | "download" | "bundle" | "choose" | "help" | "samples" | "again" | "theme" | "reload" | "keep-offline" | "forget-files" | "missing" }
  | { do: "open"; files: Given[] }
  | { do: "sample"; id: string }
  | { do: "clip"; id: string }
  | { do: "play" }
  | { do: "play-levels" }
  | { do: "record"; on: boolean }
  | { do: "own"; what: OwnAction }
  | { do: "live"; what: LiveAction }
  | { do: "train"; what: TrainAction }
  | { do: "memory"; what: MemoryAction }
  | { do: "tradeoff"; what: TradeoffAction }
  | { do: "diagnose"; what: DiagnosisAction }
  | { do: "lint"; what: LintAction }
  | { do: "save-preset"; side: SideName; name: string }
  | { do: "drop-preset"; name: string }
  | { do: "dismiss"; id: number };

/** What the build writes into the HTML, so that the page opens finished. */
export interface Prefill {
  version: string;
  transforms: Transform[];
  presets: Preset[];
  devices: DeviceCard[];
  data: DataCard;
  a: Report;
  b: Report;
  comparison: Comparison;
}

/** The first picture: what the build knew, or an empty bench. */
export function first(prefill: Prefill | undefined, state: State = INITIAL): Snapshot {
  const transforms = prefill?.transforms ?? [];
  const completed = { ...state, a: normal(transforms, state.a), b: normal(transforms, state.b) };
  return {
    state: completed,
    canUndo: false,
    canRedo: false,
    ready: false,
    version: prefill?.version ?? "",
    transforms,
    presets: normalised(transforms, prefill?.presets ?? []),
    saved: loadPresets(),
    devices: prefill?.devices ?? [],
    ...(prefill && { card: prefill.a.model, data: prefill.data, comparison: prefill.comparison }),
    a: { made: false, complete: false, ...(prefill && { report: prefill.a }) },
    b: { made: false, complete: false, ...(prefill && { report: prefill.b }) },
    late: false,
    listening: { id: "0", soundless: false, recording: false, playing: false },
    own: { clips: [], unsaved: 0, labels: [], calibrating: [] },
    live: { phase: "off", normalizers: [], feed: new EventTarget() },
    levels: {},
    training: {},
    memory: { macros: [], array: GENERIC, running: false, circuit: { adc_bits: 8, dac_bits: 4, unit_ff: 1.2 }, optimise: true, matrices: { cards: [undefined, undefined], bits: [8, 8], running: false } },
    hardware: { benchmark: "kws" },
    tried: { about: "", dots: [] },
    tradeoff: NO_SEARCH,
    diagnosis: { running: false, brought: [], bought: [] },
    lint: { open: false, target: "tflm" },
    offline: "starting",
    bundling: false,
    notices: [],
    dropping: false,
  };
}
