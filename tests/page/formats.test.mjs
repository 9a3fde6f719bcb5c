// @ts-check
// Number formats of weights, and what is said where no data are given.

import assert from "node:assert/strict";
import { drop, test } from "./harness.mjs";
import { sampleModel } from "./files.mjs";
import { preset, settled, strip } from "./steps.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

/** Chooses a number format of B and waits for its numbers or its error.
 * @param {Page} page
 * @param {string} format
 * @returns {Promise<string>} */
async function choose(page, format) {
  await page.select("#b-codebook-format", format);
  await page.waitForFunction((format) => {
    const { b, state } = /** @type {any} */ (document.querySelector("mw-app")).snapshot;
    const is = (/** @type {any} */ recipe) => recipe?.steps.find((/** @type {any} */ step) => step.step === "codebook")?.format === format;
    return is(state.b) && !b.progress && (b.error || (b.complete && is(b.report?.recipe)));
  }, { timeout: 60_000 }, format);
  return page.evaluate(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.b.error ?? "");
}

test("a number format is chosen like any step, says what can run it, and refuses what a file cannot hold", { timeout: 200_000 }, async ({ page }) => {
  await settled(page);
  await preset(page, "b", "int8");
  await settled(page);
  await page.click("[aria-describedby=b-codebook-what]");
  await page.waitForSelector("#b-codebook-format");
  for (const format of ["power4", "e2m1", "sign"]) {
    assert.equal(await choose(page, format), "", format);
    assert.match((await strip(page, "b"))[2] ?? "", /\d/);
    assert.match(await page.$eval("#b-codebook-format-what", (hint) => hint.textContent ?? ""), /exact in int8/);
  }
  assert.match(await choose(page, "e4m3"), /leave Quantize out/);
  assert.match(await page.$eval("#b-codebook-format-what", (hint) => hint.textContent ?? ""), /simulated in float32/);
  await page.click("[aria-describedby=b-quantize-what]");
  await settled(page);
  assert.match((await strip(page, "b"))[2] ?? "", /\d/);
});

test("without data a model is quantized on random inputs, which is said", { timeout: 200_000 }, async ({ page }) => {
  await settled(page);
  await drop(page, "body", [{ name: "alone.tflite", bytes: await sampleModel() }]);
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.state.name === "alone.tflite", { timeout: 60_000 });
  await settled(page);
  assert.match(await page.$eval(".side.b .remark.warning", (remark) => remark.textContent ?? ""), /32 random inputs/);
  assert.equal(await page.$(".side.a .remark.warning"), null);
});
