// The worker's side: one engine with one bench, called from the page through comlink.

import { expose, transfer } from "comlink";
import type {
  Answer, Bench, Choice, ClipView, Compared, Comparison, DataCard, DeviceCard, InputFile, LiveEvent, LiveSettings,
  ModelCard, Preset, Recipe, Report, SpectrogramView, TrainingOutcome, Transform, WeightsView,
} from "../types";
import { type Compiled, instantiate, type Wasm } from "../client/load";

/** What the page learns from the engine once. */
export interface Tables {
  version: string;
  relaxed: boolean;
  transforms: Transform[];
  presets: Preset[];
  devices: DeviceCard[];
}

/** A clip on its way into an archive or out of one. */
export interface Sound {
  name: string;
  label: string;
  rate: number;
  samples: Float32Array;
}

/** A ZIP of clips, and where each of them stands in it. */
export interface Archive {
  bytes: Uint8Array;
  paths: string[];
}

/** What the listening worker tells: events of one block, or why it cannot go on. */
export type Heard = { events: LiveEvent[]; error?: undefined } | { error: string };

/** A block of sound as the audio thread sends it. */
export interface Block {
  samples: Float32Array;
  /** When its last sample left the audio system, in milliseconds of `Date.now`. */
  at: number;
}

export type Progress = (phase: string, done: number, total: number) => void;

/** Progress is told at most this often, so that telling it costs nothing. */
const TELL_EVERY_MS = 50;

export class Host {
  #wasm: Wasm | undefined;
  #bench: Bench | undefined;
  #live: InstanceType<Wasm["Live"]> | undefined;

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

  /** Whether a file of this name, beside data, names the model's classes. */
  namesClasses(path: string): boolean {
    return this.#engine().names_classes(path);
  }

  /** How a model of another tool becomes one that is read. */
  wayOut(head: Uint8Array): string | undefined {
    return this.#engine().way_out(head);
  }

  /** The files of an archive. */
  unpack(bytes: Uint8Array): InputFile[] {
    return this.#engine().unpack(bytes);
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

  setData(files: InputFile[], seed: number, learns: boolean): DataCard {
    return this.#open().set_data(files, seed, learns);
  }

  provide(outcome: TrainingOutcome): void {
    this.#open().provide(outcome.recipe, outcome.file, outcome.classes);
  }

  setGeneratedData(sample: string, seed: number): DataCard {
    return this.#open().set_generated_data(sample, seed);
  }

  setSpokenData(words: Uint8Array, seed: number): DataCard {
    return this.#open().set_spoken_data(words, seed);
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

  report(device: string, rate: number): Report {
    return this.#open().report(device, rate) as Report;
  }

  compare(a: Compared, b: Compared): Comparison {
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

  waveform(samples: Float32Array, columns: number): Float32Array {
    return this.#engine().waveform(samples, columns);
  }

  mix(planes: Float32Array, channels: number): Float32Array {
    return this.#engine().mix(planes, channels);
  }

  statedRate(head: Uint8Array): number | undefined {
    return this.#engine().stated_rate(head);
  }

  encodeWav(rate: number, samples: Float32Array): Uint8Array {
    return this.#engine().encode_wav(rate, samples);
  }

  archive(sounds: Sound[]): Archive {
    const clips = new (this.#engine().Clips)();
    try {
      for (const { name, label, rate, samples } of sounds) clips.add(name, label, rate, samples);
      return { bytes: clips.archive(), paths: clips.paths() };
    } finally {
      clips.free();
    }
  }

  clipsOf(files: InputFile[]): Sound[] {
    const clips = this.#open().clips_of(files);
    const sounds = Array.from({ length: clips.count() }, (_, at) => ({
      name: clips.name(at) ?? "", label: clips.label(at) ?? "", rate: clips.sample_rate(at) ?? 0,
      samples: clips.samples(at) ?? new Float32Array(),
    }));
    clips.free();
    return sounds;
  }

  /** The labels that the model knows, and the items that calibrate. */
  split(): { labels: string[]; calibration: string[] } {
    const bench = this.#open();
    return { labels: bench.labels(), calibration: bench.calibration_names() };
  }

  /** What a listening worker needs of this side. */
  ear(): { file: Uint8Array; threshold: number; classes: string[] } {
    const bench = this.#open();
    return { file: bench.candidate(), threshold: bench.threshold(), classes: bench.class_names() };
  }

  liveTables(task: ModelCard["task"]): { settings: LiveSettings; normalizers: Choice[] } {
    const wasm = this.#engine();
    return { settings: wasm.live_settings(task), normalizers: wasm.live_normalizers() };
  }

  /** Listens to blocks of sound from one port and sends what happens to the other. */
  listen(rate: number, settings: LiveSettings, sound: MessagePort, events: MessagePort): void {
    const live = new (this.#engine().Live)(rate, settings);
    this.#live = live;
    const tell = (heard: Heard): void => events.postMessage(heard);
    sound.onmessage = ({ data: { samples, at } }: MessageEvent<Block>) => {
      try {
        const happened = live.push(samples, at, Date.now);
        if (happened.length) tell({ events: happened });
      } catch (error) {
        tell({ error: error instanceof Error ? error.message : String(error) });
      }
    };
  }

  hears(side: number, file: Uint8Array, threshold: number, classes: string[]): void {
    this.#live?.set_side(side, file, threshold, classes);
  }

  configure(settings: LiveSettings): void {
    this.#live?.configure(settings);
  }

  lastClip(): Float32Array {
    return this.#live?.last_clip() ?? new Float32Array();
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
