// The microphone, asked for only on a click and closed as soon as the clip is there. Samples stay in memory.

import workletUrl from "./recorder-worklet.js?url&no-inline";

/** The rate at which the front ends listen. */
export const RATE = 16_000;

export interface Recorded {
  samples: Float32Array;
  rate: number;
}

/** A recording under way. */
export class Recording {
  #context: AudioContext;
  #stream: MediaStream;
  #blocks: Float32Array[] = [];
  #length = 0;
  #most: number;
  #full: () => void = () => {};
  /** Settles when `seconds` are recorded. */
  readonly full = new Promise<void>((resolve) => (this.#full = resolve));

  private constructor(context: AudioContext, stream: MediaStream, seconds: number) {
    this.#context = context;
    this.#stream = stream;
    this.#most = Math.ceil(seconds * context.sampleRate);
  }

  /** Asks for the microphone and starts; at most `seconds` are kept. */
  static async start(seconds: number): Promise<Recording> {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    });
    const context = new AudioContext();
    const recording = new Recording(context, stream, seconds);
    try {
      await context.audioWorklet.addModule(workletUrl);
      const node = new AudioWorkletNode(context, "milliwatt-recorder", { numberOfOutputs: 1, outputChannelCount: [1] });
      node.port.onmessage = (event: MessageEvent<Float32Array>) => recording.#take(event.data);
      context.createMediaStreamSource(stream).connect(node);
      // The worklet gives silence; without a destination some browsers do not run it.
      node.connect(context.destination);
      await context.resume();
      return recording;
    } catch (error) {
      recording.#close();
      throw error;
    }
  }

  #take(block: Float32Array): void {
    if (this.#length >= this.#most) return;
    this.#blocks.push(block);
    this.#length += block.length;
    if (this.#length >= this.#most) this.#full();
  }

  /** Closes the microphone and returns what was heard, at the front ends' rate. */
  async stop(): Promise<Recorded> {
    this.#close();
    const length = Math.min(this.#length, this.#most);
    const samples = new Float32Array(length);
    let at = 0;
    for (const block of this.#blocks) {
      const fitting = block.subarray(0, length - at);
      samples.set(fitting, at);
      at += fitting.length;
    }
    return { samples: await resample(samples, this.#context.sampleRate), rate: RATE };
  }

  #close(): void {
    for (const track of this.#stream.getTracks()) track.stop();
    void this.#context.close();
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
