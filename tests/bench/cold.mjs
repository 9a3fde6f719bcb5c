// @ts-check
// How long a first visit waits for numbers: cold loads from this machine, each in a browser with a fresh profile.
//
//   node tests/bench/cold.mjs [--visits N]

import { parseArgs } from "node:util";
import { coldLoad } from "../page/cold.mjs";
import { launch, serve } from "../page/harness.mjs";

/** What the page promises. */
const MARK_MS = 1000;

const { values: options } = parseArgs({ options: { visits: { type: "string", default: "5" } } });

for (const browserName of /** @type {const} */ (["chromium", "firefox"])) {
  const times = [];
  for (let visit = 0; visit < Number(options.visits); visit++) {
    const server = await serve();
    const browser = await launch(browserName);
    try {
      times.push((await coldLoad(await browser.newPage(), server.url)).screen);
    } finally {
      await browser.close();
      await server.close();
    }
  }
  times.sort((one, other) => one - other);
  const [best, median, worst] = [0, 0.5, 1].map((share) => (times[Math.round((times.length - 1) * share)] ?? NaN).toFixed(0));
  console.log(
    `first numbers on screen in ${browserName}: median ${median} ms of ${times.length} cold loads (${best} to ${worst}); ` +
      `${Number(median) <= MARK_MS ? "within" : "over"} the mark of ${MARK_MS} ms`,
  );
}
