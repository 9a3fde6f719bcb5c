// @ts-check
// Files that tests drop: sounds and archives, made here.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "./harness.mjs";

export const RATE = 16_000;

/** A WAV file of 16-bit mono samples.
 * @param {Float32Array | Int16Array} samples Full scale is 1 for floats; integers are kept as they are.
 * @returns {Uint8Array} */
export function wav(samples) {
  const integer = (/** @type {number} */ sample) =>
    samples instanceof Int16Array ? sample : Math.round(Math.max(-1, Math.min(1, sample)) * 32_767);
  const bytes = Buffer.alloc(44 + samples.length * 2);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(36 + samples.length * 2, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(RATE, 24);
  bytes.writeUInt32LE(RATE * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write("data", 36);
  bytes.writeUInt32LE(samples.length * 2, 40);
  samples.forEach((sample, at) => bytes.writeInt16LE(integer(sample), 44 + at * 2));
  return bytes;
}

/** A FLAC file of 16-bit mono samples at 16 kHz, which stand in it as they are (RFC 9639, verbatim subframes).
 * @param {Float32Array} samples Full scale is 1.
 * @returns {Uint8Array} */
export function flac(samples) {
  const BLOCK = 4096;
  const head = Buffer.alloc(42);
  head.write("fLaC\x80\0\0\x22", "latin1");
  head.writeUInt16BE(BLOCK, 8);
  head.writeUInt16BE(BLOCK, 10);
  // 20 bits of rate, 3 of channels less one, 5 of bits less one, 36 of length.
  head.writeBigUInt64BE((BigInt(RATE) << 44n) | (15n << 36n) | BigInt(samples.length), 18);
  const parts = [head];
  for (let from = 0, number = 0; from < samples.length; from += BLOCK, number++) {
    const block = samples.subarray(from, from + BLOCK);
    // Size of the block in 16 bits at the end, rate from the head, one channel, 16 bits; the number is one byte.
    const frame = Buffer.alloc(9 + block.length * 2 + 2);
    frame.set([0xff, 0xf8, 0x70, 0x08, number]);
    frame.writeUInt16BE(block.length - 1, 5);
    frame[7] = crc(frame.subarray(0, 7), 8, 0x07);
    frame[8] = 0x02;
    block.forEach((sample, at) => frame.writeInt16BE(Math.round(Math.max(-1, Math.min(1, sample)) * 32_767), 9 + at * 2));
    frame.writeUInt16BE(crc(frame.subarray(0, -2), 16, 0x8005), frame.length - 2);
    parts.push(frame);
  }
  return Buffer.concat(parts);
}

/** @param {Uint8Array} bytes
 * @param {number} width
 * @param {number} polynomial */
function crc(bytes, width, polynomial) {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << (width - 8);
    for (let bit = 0; bit < 8; bit++) crc = (crc & (1 << (width - 1)) ? (crc << 1) ^ polynomial : crc << 1) & ((1 << width) - 1);
  }
  return crc;
}

/** A hum with harmonics, and, for a machine that is not well, a rattle.
 * @param {number} seed
 * @param {boolean} well
 * @param {number} [seconds]
 * @returns {Float32Array} */
export function hum(seed, well, seconds = 2) {
  let state = seed * 2_654_435_761 + 1;
  const random = () => ((state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32) * 2 - 1;
  const pitch = 90 + (seed % 7) * 3;
  return Float32Array.from({ length: RATE * seconds }, (_, at) => {
    const time = at / RATE;
    const tone = 0.2 * Math.sin(2 * Math.PI * pitch * time) + 0.08 * Math.sin(2 * Math.PI * pitch * 5 * time);
    const rattle = !well && at % 1600 < 120 ? 0.5 * random() : 0;
    return tone + rattle + 0.01 * random();
  });
}

/** A ZIP archive whose entries are stored as they are.
 * @param {{ name: string, bytes: Uint8Array }[]} entries
 * @returns {Uint8Array} */
export function zip(entries) {
  const local = [];
  const central = [];
  let offset = 0;
  for (const { name, bytes } of entries) {
    const path = Buffer.from(name);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt32LE(crc32(bytes), 10);
    fields.writeUInt32LE(bytes.length, 14);
    fields.writeUInt32LE(bytes.length, 18);
    fields.writeUInt16LE(path.length, 22);
    local.push(Buffer.from("PK\x03\x04", "latin1"), fields, path, bytes);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    central.push(Buffer.from("PK\x01\x02\x14\x00", "latin1"), fields, rest, path);
    offset += 30 + path.length + bytes.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", 0, "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, directory, end]);
}

/** @param {Uint8Array} bytes */
function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** A labelled set of machine sounds: half of them well.
 * @param {number} clips
 * @returns {Uint8Array} */
export function machineSet(clips) {
  return zip(
    Array.from({ length: clips }, (_, at) => {
      const well = at % 2 === 0;
      return { name: `${well ? "normal" : "anomalous"}/clip-${at}.wav`, bytes: wav(hum(at, well)) };
    }),
  );
}

/** The built-in sample's model, as the page serves it.
 * @returns {Promise<Uint8Array>} */
export function sampleModel() {
  return readFile(join(ROOT, "www/public/samples/machine/model.tflite"));
}
