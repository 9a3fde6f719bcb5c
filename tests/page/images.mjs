// @ts-check
// Images and arrays that tests drop, made here.

import { deflateSync } from "node:zlib";

/** An NPY array of bytes, or of zeros of another type.
 * @param {readonly number[]} shape
 * @param {{ type?: string, size?: number }} [of]
 * @returns {Uint8Array} */
export function npy(shape, { type = "|u1", size = 1 } = {}) {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(", ")}${shape.length === 1 ? "," : ""}), }`;
  const length = Math.ceil((10 + header.length + 1) / 64) * 64 - 10;
  const start = Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), Buffer.from([length & 255, length >> 8])]);
  return Buffer.concat([start, Buffer.from(`${header.padEnd(length - 1)}\n`), Buffer.alloc(shape.reduce((all, dim) => all * dim, size))]);
}

const CHANNELS = { gray: 1, rgb: 3, rgba: 4 };
const COLOUR_TYPES = { gray: 0, rgb: 2, rgba: 6 };

/** A PNG image of a slope of brightness.
 * @param {number} width
 * @param {number} height
 * @param {keyof typeof CHANNELS} kind
 * @returns {Uint8Array} */
export function png(width, height, kind) {
  const channels = CHANNELS[kind];
  const rows = Buffer.alloc(height * (1 + width * channels));
  for (let row = 0; row < height; row++) {
    for (let at = 0; at < width * channels; at++) rows[row * (1 + width * channels) + 1 + at] = (row * 7 + at * 3) % 256;
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, COLOUR_TYPES[kind], 0, 0, 0], 8);
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

/** @param {string} name
 * @param {Buffer} content */
function chunk(name, content) {
  const whole = Buffer.alloc(12 + content.length);
  whole.writeUInt32BE(content.length, 0);
  whole.write(name, 4, "latin1");
  content.copy(whole, 8);
  whole.writeUInt32BE(checksum(whole.subarray(4, 8 + content.length)), 8 + content.length);
  return whole;
}

/** @param {Buffer} bytes */
function checksum(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
