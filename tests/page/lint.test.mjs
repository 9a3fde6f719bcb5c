// @ts-check
// What stands between B and its target: said beside the download, mended on a press, and gone afterwards.

import assert from "node:assert/strict";
import { axe, test } from "./harness.mjs";
import { preset, settled, state } from "./steps.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

/** Waits for a report about the present recipe and target.
 * @param {Page} page */
async function found(page) {
  await page.waitForFunction(() => {
    const { lint, state } = /** @type {any} */ (document.querySelector("mw-app")).snapshot;
    return lint.report && lint.key.includes(JSON.stringify(state.b)) && lint.key.endsWith(`,"${lint.target}"]`);
  }, { timeout: 60_000 });
  await page.waitForFunction(() => !document.querySelector("mw-lint .problems[inert]"));
  return page.$$eval("mw-lint .problems li", (rows) => rows.map((row) => row.textContent?.replaceAll(/\s+/g, " ").trim() ?? ""));
}

test("a problem of the target is said in a sentence, and a click mends it", { timeout: 200_000 }, async ({ page }) => {
  await settled(page);
  await preset(page, "b", "int4");
  await settled(page);
  await page.click(".top-bar [data-does=lint]");
  await page.waitForSelector("mw-lint dialog[open]");
  assert.deepEqual(await found(page), []);
  await page.waitForSelector("mw-lint .clean");
  const lines = await page.$eval("mw-lint pre", (lines) => lines.textContent ?? "");
  assert.match(lines, /^tflite::MicroMutableOpResolver<\d+> resolver;\nresolver\.Add/);
  await page.select("mw-lint select", "ethos-u");
  const problems = await found(page);
  assert.equal(problems.length, 1, problems.join("\n"));
  assert.match(problems[0] ?? "", /node 0 .* and \d+ more: it runs on the processor, not on the Ethos-U: its weights are int4, not 8-bit/);
  assert.deepEqual(await axe(page), []);
  await page.click("mw-lint .problems button");
  await page.waitForFunction(() => document.querySelector("mw-lint .clean"), { timeout: 60_000 });
  assert.deepEqual(await found(page), []);
  const { b } = await state(page);
  assert.deepEqual(b.steps.map((/** @type {any} */ step) => [step.step, step.weight_bits]), [["quantize", 8]]);
});

test("what was packed for TFLM alone is unpacked for LiteRT, step by step", { timeout: 200_000 }, async ({ page }) => {
  await settled(page);
  await preset(page, "b", "codebook4");
  await settled(page);
  await page.click(".top-bar [data-does=lint]");
  await page.waitForSelector("mw-lint dialog[open]");
  assert.ok((await found(page)).length <= 1);
  await page.select("mw-lint select", "litert");
  for (let left = await found(page); left.length; left = await found(page)) {
    const before = JSON.stringify((await state(page)).b);
    assert.ok(await page.$("mw-lint .problems button"), `no change is offered for ${left.join("; ")}`);
    await page.click("mw-lint .problems button");
    await page.waitForFunction((before) => JSON.stringify(/** @type {any} */ (document.querySelector("mw-app")).snapshot.state.b) !== before, {}, before);
  }
  await page.waitForSelector("mw-lint .clean");
  assert.equal(await page.$("mw-lint pre"), null, "LiteRT needs no operators registered");
});
