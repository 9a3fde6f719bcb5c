// In-memory compute and hardware: what the workshop says of B's candidate in an array, of two matrices, and of every platform.

import type { Session } from "./session";
import { SEEDS, type State } from "./state";
import { t } from "./text";
import type { HardwareReport, ImcReport, InputFile, MacroCard, MatmulReport, ScoreboardReport } from "./types";
import { Cancelled, type DataSet } from "./worker/bench-worker";
import { WorkshopWorker } from "./worker/workshop";

export type MemoryAction =
  | { memory: "macro"; id: string }
  | { memory: "supply"; volts: number }
  | { memory: "count"; macros: number }
  | { memory: "matrices"; files: InputFile[] }
  | { memory: "random"; size: readonly [number, number, number] }
  | { memory: "score"; benchmark: string };

export interface MemoryView {
  macros: readonly MacroCard[];
  /** The macro and what is turned on it. */
  array: string;
  supply?: number;
  count?: number;
  running: boolean;
  report?: ImcReport;
  /** Why there is none. */
  error?: string;
  matrices?: { a: string; b: string; report?: MatmulReport };
}

export interface HardwareView {
  report?: HardwareReport;
  scoreboard?: ScoreboardReport;
  /** The benchmark that the scoreboard shows. */
  benchmark: string;
}

/** Test items that run in the array: enough for its data-dependent energy. */
const ITEMS = 10;

export class Memory {
  #session: Session;
  #worker = new WorkshopWorker();
  /** What the worker has open, and what it was last asked. */
  #opened = "";
  #asked = "";
  #matrices: { a: InputFile; b: InputFile } | undefined;
  #subject: { key: string; name: string; data: DataSet | undefined; file: () => Promise<Uint8Array> } | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** B's candidate is there; `key` says which. */
  made(key: string, name: string, data: DataSet | undefined, file: () => Promise<Uint8Array>): void {
    this.#subject = { key, name, data, file };
    this.follow();
  }

  /** Shows what the present view needs. */
  follow(): void {
    const { view } = this.#session.snapshot.state;
    if (view !== "memory" && view !== "hardware") return;
    this.#show().catch((error: unknown) => this.#fail(error));
  }

  async act(action: MemoryAction): Promise<void> {
    switch (action.memory) {
      case "macro":
        this.#patch({ array: action.id }, "supply", "count");
        break;
      case "supply":
        this.#patch({ supply: action.volts });
        break;
      case "count":
        this.#patch({ count: action.macros });
        break;
      case "score":
        return this.#session.patch({ hardware: { ...this.#session.snapshot.hardware, benchmark: action.benchmark } });
      case "random":
        return this.#random(action.size);
      case "matrices":
        return this.#take(action.files);
    }
    if (this.#matrices) await this.#multiply();
    this.follow();
  }

  get #view(): MemoryView {
    return this.#session.snapshot.memory;
  }

  #patch(change: Partial<MemoryView>, ...without: (keyof MemoryView)[]): void {
    const view = { ...this.#view };
    for (const field of without) delete view[field];
    this.#session.patch({ memory: { ...view, ...change } });
  }

  #fail(error: unknown): void {
    if (error instanceof Cancelled) return;
    this.#asked = "";
    this.#patch({ running: false, error: error instanceof Error ? error.message : String(error) }, "report");
  }

  #request(device: string) {
    const { array, supply, count } = this.#view;
    return { array, knobs: { ...(supply && { supply }), ...(count && { count }) }, packing: true, device, items: ITEMS, analog: undefined };
  }

  async #show(): Promise<void> {
    const { state } = this.#session.snapshot;
    const subject = this.#subject;
    if (!this.#view.macros.length) this.#patch({ macros: await this.#worker.call((host) => host.macros()) });
    if (!subject) return;
    const asked = JSON.stringify([subject.key, state.view, state.device, state.rate, this.#request(state.device)]);
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.#patch({ running: true }, "error");
    if (this.#opened !== subject.key) {
      this.#opened = "";
      const file = await subject.file();
      await this.#worker.call((host) => host.open(file, subject.name, subject.data, SEEDS));
      this.#opened = subject.key;
    }
    await (state.view === "memory" ? this.#array(state, asked) : this.#hardware(state, asked));
    if (this.#asked === asked) this.#patch({ running: false });
  }

  async #array(state: State, asked: string): Promise<void> {
    const report = await this.#worker.call((host) => host.imc(this.#request(state.device)));
    if (this.#asked === asked) this.#patch({ report }, "error");
  }

  async #hardware(state: State, asked: string): Promise<void> {
    const report = await this.#worker.call((host) => host.hardware(state.rate));
    const scoreboard = await this.#worker.call((host) => host.scoreboard(this.#request(state.device)));
    const { hardware } = this.#session.snapshot;
    if (this.#asked === asked) this.#session.patch({ hardware: { ...hardware, report, scoreboard } });
  }

  async #random([rows, depth, columns]: readonly [number, number, number]): Promise<void> {
    const [a, b] = await this.#worker.call(async (host) => [await host.randomMatrix(rows, depth, 1), await host.randomMatrix(depth, columns, 2)] as const);
    this.#matrices = {
      a: { path: t("memory.random-name", { rows: String(rows), columns: String(depth) }), bytes: a },
      b: { path: t("memory.random-name", { rows: String(depth), columns: String(columns) }), bytes: b },
    };
    await this.#multiply();
  }

  async #take(files: InputFile[]): Promise<void> {
    const [a, b] = [...files].sort((one, other) => (one.path < other.path ? -1 : 1));
    if (!a || !b || files.length !== 2) throw new Error(t("memory.two"));
    this.#matrices = { a, b };
    await this.#multiply();
  }

  async #multiply(): Promise<void> {
    const matrices = this.#matrices;
    if (!matrices) return;
    const { a, b } = matrices;
    this.#patch({ matrices: { a: a.path, b: b.path } });
    const { array, knobs } = this.#request("");
    const report = await this.#worker.call((host) => host.matmul(a.bytes, b.bytes, { array, knobs, a_bits: 8, b_bits: 8, packing: true, chip: undefined }));
    if (this.#matrices === matrices) this.#patch({ matrices: { a: a.path, b: b.path, report } });
  }
}
