// Sound files become clips: WAV by the engine, FLAC, MP3, Ogg and MPEG-4 by the browser, which also gets the WAV files
// that the engine refuses. Channels are mixed by the engine, as those of a WAV file are.

import { baseName } from "../../ui/files";
import { t } from "../text";
import type { ClipView, InputFile } from "../../engine/types";
import type { BenchWorker } from "../../engine/client/bench-worker";

/** Where a file does not state its rate. */
const USUAL_RATE = 48_000;
/** Longest clip, in seconds: the engine's own cap. */
const MOST_SECONDS = 60;
/** A longer file would be unpacked to gigabytes before its length is known. */
const MOST_BYTES = 16 * 2 ** 20;
/** Enough of a file to find its rate behind a tag with a small picture. */
const HEAD_BYTES = 2 ** 20;

/** A sound file as a clip. */
export async function decoded(file: InputFile, kind: "wav" | "audio", scout: BenchWorker): Promise<ClipView> {
  const name = baseName(file.path);
  if (kind === "audio") return byBrowser(file.bytes, name, scout);
  try {
    return await scout.call((host) => host.decodeWav(file.bytes, name));
  } catch (error) {
    // Too long stays too long; what is compressed or rare the browser may know.
    if (error instanceof Error && error.name !== "unsupported") throw error;
    return byBrowser(file.bytes, name, scout).catch(() => Promise.reject(error as Error));
  }
}

async function byBrowser(bytes: Uint8Array, name: string, scout: BenchWorker): Promise<ClipView> {
  if (bytes.length > MOST_BYTES) throw new Error(t("error.sound-long", { name, seconds: String(MOST_SECONDS) }));
  const stated = await scout.call((host) => host.statedRate(bytes.slice(0, HEAD_BYTES)));
  const sound = await offline(stated ?? USUAL_RATE)
    .decodeAudioData(bytes.slice().buffer as ArrayBuffer)
    .catch(() => Promise.reject(new Error(t("error.decode", { name }))));
  if (sound.duration > MOST_SECONDS) throw new Error(t("error.sound-long", { name, seconds: String(MOST_SECONDS) }));
  const planes = new Float32Array(sound.length * sound.numberOfChannels);
  for (let channel = 0; channel < sound.numberOfChannels; channel++) {
    planes.set(sound.getChannelData(channel), channel * sound.length);
  }
  const samples = await scout.call((host) => host.mix(planes, sound.numberOfChannels));
  return { name, label: undefined, sample_rate: sound.sampleRate, samples };
}

/** A context converts what it decodes to its own rate: with the file's rate it leaves the samples as they are. */
function offline(rate: number): OfflineAudioContext {
  try {
    return new OfflineAudioContext(1, 1, rate);
  } catch {
    // A rate that this browser does not play.
    return new OfflineAudioContext(1, 1, USUAL_RATE);
  }
}
