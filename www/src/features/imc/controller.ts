// What the Memory and Hardware views do: the memory module's worker, what it was asked, and what it answered.

import type { MatricesView, MatrixSource, Measured, MemoryAction, MemoryView, Subject } from "./slice";
import type { Session } from "../../app/session";
import { SEEDS, type State } from "../../app/state";
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
  #session: Session;
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

  constructor(session: Session) {
    this.#session = session;
  }

  async follow(subject: Subject | undefined): Promise<void> {
    await this.#show(subject).catch((error: unknown) => this.#fail(error));
  }

  async act(action: MemoryAction, subject: Subject | undefined): Promise<void> {
    switch (action.memory) {
      case "macro":
        this.#forgetChips();
        this.#patch({ array: action.id }, "supply", "count");
        break;
      case "supply":
        this.#patch({ supply: action.volts });
        break;
      case "count":
        this.#patch({ count: action.macros });
        break;
      case "model-bit":
        this.#patch(action.picojoules === undefined ? {} : { modelBit: action.picojoules }, "modelBit");
        break;
      case "circuit":
        return this.#patch({ circuit: { ...this.#view.circuit, ...action.circuit } });
      case "optimise":
        return this.#patch({ optimise: action.on });
      case "chips":
        return this.#chips(subject);
      case "stop":
        return this.#forgetChips();
      case "worth":
        if (this.#view.worth) return;
        return this.#patch({ worth: await this.#worker.call((host) => host.worth()) });
      case "script":
        return this.#run(action.code, subject);
      case "stop-script":
        return this.#script.end(new Cancelled("Stopped"));
      case "score":
        return this.#session.patch({ hardware: { ...this.#session.snapshot.hardware, benchmark: action.benchmark } });
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
    if (this.#view.matrices.report) await this.#multiply();
    await this.follow(subject);
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
    this.#patch({ running: false, error: words(error) }, "report");
  }

  #request(device: string) {
    const { array, supply, count, modelBit } = this.#view;
    return {
      array,
      knobs: { ...(supply && { supply }), ...(count && { count }), ...(modelBit !== undefined && { model_bit: modelBit }) },
      packing: true,
      device,
      items: ITEMS,
      analog: undefined,
    };
  }

  async #show(subject: Subject | undefined): Promise<void> {
    const { state } = this.#session.snapshot;
    if (!this.#view.macros.length) this.#patch({ macros: await this.#worker.call((host) => host.macros()) });
    if (!subject) return;
    if (this.#view.chips && this.#charged !== subject.key) this.#forgetChips();
    const asked = JSON.stringify([subject.key, state.view, state.device, state.rate, this.#request(state.device)]);
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.#patch({ running: true }, "error");
    await this.#open(this.#worker, subject);
    await (state.view === "memory" ? this.#array(state, asked) : this.#hardware(state, asked));
    if (this.#asked === asked) this.#patch({ running: false });
  }

  async #open(worker: MemoryWorker, { key, name, data, file }: Subject): Promise<void> {
    if (this.#opened.get(worker) === key) return;
    this.#opened.delete(worker);
    const bytes = await file();
    await worker.call((host) => host.open(bytes, name, data, SEEDS));
    this.#opened.set(worker, key);
  }

  async #array(state: State, asked: string): Promise<void> {
    const report = await this.#worker.call((host) => host.imc(this.#request(state.device)));
    if (this.#asked === asked) this.#patch({ report }, "error");
  }

  async #hardware(state: State, asked: string): Promise<void> {
    const report = await this.#worker.call((host) => host.hardware(state.rate, this.#request(state.device)));
    const scoreboard = await this.#worker.call((host) => host.scoreboard(this.#request(state.device)));
    const { hardware } = this.#session.snapshot;
    if (this.#asked === asked) this.#session.patch({ hardware: { ...hardware, report, scoreboard } });
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
    await this.#matrices([[this.#view.matrices.cards[0] ? 1 : 0, { from: "file", file: first }]]);
  }

  /** Takes matrices in, and multiplies where there are two. */
  async #matrices(sources: readonly (readonly [0 | 1, MatrixSource])[], subject?: Subject): Promise<void> {
    const turn = ++this.#turn;
    this.#put({ running: true }, "error");
    try {
      for (const [which, source] of sources) {
        if (source.from === "layer" && subject) await this.#open(this.#worker, subject);
        const card = await this.#worker.call((host) => host.matrix(which, source));
        const { cards } = this.#view.matrices;
        this.#put({ cards: which ? [cards[0], card] : [card, cards[1]] }, "report", "trace", "measured");
      }
      await this.#multiply(turn);
    } catch (error) {
      if (!(error instanceof Cancelled)) this.#put({ running: false, error: words(error) }, "report", "trace");
    }
  }

  async #multiply(turn = ++this.#turn): Promise<void> {
    const { cards, bits } = this.#view.matrices;
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
    const matrices = { ...this.#view.matrices };
    for (const field of without) delete matrices[field];
    this.#patch({ matrices: { ...matrices, ...change } });
  }

  /** Runs chips on charge and shows the scores of those that have run. */
  async #chips(subject: Subject | undefined): Promise<void> {
    if (!subject) return;
    this.#forgetChips();
    const { circuit, optimise } = this.#view;
    const show = (change: { scores?: ChipScores; running: boolean; error?: string }): void => {
      const { scores } = this.#view.chips ?? {};
      this.#patch({ chips: { circuit, optimise, ...(scores && { scores }), ...change } });
    };
    show({ running: true });
    try {
      this.#charged = subject.key;
      const request = {
        ...this.#request(this.#session.snapshot.state.device),
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
  async #run(code: string, subject: Subject | undefined): Promise<void> {
    this.#script.end(new Cancelled("Again"));
    this.#script = new Script();
    const script = this.#script;
    let lines: string[] = [];
    const show = (change: Omit<NonNullable<MemoryView["script"]>, "lines">): void => {
      if (this.#script === script) this.#patch({ script: { lines, ...change } });
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
    if (this.#view.chips?.running) {
      this.#analog.end();
      for (const worker of this.#analog.workers) this.#opened.delete(worker);
    }
    this.#patch({}, "chips");
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
