// The memory worker's side: computes in memory, called from the page through comlink.

import { expose } from "comlink";
import type { DataSet } from "../client/bench-worker";
import type { InputFile } from "../types";
import { OnDemandHost, type Seeds } from "./on-demand-host";
import init, {
  Bench, type ChipRun, type ChipScores, type HardwareReport, imc_macros, imc_worth, type ImcChips, type ImcReport, type ImcRequest,
  type ImcRun, type MacroCard, type MatmulReport, type MatmulRequest, Matrices, type MatrixCard, type Rule, scoreboard, type ScoreboardReport,
  type TraceReport, type WorthRow,
} from "../wasm/memory/milliwatt";

/** Where a matrix comes from. */
export type MatrixSource =
  | { from: "made"; rule: Rule; rows: number; columns: number }
  | { from: "text"; text: string }
  | { from: "file"; file: InputFile }
  | { from: "layer"; node: number };

/** When nothing that was asked for at the start is likely to wait any more. */
const WARM_AFTER_MS = 300;

/** Multiplies two small matrices, so that the browser has compiled that code well before someone waits for a large product. */
function warm(): void {
  const [array] = imc_macros();
  if (!array) return;
  const matrices = new Matrices();
  matrices.make(0, "normal", 256, 1024, 1);
  matrices.make(1, "normal", 1024, 32, 2);
  matrices.product({ array: array.id, knobs: {}, a_bits: 8, b_bits: 8, packing: true, chip: undefined, choose: true });
  matrices.free();
}

export class MemoryHost extends OnDemandHost<Bench> {
  #matrices: Matrices | undefined;
  #ran: { array: string; run: ImcRun } | undefined;
  #chips: ImcChips | undefined;

  protected override async begin(module: WebAssembly.Module): Promise<Bench> {
    await init({ module_or_path: module });
    setTimeout(warm, WARM_AFTER_MS);
    return new Bench();
  }

  override open(bytes: Uint8Array, name: string, data: DataSet | undefined, seeds: Seeds): void {
    this.#ran?.run.free();
    this.#ran = undefined;
    super.open(bytes, name, data, seeds);
  }

  macros(): MacroCard[] {
    return imc_macros();
  }

  /** The open model in the array. What ran there is kept: another supply or number of macros runs nothing again. */
  imc(request: ImcRequest): ImcReport {
    const { bench } = this;
    const array = request.array ?? "";
    let ran = this.#ran;
    if (ran?.array !== array) {
      ran?.run.free();
      ran = this.#ran = { array, run: bench.imc_run(request) };
    }
    return bench.imc_price(request, ran.run);
  }

  /** The first test items as rows of numbers. */
  rows(most: number): { shape: number[]; data: Float32Array } {
    const rows = this.bench.rows(most);
    const { shape, data } = rows;
    rows.free();
    return { shape: Array.from(shape), data };
  }

  /** Prepares analog chips; several workers that do so can share them. */
  chips(request: ImcRequest): void {
    this.#chips?.free();
    this.#chips = this.bench.imc_chips(request);
  }

  /** Runs one of the chips. */
  chip(seed: number): ChipRun {
    return this.#prepared().run(seed);
  }

  /** Takes in what a chip did, here or in another worker; the scores so far. */
  takeChip(run: ChipRun): ChipScores {
    this.#prepared().take(run);
    return this.#prepared().scores();
  }

  hardware(rate: number, request: ImcRequest): HardwareReport {
    return this.bench.hardware(rate, request);
  }

  worth(): WorthRow[] {
    return imc_worth();
  }

  scoreboard(request: ImcRequest): ScoreboardReport {
    return scoreboard(request);
  }

  /** Takes A (0) or B (1) in. */
  matrix(which: 0 | 1, source: MatrixSource): MatrixCard {
    const matrices = (this.#matrices ??= new Matrices());
    switch (source.from) {
      case "made":
        return matrices.make(which, source.rule, source.rows, source.columns, which + 1);
      case "text":
        return matrices.read(which, source.text);
      case "file":
        return matrices.open(which, source.file.path, source.file.bytes);
      case "layer":
        return matrices.layer(this.bench, source.node);
    }
  }

  /** A times B, and every cycle of it where there are few. */
  product(request: MatmulRequest): { report: MatmulReport; trace: TraceReport | undefined } {
    const matrices = (this.#matrices ??= new Matrices());
    return { report: matrices.product(request), trace: matrices.watch(request) };
  }

  /** The product as a file, and what goes in: for other modules to run. */
  timed(): Uint8Array[] {
    return this.#matrices?.timed() ?? [];
  }

  #prepared(): ImcChips {
    if (!this.#chips) throw new Error("No chips are prepared");
    return this.#chips;
  }
}

expose(new MemoryHost());
