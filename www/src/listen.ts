// What is being listened to: test items, dropped clips, the microphone; and what both sides answer.

import { play, Recording } from "./audio/recorder";
import type { Session } from "./session";
import type { Chip, Listening } from "./snapshot";
import { t } from "./text";
import { type ClipView, SIDES, type SideName } from "./types";
import type { Side } from "./worker/side";

/** Keyword models hear one second; machines are recorded for longer. */
const KEYWORD_SECONDS = 1;
const MACHINE_SECONDS = 10;
/** A press shorter than this switches; a longer one records while held. */
const HOLD_MS = 350;

export class Listen {
  #session: Session;
  #sides: Record<SideName, Side>;
  #recording: Recording | undefined;
  #opening = false;
  #pressed = 0;
  #letGo = false;
  #recorded = 0;
  #source: AudioBufferSourceNode | undefined;

  constructor(session: Session, sides: Record<SideName, Side>) {
    this.#session = session;
    this.#sides = sides;
  }

  get #now(): Listening {
    return this.#session.snapshot.listening;
  }

  #patch(change: Partial<Listening>): void {
    this.#session.patch({ listening: { ...this.#now, ...change } });
  }

  /** Another model or set: its first item, nothing of the old ones. Own clips stay. */
  reset(): void {
    const { own, recording, playing } = this.#now;
    this.#session.patch({ listening: { id: "0", own, soundless: false, recording, playing } });
    for (const name of SIDES) this.#session.side(name, {}, "answer", "answerError");
  }

  /** The model is open: shows the chosen clip if it is not there yet. */
  begin(): void {
    if (!this.#now.clip) this.choose(this.#now.id).catch((error: unknown) => this.#session.fail(error));
  }

  /** Shows a test item (by its number) or an own clip. */
  async choose(id: string): Promise<void> {
    this.#stop();
    const own = this.#now.own.find((chip) => chip.id === id);
    const worker = this.#sides.a.worker;
    if (!own && !this.#session.snapshot.data) return;
    this.#patch({ id });
    const clip = own?.clip ?? (await this.#item(Number(id)));
    if (!clip) return;
    const spectrogram = await worker.call((host) => host.spectrogram(clip.samples, clip.sample_rate));
    if (this.#now.id !== id) return;
    this.#patch({ clip, spectrogram, soundless: false });
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
    const { clip, id } = this.#now;
    if (!clip || !this.#session.snapshot[name].made) return;
    this.#sides[name].worker.call((host) => host.answer(clip.samples, clip.sample_rate)).then(
      (answer) => {
        if (this.#now.id === id) this.#session.side(name, { answer }, "answerError");
      },
      (error: Error) => {
        if (error.name !== "cancelled") this.#session.side(name, { answerError: error.message }, "answer");
      },
    );
  }

  /** Keeps a clip as a chip and shows it. */
  add(clip: ClipView): void {
    this.#recorded += 1;
    const chip: Chip = { id: `own-${this.#recorded}`, clip, name: clip.name };
    this.#patch({ own: [...this.#now.own, chip].slice(-8) });
    this.choose(chip.id).catch((error: unknown) => this.#session.fail(error));
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
      this.#letGo = true;
      return this.#finish();
    }
    if (this.#now.recording) return this.#finish();
    if (this.#opening) return;
    this.#pressed = performance.now();
    this.#letGo = false;
    this.#opening = true;
    this.#stop();
    try {
      const recording = await Recording.start(this.#keyword ? KEYWORD_SECONDS : MACHINE_SECONDS);
      this.#recording = recording;
      // Only now does anything listen: a microphone may take a while, and may have to be allowed first.
      this.#patch({ recording: true });
      void recording.full.then(() => {
        if (this.#recording === recording) return this.#finish();
        return undefined;
      }).catch((error: unknown) => this.#session.fail(error));
    } catch (error) {
      throw new Error(t("error.microphone", { why: error instanceof Error ? error.message : String(error) }));
    } finally {
      this.#opening = false;
    }
    if (this.#letGo) await this.#finish();
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
    this.add({ name: t("listen.recorded", { n: String(this.#recorded + 1) }), label: undefined, sample_rate: rate, samples });
  }
}
