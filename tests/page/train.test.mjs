// @ts-check
// Training in the page: a side that learns, stopped and kept, undone, and in a link.

import assert from "node:assert/strict";
import { axe, test } from "./harness.mjs";
import { control, settled, state, tab } from "./steps.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

/** What the page holds of a side's training, as text carries it.
 * @param {Page} page
 * @param {"a" | "b"} side
 * @returns {Promise<any>} */
async function run(page, side) {
  const text = await page.evaluate((side) => {
    const found = /** @type {any} */ (document.querySelector("mw-app")).snapshot.training[side];
    const { weights: _, ...rest } = found ?? {};
    return JSON.stringify(found ? rest : null);
  }, side);
  return JSON.parse(text);
}

/** @param {Page} page
 * @param {"a" | "b"} side
 * @param {string} phase */
const reaches = (page, side, phase) => page.waitForFunction(
  (side, phase) => /** @type {any} */ (document.querySelector("mw-app")).snapshot.training[side]?.phase === phase,
  { timeout: 120_000, polling: 50 }, side, phase,
);

/** Presses the button that says so.
 * @param {Page} page
 * @param {RegExp} words */
async function press(page, words) {
  const buttons = await page.$$("mw-train-view button");
  for (const button of buttons) {
    if (words.test(await button.evaluate(({ textContent }) => textContent?.trim() ?? ""))) return button.click();
  }
  throw new Error(`no button says ${words}`);
}

test("a side learns, and what it learned is what is measured", async ({ page }) => {
  await settled(page);
  await tab(page, "train");
  await press(page, /Let B learn/);
  await page.waitForSelector(".owed");
  assert.equal((await state(page)).b.steps[0].step, "train", "learning comes before rounding");
  assert.deepEqual(await axe(page), []);
  await press(page, /Train B/);
  await reaches(page, "b", "running");
  await page.waitForSelector(".train-charts path");
  await press(page, /Pause/);
  await reaches(page, "b", "paused");
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.training.b.weights);
  assert.deepEqual(await axe(page), []);
  const paused = await run(page, "b");
  await new Promise((resolve) => setTimeout(resolve, 500));
  const { losses } = await run(page, "b");
  assert.ok(losses.length - paused.losses.length <= 40, "one go at most was under way");
  await page.$eval(".train-rate input", (/** @type {HTMLInputElement} */ input) => {
    input.value = "0.0005";
    input.dispatchEvent(new Event("change"));
  });
  await press(page, /Go on/);
  await reaches(page, "b", "over");
  await settled(page);
  const after = await run(page, "b");
  assert.equal(after.losses.length, after.card.steps);
  assert.equal(after.epochs.length, after.card.epochs);
  const { b } = await state(page);
  assert.equal(b.steps[0].changes[0].learning_rate, 0.0005, "the recipe keeps what was changed by hand");
  const link = await page.evaluate(() => location.hash);
  assert.match(link, /b=train!/);
  await control(page, "z");
  assert.deepEqual((await state(page)).b.steps.map((/** @type {any} */ { step }) => step), ["quantize"]);
});

test("stopped and kept, a recipe says where; both sides that learn the same learn once", async ({ page }) => {
  await settled(page);
  await tab(page, "train");
  await press(page, /Let B learn/);
  await page.waitForSelector(".owed");
  await page.evaluate(() => /** @type {any} */ (document.querySelector("mw-app")).act({ do: "copy", from: "b" }));
  await page.waitForFunction(() => document.querySelectorAll(".owed").length === 2);
  await press(page, /Train B/);
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.training.b?.losses.length > 3);
  await press(page, /Stop and keep/);
  await settled(page);
  const { a, b } = await state(page);
  assert.deepEqual(a, b);
  assert.ok(b.steps[0].stop > 3);
});
