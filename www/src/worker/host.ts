// The worker's side: one engine with one bench, called from the page through comlink.

import { expose, transfer } from "comlink";
import type {
  Answer, Bench, ClipView, Comparison, DataCard, DeviceCard, InputFile, LevelsReport, ModelCard, Preset, Recipe, Report,
  SpectrogramView, Transform, WeightsView,
} from "../types";
import { type Compiled, instantiate, type Wasm } from "./load";

/** What the page learns from the engine once. */
export interface Tables {
  version: string;
  relaxed: boolean;
  transforms: Transform[];
  presets: Preset[];
  devices: DeviceCard[];
}

export type Progress = (phase: string, done: number, total: number) => void;

/** Progress is told at most this often, so that telling it costs nothing. */
const TELL_EVERY_MS = 50;

export class Host {
  #wasm: Wasm | undefined;
  #bench: Bench | undefined;

  async start(compiled: Compiled): Promise<void> {
    this.#wasm = await instantiate(compiled);
  }

  tables(): Tables {
    const wasm = this.#engine();
    return {
      version: wasm.version(), relaxed: wasm.relaxed_simd(), transforms: wasm.transforms(), presets: wasm.presets() as Preset[], devices: wasm.devices(),
    };
  }

  kindOf(head: Uint8Array): string {
    return this.#engine().kind_of(head);
  }

  open(bytes: Uint8Array, name: string): ModelCard {
    const bench = new (this.#engine().Bench)();
    try {
      const card = bench.open(bytes, name);
      this.#bench?.free();
      this.#bench = bench;
      return card;
    } catch (error) {
      bench.free();
      throw error;
    }
  }

  setData(files: InputFile[], seed: number): DataCard {
    return this.#open().set_data(files, seed);
  }

  setGeneratedData(sample: string, seed: number): DataCard {
    return this.#open().set_generated_data(sample, seed);
  }

  apply(recipe: Recipe, progress: Progress): void {
    let told = 0;
    this.#open().apply(recipe, (phase: string, done: number, total: number) => {
      const now = performance.now();
      if (now - told < TELL_EVERY_MS && done !== total) return;
      told = now;
      progress(phase, done, total);
    });
  }

  evaluate(from: number, to: number): string {
    return this.#open().evaluate(from, to);
  }

  addEvaluations(partials: string[]): void {
    for (const partial of partials) this.#open().add_evaluation(partial);
  }

  measureLayers(items: number): void {
    this.#open().measure_layers(items);
  }

  levelItems(): number {
    return this.#open().level_items();
  }

  playLevels(from: number, to: number): string {
    return this.#open().play_levels(from, to);
  }

  levelsReport(parts: string[], device: string): LevelsReport {
    return this.#open().levels_report(parts, device);
  }

  report(device: string, rate: number): Report {
    return this.#open().report(device, rate) as Report;
  }

  compare(a: Report, b: Report): Comparison {
    return this.#engine().compare(a, b);
  }

  candidate(): Uint8Array {
    const bytes = this.#open().candidate();
    return transfer(bytes, [bytes.buffer]);
  }

  answer(samples: Float32Array, rate: number): Answer {
    return this.#open().answer(samples, rate);
  }

  clip(index: number): ClipView {
    const clip = this.#open().clip(index);
    return { ...clip, samples: Float32Array.from(clip.samples) };
  }

  decodeWav(bytes: Uint8Array, name: string): ClipView {
    const clip = this.#engine().decode_wav(bytes, name);
    return { ...clip, samples: Float32Array.from(clip.samples) };
  }

  spectrogram(samples: Float32Array, rate: number): SpectrogramView {
    return this.#engine().spectrogram(samples, rate);
  }

  weights(node: number): WeightsView {
    return this.#open().weights(node);
  }

  #engine(): Wasm {
    if (!this.#wasm) throw new Error("The engine has not started");
    return this.#wasm;
  }

  #open(): Bench {
    this.#engine();
    if (!this.#bench) throw new Error("No model is open");
    return this.#bench;
  }
}

expose(new Host());
