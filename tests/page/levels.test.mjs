// @ts-check
import assert from "node:assert/strict";
import { drop, test } from "./harness.mjs";
import { machineSet, sampleModel } from "./files.mjs";
import { settled, tab } from "./steps.mjs";

/** @param {any} page */
const levels = (page) => page.evaluate(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.levels);

test("one click plays the test set at every level, and another recipe takes the numbers away", async ({ page }) => {
  await settled(page);
  await drop(page, "body", [
    { name: "mine.tflite", bytes: await sampleModel() },
    { name: "clips.zip", bytes: machineSet(10) },
  ]);
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.state.name === "mine.tflite", { timeout: 60_000 });
  await settled(page);
  await tab(page, "levels");
  await page.waitForSelector(".levels-empty .primary:not([disabled])");
  await page.click(".levels-empty .primary");
  await page.waitForSelector(".levels-charts", { timeout: 180_000 });
  const { reports } = await levels(page);
  const rows = await page.$$eval(".levels table.data tbody tr", (rows) => rows.map((row) => row.textContent));
  assert.equal(rows.length, reports.b.treatments.length);
  for (const { scores } of reports.b.treatments.flatMap((/** @type {any} */ row) => row.sides)) {
    for (const score of scores) assert.equal(score.kind, "measured");
  }
  // A treatment is taken out of the picture by its chip.
  const drawn = () => page.$$eval(".levels figure:first-child .series", (series) => series.length);
  const before = await drawn();
  await page.click(".levels-tools .chip[aria-pressed=true]");
  await page.waitForFunction((/** @type {number} */ before) => document.querySelectorAll(".levels figure:first-child .series").length === before - 1, {}, before);
  await page.click(".side.b [role=switch]");
  await page.waitForSelector(".levels-empty", { timeout: 30_000 });
});

test("the experiment can be stopped", async ({ page }) => {
  await settled(page);
  await tab(page, "levels");
  await page.waitForSelector(".levels-empty .primary:not([disabled])");
  await page.click(".levels-empty .primary");
  await page.waitForSelector(".levels-empty progress");
  await page.click(".levels-empty .button");
  await page.waitForSelector(".levels-empty .primary:not([disabled])");
  assert.deepEqual(await levels(page), {});
});
