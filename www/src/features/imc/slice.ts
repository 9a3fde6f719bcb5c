// In-memory compute and hardware, as everything that draws may read them.

import type { Ask, BenchAction, BenchView } from "../../engine/bench/view";
import type { MatrixSource } from "../../engine/worker/memory-host";
import type {
  ChipScores, HardwareReport, ImcReport, InputFile, MacroCard, MatmulReport, MatrixCard, ScoreboardReport, TraceReport,
  WorthRow,
} from "../../engine/types";
import type { DataSet } from "../../engine/client/bench-worker";

export type MemoryAction =
  | { memory: "macro"; id: string }
  | { memory: "supply"; volts: number }
  | { memory: "count"; macros: number }
  | { memory: "model-bit"; picojoules?: number }
  | { memory: "circuit"; circuit: Partial<Circuit> }
  | { memory: "optimise"; on: boolean }
  | { memory: "chips" | "stop" | "worth" }
  | { memory: "script"; code: string }
  | { memory: "stop-script" }
  | { memory: "matrix"; which: 0 | 1; source: MatrixSource }
  | { memory: "matrices"; files: InputFile[] }
  | { memory: "random"; size: readonly [number, number, number] }
  | { memory: "bits"; bits: readonly [number, number] }
  | { memory: "measure" }
  | { memory: "score"; benchmark: string };

/** The product on this machine: with which instructions, and how long it took. */
export interface Measured {
  id: "scalar" | "simd" | "relaxed";
  seconds?: number;
  error?: string;
}

/** Two matrices and what came of them. */
export interface MatricesView {
  cards: readonly [MatrixCard | undefined, MatrixCard | undefined];
  bits: readonly [number, number];
  running: boolean;
  report?: MatmulReport;
  trace?: TraceReport;
  measured?: readonly Measured[];
  error?: string;
}

/** What can be set on the circuit of analog chips; the engine knows the rest. */
export interface Circuit {
  adc_bits: number;
  dac_bits: number;
  /** A cell's capacitor in femtofarad. */
  unit_ff: number;
}

export interface MemoryView {
  macros: readonly MacroCard[];
  /** The macro and what is turned on it. */
  array: string;
  supply?: number;
  count?: number;
  /** Picojoules for a bit read from where the model is kept, where somebody knows. */
  modelBit?: number;
  running: boolean;
  report?: ImcReport;
  /** Why there is none. */
  error?: string;
  circuit: Circuit;
  /** Whether ranges of converters are chosen on the data. */
  optimise: boolean;
  /** Scores of analog chips of this circuit, and whether more are on their way. */
  chips?: { circuit: Circuit; optimise: boolean; scores?: ChipScores; running: boolean; error?: string };
  /** What the cost models are worth, where that was asked. */
  worth?: readonly WorthRow[];
  /** What the editor's code said so far. */
  script?: { running: boolean; lines: readonly string[]; error?: { message: string; at?: number } };
  matrices: MatricesView;
  /** What the Hardware view shows. */
  hardware: HardwareView;
}

/** The macro at first. */
export const GENERIC = "generic-22nm";

export interface HardwareView {
  report?: HardwareReport;
  scoreboard?: ScoreboardReport;
  /** The benchmark that the scoreboard shows. */
  benchmark: string;
}

/** B's candidate; `key` says which. */
export interface Candidate {
  key: string;
  name: string;
  data: DataSet | undefined;
  file: () => Promise<Uint8Array>;
  /** The file that the candidate was made of. */
  original: Uint8Array;
}

export type Seen = BenchView & { memory: MemoryView };
export type Action = BenchAction | Ask<"memory", MemoryAction>;
