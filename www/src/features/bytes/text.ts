// The texts of the Bytes view.

import { texts } from "../../ui/text";

export const t = texts({
  "bytes.flash": "Where the file's bytes go",
  "bytes.what": "What it is",
  "bytes.flash-side": "File of {side} by parts, {size}",
  "bytes.ram": "Working memory over one inference",
  "bytes.persistent": "and {size} kept for the model’s whole life",
  "bytes.arena-side": "Memory plan of {side}: {n} buffers over {steps} layers; the table below says the same",
  "bytes.first": "layer 0",
  "bytes.buffer-title": "{name}: {size}, layers {first} to {last}",
  "bytes.last": "layer {n}",
  "bytes.buffer": "Buffer",
  "bytes.offset": "Offset, B",
  "bytes.size": "Size, B",
  "bytes.nodes": "Layers",
});
