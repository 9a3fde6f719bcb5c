// A clip from the microphone, which is closed as soon as the clip is there.

import { Microphone } from "../live/index";

/** The rate at which the front ends listen. */
export const RATE = 16_000;

export interface Recorded {
  samples: Float32Array;
  rate: number;
}

/** A recording under way. */
export class Recording {
  #microphone: Microphone;
  #blocks: Float32Array[] = [];
  #length = 0;
  #most: number;
  #full: () => void = () => {};
  /** Settles when `seconds` are recorded. */
  readonly full = new Promise<void>((resolve) => (this.#full = resolve));

  private constructor(microphone: Microphone, seconds: number) {
    this.#microphone = microphone;
    this.#most = Math.ceil(seconds * microphone.rate);
    microphone.each(({ samples }) => this.#take(samples));
  }

  /** Asks for the microphone and starts; at most `seconds` are kept. `signal` gives it up before it has started. */
  static async start(seconds: number, signal: AbortSignal): Promise<Recording> {
    return new Recording(await Microphone.open(signal), seconds);
  }

  /** Settles when the microphone is unplugged or taken away. */
  get lost(): Promise<void> {
    return this.#microphone.lost;
  }

  #take(block: Float32Array): void {
    if (this.#length >= this.#most) return;
    this.#blocks.push(block);
    this.#length += block.length;
    if (this.#length >= this.#most) this.#full();
  }

  /** Closes the microphone and returns what was heard, at the front ends' rate. */
  async stop(): Promise<Recorded> {
    this.#microphone.close();
    const length = Math.min(this.#length, this.#most);
    const samples = new Float32Array(length);
    let at = 0;
    for (const block of this.#blocks) {
      const fitting = block.subarray(0, length - at);
      samples.set(fitting, at);
      at += fitting.length;
    }
    return { samples: await resample(samples, this.#microphone.rate), rate: RATE };
  }
}

/** To the front ends' rate, by the browser's own resampler. */
async function resample(samples: Float32Array, rate: number): Promise<Float32Array> {
  if (rate === RATE || samples.length === 0) return samples;
  const offline = new OfflineAudioContext(1, Math.round((samples.length * RATE) / rate), RATE);
  play(offline, samples, rate);
  return (await offline.startRendering()).getChannelData(0);
}

/** Starts playing in a context. */
export function play(context: BaseAudioContext, samples: Float32Array, rate: number): AudioBufferSourceNode {
  const buffer = context.createBuffer(1, samples.length, rate);
  buffer.copyToChannel(Float32Array.from(samples), 0);
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(context.destination);
  source.start();
  return source;
}
