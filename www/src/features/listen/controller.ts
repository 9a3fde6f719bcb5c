// What is being listened to: test items, dropped clips, the microphone; and what both sides answer.

import { play, Recording } from "./recorder";
import type { Api, Controller, Store } from "../../engine/bench/feature";
import type { State } from "../../engine/bench/state";
import type { OwnAction } from "../clips/index";
import { t } from "./text";
import { type ClipView, SIDES, type SideName } from "../../engine/types";
import type { ListenAction, Listening, Seen } from "./slice";

/** Keyword models hear one second; machines are recorded for longer. */
const KEYWORD_SECONDS = 1;
const MACHINE_SECONDS = 10;
/** Columns of an own clip's waveform. */
const WAVE_COLUMNS = 600;
/** A press shorter than this switches; a longer one records while held. */
const HOLD_MS = 350;

export class Listen implements Controller {
  #api: Api<Seen>;
  #store: Store<Listening>;
  #recording: Recording | undefined;
  /** While the microphone is being asked for. */
  #opening: AbortController | undefined;
  #pressed = 0;
  #recorded = 0;
  #source: AudioBufferSourceNode | undefined;

  constructor(api: Api<Seen>, store: Store<Listening>) {
    this.#api = api;
    this.#store = store;
  }

  get #now(): Listening {
    return this.#store.now;
  }

  async act(action: ListenAction): Promise<void> {
    switch (action.listen) {
      case "choose":
        return this.choose(action.id);
      case "play":
        return this.play();
      case "record":
        return this.record(action.on);
      case "keep":
        return this.#keep(action.samples, action.rate);
    }
  }

  /** Another model or set: its first item, nothing of the old ones. An own clip stays chosen. */
  left(): void {
    const { id } = this.#now;
    const own = this.#api.snapshot.clips.clips.some((clip) => clip.id === id);
    if (!own) this.#store.patch({ id: "0", soundless: false }, "clip", "spectrogram", "wave");
    for (const name of SIDES) this.#api.side(name, {}, "answer", "answerError");
  }

  /** The model is open: shows the chosen clip if it is not there yet. */
  opened(): void {
    if (!this.#now.clip) this.#show(this.#now.id);
  }

  /** Shows a test item (by its number) or an own clip. */
  async choose(id: string): Promise<void> {
    this.#stop();
    const own = this.#api.snapshot.clips.clips.find((clip) => clip.id === id);
    const worker = this.#api.sides.a.worker;
    if (!own && !this.#api.snapshot.data) return;
    this.#store.patch({ id });
    const clip = own?.clip ?? (await this.#item(Number(id)));
    if (!clip) return;
    const spectrogram = await worker.call((host) => host.spectrogram(clip.samples, clip.sample_rate));
    const wave = own && (await worker.call((host) => host.waveform(own.whole, WAVE_COLUMNS)));
    if (this.#now.id !== id) return;
    this.#store.patch({ clip, spectrogram, soundless: false, ...(wave && { wave }) }, "wave");
    for (const name of SIDES) this.made(name);
  }

  /** A test item's sound, or nothing where the data is arrays. */
  async #item(index: number): Promise<ClipView | undefined> {
    try {
      return await this.#api.sides.a.worker.call((host) => host.clip(index));
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "parameter") throw error;
      this.#store.patch({ soundless: true });
      return undefined;
    }
  }

  /** Lets a side answer the chosen clip. */
  made(name: SideName): void {
    const { clip } = this.#now;
    if (!clip || !this.#api.snapshot[name].made) return;
    this.#api.sides[name].worker.call((host) => host.answer(clip.samples, clip.sample_rate)).then(
      (answer) => {
        if (this.#now.clip === clip) this.#api.side(name, { answer }, "answerError");
      },
      (error: Error) => {
        if (error.name !== "cancelled") this.#api.side(name, { answerError: error.message }, "answer");
      },
    );
  }

  /** A side has told its numbers: it may not have been able to answer before. */
  reported(name: SideName): void {
    const { answer, answerError } = this.#api.snapshot[name];
    if (!answer && !answerError) this.made(name);
  }

  /** Keeps what the microphone heard. */
  #keep(samples: Float32Array, rate: number): void {
    this.#recorded += 1;
    const name = t("listen.recorded", { n: String(this.#recorded) });
    const clip = { name, label: undefined, sample_rate: rate, samples } as ClipView;
    this.#api.act({ ask: "clips", what: { own: "add", clip, made: true } satisfies OwnAction });
  }

  /** The own clips have changed: shows the chosen one as it is now, or its neighbour where it is gone. */
  chosen(before: State): void {
    if (this.#api.snapshot.state.own === before.own) return;
    const { id, clip } = this.#now;
    const { clips } = this.#api.snapshot.clips;
    if (!id.startsWith("own-")) return;
    const chosen = clips.find((own) => own.id === id);
    if (chosen?.clip.samples === clip?.samples && chosen) return this.#store.patch({ clip: chosen.clip });
    this.#show(chosen?.id ?? clips.at(-1)?.id ?? "0");
  }

  #show(id: string): void {
    this.choose(id).catch((error: unknown) => this.#api.fail(error));
  }

  async play(): Promise<void> {
    if (this.#source) return this.#stop();
    const { clip } = this.#now;
    if (!clip) return;
    const context = new AudioContext();
    await context.resume();
    const source = play(context, clip.samples, clip.sample_rate);
    this.#source = source;
    this.#store.patch({ playing: true });
    source.onended = () => {
      void context.close();
      if (this.#source === source) this.#stop();
    };
  }

  #stop(): void {
    const source = this.#source;
    this.#source = undefined;
    source?.stop();
    if (this.#now.playing) this.#store.patch({ playing: false });
  }

  /** Pressed or let go. Held, it records until let go; a short press starts it, the next one ends it. */
  async record(on: boolean): Promise<void> {
    if (!on) {
      if (performance.now() - this.#pressed <= HOLD_MS || this.#keyword) return;
      this.#opening?.abort();
      return this.#finish();
    }
    if (this.#now.recording) return this.#finish();
    if (this.#opening) return this.#opening.abort();
    this.#pressed = performance.now();
    this.#stop();
    const opening = new AbortController();
    this.#opening = opening;
    try {
      const recording = await Recording.start(this.#keyword ? KEYWORD_SECONDS : MACHINE_SECONDS, opening.signal);
      this.#recording = recording;
      // The light goes on when the microphone does, so that nobody speaks too early.
      this.#store.patch({ recording: true });
      const end = (sentence?: string) => async (): Promise<void> => {
        if (this.#recording !== recording) return;
        await this.#finish();
        if (sentence) this.#api.tell("error", sentence);
      };
      const fail = (error: unknown): void => this.#api.fail(error);
      recording.full.then(end()).catch(fail);
      recording.lost.then(end(t("error.unplugged"))).catch(fail);
    } catch (error) {
      throw opening.signal.aborted ? new Error(t("error.silent")) : error;
    } finally {
      this.#opening = undefined;
    }
  }

  get #keyword(): boolean {
    return this.#api.snapshot.card?.task === "classification";
  }

  async #finish(): Promise<void> {
    const recording = this.#recording;
    this.#recording = undefined;
    if (!recording) return;
    const { samples, rate } = await recording.stop();
    this.#store.patch({ recording: false });
    if (!samples.length) throw new Error(t("error.silent"));
    this.#keep(samples, rate);
  }
}
