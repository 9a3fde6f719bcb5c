// @ts-check
// Every view at the sizes that people have: nothing overlaps, is cut off, or leaves the screen.

import assert from "node:assert/strict";
import { drop, test } from "./harness.mjs";
import { sampleModel } from "./files.mjs";
import { findings } from "./geometry.mjs";
import { settled, tab } from "./steps.mjs";

const VIEWS = ["listen", "weights", "layers", "bytes", "tradeoff", "levels", "train", "memory", "hardware"];
/** Twice as large on a screen of 1366 x 768, and of 1024 x 768, is a page of half its pixels. */
const SIZES = [
  { width: 1366, height: 768 },
  { width: 1024, height: 768 },
  { width: 683, height: 384 },
  { width: 512, height: 384 },
  { width: 360, height: 740 },
  { width: 1920, height: 1080 },
];

/** @param {import("puppeteer-core").Page} page */
async function laidOut(page) {
  await page.waitForFunction(() => document.fonts.status === "loaded" && !document.querySelector("progress"), { timeout: 60_000 });
  // Two frames: one for the layout, one for what elements draw after it.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(0)))));
}

for (const viewport of SIZES) {
  test(`at ${viewport.width} x ${viewport.height} nothing overlaps, is cut off or leaves the screen in any view`, { viewport, timeout: 300_000 }, async ({ page }) => {
    await settled(page);
    for (const view of VIEWS) {
      await tab(page, view);
      await laidOut(page);
      assert.deepEqual(await findings(page), [], view);
    }
    await drop(page, "body", [{ name: "a-model-with-a-name-that-is-longer-than-any-screen-is-wide.quantized.tflite", bytes: await sampleModel() }]);
    await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.state.name.startsWith("a-model"), { timeout: 60_000 });
    await settled(page);
    for (const view of ["listen", "weights", "layers", "bytes"]) {
      await tab(page, view);
      await laidOut(page);
      assert.deepEqual(await findings(page), [], `${view} of a model with a long name`);
    }
  });
}
