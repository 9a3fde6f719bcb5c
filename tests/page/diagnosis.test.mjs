// @ts-check
// Why B lost, under the layers, and what remedies bring.

import assert from "node:assert/strict";
import { axe, test } from "./harness.mjs";
import { preset, settled, state, tab } from "./steps.mjs";

test("a diagnosis says why B lost, tries remedies, and puts one into B on a press", { timeout: 300_000 }, async ({ page }) => {
  await settled(page);
  await preset(page, "b", "int4");
  await settled(page);
  await tab(page, "layers");
  await page.waitForSelector(".diagnosis-start button:not([disabled])");
  await page.click(".diagnosis-start button");
  await page.waitForFunction(() => {
    const { report, running, brought } = /** @type {any} */ (document.querySelector("mw-app")).snapshot.diagnosis;
    return report && !running && brought.length > 0;
  }, { timeout: 200_000 });
  const { report, brought } = JSON.parse(await page.evaluate(() => JSON.stringify(/** @type {any} */ (document.querySelector("mw-app")).snapshot.diagnosis)));
  assert.match(report.sentence, /Most is lost in node \d+/);
  assert.equal(report.layers.filter((/** @type {any} */ layer) => layer.is_worst).length, 1);
  assert.ok(report.coverage[0].figure.value > 90 && report.coverage[0].figure.kind === "measured", JSON.stringify(report.coverage));
  await page.waitForSelector(".diagnosis .coverage dd");
  assert.ok(report.remedies.length > 0 && brought.every((/** @type {any} */ { deltas }) => deltas.some((/** @type {any} */ { of }) => of === "flash")));
  assert.deepEqual(await axe(page), []);
  const before = JSON.stringify((await state(page)).b);
  assert.equal(report.repairs.length, 1);
  await page.click(".diagnosis .remedies tbody button");
  await page.waitForFunction((before) => JSON.stringify(/** @type {any} */ (document.querySelector("mw-app")).snapshot.state.b) !== before, {}, before);
});

test("a diagnosis says what each repair of B bought, measured on the inputs", { timeout: 300_000 }, async ({ page }) => {
  await settled(page);
  await preset(page, "b", "int8-fitted");
  await settled(page);
  const steps = (await state(page)).b.steps;
  await tab(page, "layers");
  await page.waitForSelector(".diagnosis-start button:not([disabled])");
  await page.click(".diagnosis-start button");
  await page.waitForFunction(() => {
    const { report, running } = /** @type {any} */ (document.querySelector("mw-app")).snapshot.diagnosis;
    return report && !running;
  }, { timeout: 200_000 });
  const { report, bought } = JSON.parse(await page.evaluate(() => JSON.stringify(/** @type {any} */ (document.querySelector("mw-app")).snapshot.diagnosis)));
  assert.ok(report.repairs.length >= 2 && bought.length === report.repairs.length, JSON.stringify(report.repairs));
  for (const [at, { strip, deltas }] of bought.entries()) {
    assert.equal(strip.score.kind, "measured");
    // From the recipe without it to B: a gain of points is the repair's.
    const score = deltas.find((/** @type {any} */ { of }) => of === "score");
    assert.ok(score, `${report.repairs[at].sentence}: ${JSON.stringify(deltas)}`);
  }
  // A gain that chance may have made is called so.
  const said = await page.$$eval(".diagnosis .repairs tbody tr", (rows) => rows.map(({ textContent }) => textContent ?? ""));
  const isUnclear = (/** @type {any} */ { deltas }) => deltas.find((/** @type {any} */ { of }) => of === "score").verdict === "unclear";
  assert.deepEqual(said.map((text) => text.includes("within chance")), bought.map(isUnclear));
  assert.deepEqual(await axe(page), []);
  await page.click(".diagnosis .repairs tbody button");
  await page.waitForFunction((before) => JSON.stringify(/** @type {any} */ (document.querySelector("mw-app")).snapshot.state.b.steps) !== before, {}, JSON.stringify(steps));
});

test("where channels went, a diagnosis blames no layer for what came before, and offers that others make up for them", { timeout: 300_000, hash: "v=1&m=keywords&a=original&b=channels(keep=0.75)&view=layers" }, async ({ page }) => {
  await settled(page);
  await page.waitForSelector(".diagnosis-start button:not([disabled])");
  await page.click(".diagnosis-start button");
  await page.waitForSelector(".diagnosis .remedies tbody button", { timeout: 200_000 });
  const [first] = await page.$$eval(".diagnosis tr.worst td", (cells) => cells.map(({ textContent }) => textContent));
  assert.equal(first, "–");
  await page.click(".diagnosis .remedies tbody button");
  await page.waitForFunction(() => JSON.stringify(/** @type {any} */ (document.querySelector("mw-app")).snapshot.state.b).includes("refit"));
});
