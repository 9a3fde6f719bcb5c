// What is being listened to: test items, dropped clips, the microphone; and what both sides answer.

import { play, Recording } from "./recorder";
import type { Own } from "../clips/controller";
import type { Session } from "../../app/session";
import type { Listening } from "../../app/snapshot";
import { t } from "../../ui/text";
import { type ClipView, SIDES, type SideName } from "../../engine/types";
import type { Side } from "../../engine/client/side";

/** Keyword models hear one second; machines are recorded for longer. */
const KEYWORD_SECONDS = 1;
const MACHINE_SECONDS = 10;
/** Columns of an own clip's waveform. */
const WAVE_COLUMNS = 600;
/** A press shorter than this switches; a longer one records while held. */
const HOLD_MS = 350;

export class Listen {
  #session: Session;
  #sides: Record<SideName, Side>;
  #own: Own;
  #recording: Recording | undefined;
  /** While the microphone is being asked for. */
  #opening: AbortController | undefined;
  #pressed = 0;
  #recorded = 0;
  #source: AudioBufferSourceNode | undefined;

  constructor(session: Session, sides: Record<SideName, Side>, own: Own) {
    this.#session = session;
    this.#sides = sides;
    this.#own = own;
  }

  get #now(): Listening {
    return this.#session.snapshot.listening;
  }

  #patch(change: Partial<Listening>): void {
    this.#session.patch({ listening: { ...this.#now, ...change } });
  }

  /** Another model or set: its first item, nothing of the old ones. An own clip stays chosen. */
  reset(): void {
    const { id, recording, playing } = this.#now;
    const own = this.#session.snapshot.own.clips.some((clip) => clip.id === id);
    if (!own) this.#session.patch({ listening: { id: "0", soundless: false, recording, playing } });
    for (const name of SIDES) this.#session.side(name, {}, "answer", "answerError");
  }

  /** The model is open: shows the chosen clip if it is not there yet. */
  begin(): void {
    if (!this.#now.clip) this.#show(this.#now.id);
  }

  /** Shows a test item (by its number) or an own clip. */
  async choose(id: string): Promise<void> {
    this.#stop();
    const own = this.#session.snapshot.own.clips.find((clip) => clip.id === id);
    const worker = this.#sides.a.worker;
    if (!own && !this.#session.snapshot.data) return;
    this.#patch({ id });
    const clip = own?.clip ?? (await this.#item(Number(id)));
    if (!clip) return;
    const spectrogram = await worker.call((host) => host.spectrogram(clip.samples, clip.sample_rate));
    const wave = own && (await worker.call((host) => host.waveform(own.whole, WAVE_COLUMNS)));
    if (this.#now.id !== id) return;
    const { wave: _, ...rest } = this.#now;
    this.#session.patch({ listening: { ...rest, clip, spectrogram, soundless: false, ...(wave && { wave }) } });
    for (const name of SIDES) this.answer(name);
  }

  /** A test item's sound, or nothing where the data is arrays. */
  async #item(index: number): Promise<ClipView | undefined> {
    try {
      return await this.#sides.a.worker.call((host) => host.clip(index));
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "parameter") throw error;
      this.#patch({ soundless: true });
      return undefined;
    }
  }

  /** Lets a side answer the chosen clip. */
  answer(name: SideName): void {
    const { clip } = this.#now;
    if (!clip || !this.#session.snapshot[name].made) return;
    this.#sides[name].worker.call((host) => host.answer(clip.samples, clip.sample_rate)).then(
      (answer) => {
        if (this.#now.clip === clip) this.#session.side(name, { answer }, "answerError");
      },
      (error: Error) => {
        if (error.name !== "cancelled") this.#session.side(name, { answerError: error.message }, "answer");
      },
    );
  }

  /** Keeps a clip and shows it. */
  add(clip: ClipView, made = false): void {
    this.#show(this.#own.add(clip, made));
  }

  /** Keeps what the microphone heard. */
  keep(samples: Float32Array, rate: number): void {
    this.#recorded += 1;
    const name = t("listen.recorded", { n: String(this.#recorded) });
    this.add({ name, label: undefined, sample_rate: rate, samples }, true);
  }

  /** The own clips have changed: shows the chosen one as it is now, or its neighbour where it is gone. */
  follow(): void {
    const { id, clip } = this.#now;
    const { clips } = this.#session.snapshot.own;
    if (!id.startsWith("own-")) return;
    const chosen = clips.find((own) => own.id === id);
    if (chosen?.clip.samples === clip?.samples && chosen) return this.#patch({ clip: chosen.clip });
    this.#show(chosen?.id ?? clips.at(-1)?.id ?? "0");
  }

  #show(id: string): void {
    this.choose(id).catch((error: unknown) => this.#session.fail(error));
  }

  async play(): Promise<void> {
    if (this.#source) return this.#stop();
    const { clip } = this.#now;
    if (!clip) return;
    const context = new AudioContext();
    await context.resume();
    const source = play(context, clip.samples, clip.sample_rate);
    this.#source = source;
    this.#patch({ playing: true });
    source.onended = () => {
      void context.close();
      if (this.#source === source) this.#stop();
    };
  }

  #stop(): void {
    const source = this.#source;
    this.#source = undefined;
    source?.stop();
    if (this.#now.playing) this.#patch({ playing: false });
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
      this.#patch({ recording: true });
      const end = (sentence?: string) => async (): Promise<void> => {
        if (this.#recording !== recording) return;
        await this.#finish();
        if (sentence) this.#session.tell("error", sentence);
      };
      const fail = (error: unknown): void => this.#session.fail(error);
      recording.full.then(end()).catch(fail);
      recording.lost.then(end(t("error.unplugged"))).catch(fail);
    } catch (error) {
      throw opening.signal.aborted ? new Error(t("error.silent")) : error;
    } finally {
      this.#opening = undefined;
    }
  }

  get #keyword(): boolean {
    return this.#session.snapshot.card?.task === "classification";
  }

  async #finish(): Promise<void> {
    const recording = this.#recording;
    this.#recording = undefined;
    if (!recording) return;
    const { samples, rate } = await recording.stop();
    this.#patch({ recording: false });
    if (!samples.length) throw new Error(t("error.silent"));
    this.keep(samples, rate);
  }
}
