// The microphone, asked for only on a click. Whoever opens it closes it; what it hears stays in memory.

import type { Block } from "../../engine/worker/host";
import { t } from "./text";
import workletUrl from "./recorder-worklet.js?url&no-inline";

/** Samples in a block: 10 ms at 48 kHz, so that neither waiting nor sending counts. */
const BLOCK = 480;

export class Microphone {
  #node: AudioWorkletNode;
  /** Closes it, at once and once. */
  readonly close: () => void;
  /** Settles when it is unplugged or taken away. */
  readonly lost: Promise<void>;

  private constructor(stream: MediaStream, node: AudioWorkletNode, close: () => void) {
    this.#node = node;
    this.close = close;
    this.lost = new Promise((resolve) => {
      for (const track of stream.getTracks()) track.addEventListener("ended", () => resolve(), { once: true });
    });
  }

  /** Asks for the microphone; why it cannot be had is a sentence. When `signal` aborts, it is closed at once. */
  static async open(signal?: AbortSignal): Promise<Microphone> {
    const stream = await ask();
    const context = new AudioContext();
    let open = true;
    const close = (): void => {
      for (const track of stream.getTracks()) track.stop();
      if (open) void context.close();
      open = false;
    };
    signal?.addEventListener("abort", close);
    try {
      signal?.throwIfAborted();
      await context.audioWorklet.addModule(workletUrl);
      const node = new AudioWorkletNode(context, "milliwatt-recorder", {
        channelCount: 1, channelCountMode: "explicit", numberOfOutputs: 1, outputChannelCount: [1],
        processorOptions: { block: BLOCK },
      });
      context.createMediaStreamSource(stream).connect(node);
      // The worklet gives silence; without a destination some browsers do not run it.
      node.connect(context.destination);
      await context.resume();
      signal?.throwIfAborted();
      return new Microphone(stream, node, close);
    } catch (error) {
      close();
      throw error;
    }
  }

  /** Samples each second. */
  get rate(): number {
    return this.#node.context.sampleRate;
  }

  /** Hands every block to a port of another thread. */
  send(port: MessagePort): void {
    this.#node.port.postMessage(port, [port]);
  }

  /** Hands every block to a function. */
  each(take: (block: Block) => void): void {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }: MessageEvent<Block>) => take(data);
    this.send(port2);
  }
}

async function ask(): Promise<MediaStream> {
  // Pages from insecure hosts have no such thing.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!devices) throw new Error(t("error.microphone-nowhere"));
  try {
    return await devices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    });
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    if (name === "NotAllowedError" || name === "SecurityError") throw new Error(t("error.microphone-refused"));
    if (name === "NotFoundError" || name === "OverconstrainedError") throw new Error(t("error.microphone-absent"));
    throw new Error(t("error.microphone", { why: message || name }));
  }
}
