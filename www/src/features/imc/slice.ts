// In-memory compute and hardware: what the views hold. What they do is loaded when one of them is first looked at.

import type { MemoryWork } from "./controller";
import type { Session } from "../../app/session";
import type {
  ChipScores, HardwareReport, ImcReport, InputFile, MacroCard, MatmulReport, MatrixCard, Rule, ScoreboardReport, TraceReport,
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

/** Where a matrix comes from. */
export type MatrixSource =
  | { from: "made"; rule: Rule; rows: number; columns: number }
  | { from: "text"; text: string }
  | { from: "file"; file: InputFile }
  | { from: "layer"; node: number };

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
}

export interface HardwareView {
  report?: HardwareReport;
  scoreboard?: ScoreboardReport;
  /** The benchmark that the scoreboard shows. */
  benchmark: string;
}

/** B's candidate; `key` says which. */
export interface Subject {
  key: string;
  name: string;
  data: DataSet | undefined;
  file: () => Promise<Uint8Array>;
  /** The file that the candidate was made of. */
  original: Uint8Array;
}

export class Memory {
  #session: Session;
  #work: Promise<MemoryWork> | undefined;
  #subject: Subject | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** B's candidate is there. */
  made(subject: Subject): void {
    this.#subject = subject;
    this.follow();
  }

  /** Shows what the present view needs. */
  follow(): void {
    const { view } = this.#session.snapshot.state;
    if (view === "memory" || view === "hardware") void this.#with((work) => work.follow(this.#subject));
  }

  act(action: MemoryAction): Promise<void> {
    return this.#with((work) => work.act(action, this.#subject));
  }

  async #with(use: (work: MemoryWork) => Promise<void>): Promise<void> {
    this.#work ??= import("./controller").then(({ MemoryWork }) => new MemoryWork(this.#session));
    this.#work.catch(() => (this.#work = undefined));
    await use(await this.#work);
  }
}
