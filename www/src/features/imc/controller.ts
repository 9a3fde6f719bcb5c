// What the Memory and Hardware views do: the memory module's worker, what it was asked, and what it answered.

import type { Candidate, MatricesView, Measured, MemoryAction, MemoryView, Seen } from "./slice";
import type { MatrixSource } from "../../engine/worker/memory-host";
import type { Api, Store } from "../../engine/bench/feature";
import { SEEDS, type State } from "../../engine/bench/state";
import type { ChipScores, InputFile } from "../../engine/types";
import { Cancelled } from "../../engine/client/bench-worker";
import { MemoryWorker } from "../../engine/client/on-demand";
import type { Timed, ToTime } from "../../engine/worker/speed";
import { Chips } from "./chips";
import { Script, ScriptError } from "./script";
import { m } from "./text";

/** Test items that run in the array: enough for its data-dependent energy. */
const ITEMS = 10;
/** Test items that the editor's code is given, and lines of it that are kept. */
const ROWS = 16;
const LINES = 500;
/** What analog chips are scored by: how many of them, on how many items. */
const CHIPS = { chips: 10, items: 100 };

export class MemoryWork {
  #api: Api<Seen>;
  #store: Store<MemoryView>;
  #worker = new MemoryWorker();
  /** Analog chips run beside everything else. */
  #analog = new Chips();
  /** What each worker has open, and what the first was last asked. */
  #opened = new Map<MemoryWorker, string>();
  #asked = "";
  /** The model that chips were run with. */
  #charged = "";
  #script = new Script();
  /** Which product was last asked for. */
  #turn = 0;

  constructor(api: Api<Seen>, store: Store<MemoryView>) {
    this.#api = api;
    this.#store = store;
  }

  async follow(subject: Candidate | undefined): Promise<void> {
    await this.#show(subject).catch((error: unknown) => this.#fail(error));
  }

  async act(action: MemoryAction, subject: Candidate | undefined): Promise<void> {
    switch (action.memory) {
      case "macro":
        this.#forgetChips();
        this.#store.patch({ array: action.id }, "supply", "count");
        break;
      case "supply":
        this.#store.patch({ supply: action.volts });
        break;
      case "count":
        this.#store.patch({ count: action.macros });
        break;
      case "model-bit":
        this.#store.patch(action.picojoules === undefined ? {} : { modelBit: action.picojoules }, "modelBit");
        break;
      case "circuit":
        return this.#store.patch({ circuit: { ...this.#store.now.circuit, ...action.circuit } });
      case "optimise":
        return this.#store.patch({ optimise: action.on });
      case "chips":
        return this.#chips(subject);
      case "stop":
        return this.#forgetChips();
      case "worth":
        if (this.#store.now.worth) return;
        return this.#store.patch({ worth: await this.#worker.call((host) => host.worth()) });
      case "script":
        return this.#run(action.code, subject);
      case "stop-script":
        return this.#script.end(new Cancelled("Stopped"));
      case "score":
        return this.#store.patch({ hardware: { ...this.#store.now.hardware, benchmark: action.benchmark } });
      case "matrix":
        return this.#matrices([[action.which, action.source]], subject);
      case "bits":
        this.#put({ bits: action.bits });
        return this.#multiply();
      case "measure":
        return this.#measure();
      case "random":
        return this.#random(action.size);
      case "matrices":
        return this.#take(action.files);
    }
    if (this.#store.now.matrices.report) await this.#multiply();
    await this.follow(subject);
  }

  #fail(error: unknown): void {
    if (error instanceof Cancelled) return;
    this.#asked = "";
    this.#store.patch({ running: false, error: words(error) }, "report");
  }

  #request(device: string) {
    const { array, supply, count, modelBit } = this.#store.now;
    return {
      array,
      knobs: { ...(supply && { supply }), ...(count && { count }), ...(modelBit !== undefined && { model_bit: modelBit }) },
      packing: true,
      device,
      items: ITEMS,
      analog: undefined,
    };
  }

