// The texts of the device shelf.

import { texts } from "../../ui/text";

export const t = texts({
  "shelf.label": "Devices",
  "shelf.runtime": "{runtime}; {detail}",
  "shelf.whole": "What the power on {name} includes, and what this file takes with TFLM",
  "shelf.both-fit": "fits",
  "shelf.choose": "Device that time and energy are for",
  "shelf.rate": "At",
  "shelf.per-second": "inferences per second",
  "shelf.published": "Published: {latency}, {energy} ({label})",
});