  async #show(subject: Candidate | undefined): Promise<void> {
    const { state } = this.#api.snapshot;
    if (!this.#store.now.macros.length) this.#store.patch({ macros: await this.#worker.call((host) => host.macros()) });
    if (!subject) return;
    if (this.#store.now.chips && this.#charged !== subject.key) this.#forgetChips();
    const asked = JSON.stringify([subject.key, state.view, state.device, state.rate, this.#request(state.device)]);
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.#store.patch({ running: true }, "error");
    await this.#open(this.#worker, subject);
    await (state.view === "memory" ? this.#array(state, asked) : this.#hardware(state, asked));
    if (this.#asked === asked) this.#store.patch({ running: false });
  }

  async #open(worker: MemoryWorker, { key, name, data, file }: Candidate): Promise<void> {
    if (this.#opened.get(worker) === key) return;
    this.#opened.delete(worker);
    const bytes = await file();
    await worker.call((host) => host.open(bytes, name, data, SEEDS));
    this.#opened.set(worker, key);
  }

  async #array(state: State, asked: string): Promise<void> {
    const report = await this.#worker.call((host) => host.imc(this.#request(state.device)));
    if (this.#asked === asked) this.#store.patch({ report }, "error");
  }

  async #hardware(state: State, asked: string): Promise<void> {
    const report = await this.#worker.call((host) => host.hardware(state.rate, this.#request(state.device)));
    const scoreboard = await this.#worker.call((host) => host.scoreboard(this.#request(state.device)));
    if (this.#asked === asked) this.#store.patch({ hardware: { ...this.#store.now.hardware, report, scoreboard } });
  }

  async #random([rows, depth, columns]: readonly [number, number, number]): Promise<void> {
    const made = (rows: number, columns: number): MatrixSource => ({ from: "made", rule: "normal", rows, columns });
    await this.#matrices([[0, made(rows, depth)], [1, made(depth, columns)]]);
  }

  /** One file is B where A is there already; two are A and B by their names; an archive may hold both. */
  async #take(files: InputFile[]): Promise<void> {
    const [first, second] = [...files].sort((one, other) => (one.path < other.path ? -1 : 1));
    if (!first || files.length > 2) throw new Error(m("matrices.two"));
    const archive = !second && first.bytes[0] === 0x50 && first.bytes[1] === 0x4b;
    if (second ?? archive) return this.#matrices([[0, { from: "file", file: first }], [1, { from: "file", file: second ?? first }]]);
    await this.#matrices([[this.#store.now.matrices.cards[0] ? 1 : 0, { from: "file", file: first }]]);
  }

  /** Takes matrices in, and multiplies where there are two. */
  async #matrices(sources: readonly (readonly [0 | 1, MatrixSource])[], subject?: Candidate): Promise<void> {
    const turn = ++this.#turn;
    this.#put({ running: true }, "error");
    try {
      for (const [which, source] of sources) {
        if (source.from === "layer" && subject) await this.#open(this.#worker, subject);
        const card = await this.#worker.call((host) => host.matrix(which, source));
        const { cards } = this.#store.now.matrices;
        this.#put({ cards: which ? [cards[0], card] : [card, cards[1]] }, "report", "trace", "measured");
      }
      await this.#multiply(turn);
    } catch (error) {
      if (!(error instanceof Cancelled)) this.#put({ running: false, error: words(error) }, "report", "trace");
    }
  }

  async #multiply(turn = ++this.#turn): Promise<void> {
    const { cards, bits } = this.#store.now.matrices;
    if (!cards[0] || !cards[1]) return this.#put({ running: false });
    const { array, knobs } = this.#request("");
    const [a_bits, b_bits] = bits;
    try {
      const { report, trace } = await this.#worker.call((host) => host.product({ array, knobs, a_bits, b_bits, packing: true, chip: undefined, choose: true }));
      if (turn === this.#turn) this.#put({ running: false, report, ...(trace && { trace }) }, "error", "trace");
    } catch (error) {
      if (turn === this.#turn && !(error instanceof Cancelled)) this.#put({ running: false, error: words(error) }, "report", "trace");
    }
  }

  /** Times the product on this machine: with plain loops, with SIMD, and with relaxed SIMD where there is one. */
  async #measure(): Promise<void> {
    const turn = this.#turn;
    const [file, input] = await this.#worker.call((host) => host.timed());
    if (!file || !input) return;
    let measured: Measured[] = [];
    this.#put({ measured });
    for (const how of ["scalar", "simd", "relaxed"] as const) {
      const timed = await time({ how, file, input });
      if (turn !== this.#turn) return;
      measured = [...measured, { id: how, ...timed }];
      this.#put({ measured });
    }
  }

  #put(change: Partial<MatricesView>, ...without: (keyof MatricesView)[]): void {
    const matrices = { ...this.#store.now.matrices };
    for (const field of without) delete matrices[field];
    this.#store.patch({ matrices: { ...matrices, ...change } });
  }

  /** Runs chips on charge and shows the scores of those that have run. */
  async #chips(subject: Candidate | undefined): Promise<void> {
    if (!subject) return;
    this.#forgetChips();
    const { circuit, optimise } = this.#store.now;
    const show = (change: { scores?: ChipScores; running: boolean; error?: string }): void => {
      const { scores } = this.#store.now.chips ?? {};
      this.#store.patch({ chips: { circuit, optimise, ...(scores && { scores }), ...change } });
    };
    show({ running: true });
    try {
      this.#charged = subject.key;
      const request = {
        ...this.#request(this.#api.snapshot.state.device),
        items: CHIPS.items,
        analog: { circuit, chips: CHIPS.chips, optimise },
      };
      await this.#analog.run(request, CHIPS.chips, (worker) => this.#open(worker, subject), (scores) => show({ scores, running: true }));
      show({ running: false });
    } catch (error) {
      if (error instanceof Cancelled) return;
      this.#forgetChips();
      show({ running: false, error: words(error) });
    }
  }

  /** Runs the editor's code in a worker of its own. */
  async #run(code: string, subject: Candidate | undefined): Promise<void> {
    this.#script.end(new Cancelled("Again"));
    this.#script = new Script();
    const script = this.#script;
    let lines: string[] = [];
    const show = (change: Omit<NonNullable<MemoryView["script"]>, "lines">): void => {
      if (this.#script === script) this.#store.patch({ script: { lines, ...change } });
    };
    show({ running: true });
    try {
      let items: { shape: number[]; data: Float32Array } | undefined;
      if (subject) {
        await this.#open(this.#worker, subject);
        items = await this.#worker.call((host) => host.rows(ROWS)).catch(() => undefined);
      }
      await script.run(code, { model: subject?.original, items }, (line) => {
        lines = [...lines, ...line.split("\n")].slice(-LINES);
        show({ running: true });
      });
      show({ running: false });
    } catch (error) {
      const at = error instanceof ScriptError ? error.at : undefined;
      show({ running: false, ...(!(error instanceof Cancelled) && { error: { message: words(error), ...(at && { at }) } }) });
    }
  }

  #forgetChips(): void {
    if (this.#store.now.chips?.running) {
      this.#analog.end();
      for (const worker of this.#analog.workers) this.#opened.delete(worker);
    }
    this.#store.patch({}, "chips");
  }
}

const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** One measurement, in a worker that ends with it. */
function time(what: ToTime): Promise<Timed> {
  const worker = new Worker(new URL("../../engine/worker/speed.ts", import.meta.url), { type: "module" });
  return new Promise<Timed>((resolve) => {
    worker.addEventListener("message", ({ data }: MessageEvent<Timed>) => resolve(data));
    worker.addEventListener("error", ({ message }) => resolve({ error: message }));
    worker.postMessage(what);
  }).finally(() => worker.terminate());
}
