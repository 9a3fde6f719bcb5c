// @ts-check
// What is built in: the keyword spotter that the page opens with, and the other samples one click away.

import assert from "node:assert/strict";
import { axe, test } from "./harness.mjs";
import { MACHINE, notice, settled, state, strip } from "./steps.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

/** What the page says of the data and of the score of side A.
 * @param {Page} page
 * @returns {Promise<any>} */
async function measured(page) {
  await settled(page);
  return JSON.parse(await page.evaluate(() => {
    const { a, b, card, data } = /** @type {any} */ (document.querySelector("mw-app")).snapshot;
    return JSON.stringify({ a: a.report.strip.score, b: b.report.strip.score, card, data });
  }));
}

/** Takes a sample from the gallery.
 * @param {Page} page
 * @param {string} name */
async function take(page, name) {
  await page.click("[data-does=samples]");
  await page.click(`[data-sample=${name}]`);
  await page.waitForFunction((name) => {
    const { state, a, b } = /** @type {any} */ (document.querySelector("mw-app")).snapshot;
    return state.model === name && a.complete && b.complete && !a.progress && !b.progress;
  }, { timeout: 90_000 }, name);
}

test("the page opens with a keyword spotter and words of voices that it never heard", async ({ page, context }) => {
  const { a, b, card, data } = await measured(page);
  assert.equal(card.task, "classification");
  assert.deepEqual([data.classes.length, data.test_items, data.calibration_items], [12, 158, 39]);
  context.diagnostic(`float ${a.value.toFixed(1)} %, int8 ${b.value.toFixed(1)} % of ${data.test_items} clips`);
  assert.ok(a.value > 90 && b.value > a.value - 3, `${a.value} % and ${b.value} %`);
  // The first of them can be heard, and both sides say what they hear.
  const { seconds, label, name } = await page.evaluate(() => {
    const { clip } = /** @type {any} */ (document.querySelector("mw-app")).snapshot.listen;
    return { seconds: clip.samples.length / clip.sample_rate, label: clip.label, name: clip.name };
  });
  assert.equal(seconds, 1);
  assert.ok(data.classes.includes(label) && name.length > 3, `${name} is labelled ${label}`);
  assert.ok(await page.$(".play:not([disabled])"));
  const said = await page.$$eval(".answers tbody tr", (rows) => rows.length);
  assert.equal(said, 12);
});

test("every sample is one click away, with inputs of its own", async ({ page }) => {
  const first = await measured(page);
  const start = await state(page);
  await take(page, "machine");
  assert.equal((await measured(page)).card.task, "reconstruction");
  assert.match(await page.title(), /^Machine sound/);
  assert.match(await page.evaluate(() => location.hash), /^#v=1&m=machine&/);
  await take(page, "keywords");
  assert.deepEqual(await measured(page), first);
  assert.deepEqual(await state(page), start);
});

test("a link to the machine sample opens it with its numbers", { hash: MACHINE }, async ({ page }) => {
  const { card, data } = await measured(page);
  assert.equal(card.task, "reconstruction");
  assert.match(data.name, /machine/);
  for (const text of await strip(page, "b")) assert.match(text, /\d/);
  assert.deepEqual(await axe(page), []);
});

test("a sample that cannot be fetched is a sentence, and comes when it can be", { browsers: ["chromium"] }, async ({ page, problems }) => {
  await settled(page);
  await page.evaluate(() => {
    const fetch = globalThis.fetch;
    globalThis.fetch = (...request) =>
      String(request[0]).includes("samples/machine") ? Promise.resolve(new Response("", { status: 503 })) : fetch(...request);
    Object.assign(globalThis, { mend: () => (globalThis.fetch = fetch) });
  });
  await page.click("[data-does=samples]");
  await page.click("[data-sample=machine]");
  await notice(page, /status 503/);
  await page.evaluate(() => void (/** @type {any} */ (globalThis).mend()));
  await page.click("[data-does=undo]");
  await settled(page);
  await take(page, "machine");
  assert.deepEqual(problems, []);
});

test("nothing of a model is said or drawn from the moment that another is taken", async ({ page }) => {
  await measured(page);
  const seen = await page.evaluate(async () => {
    const app = /** @type {any} */ (document.querySelector("mw-app"));
    app.dispatchEvent(new CustomEvent("act", { detail: { do: "sample", id: "machine" } }));
    const { a, b, comparison, listen: listening, data } = app.snapshot;
    await new Promise((drawn) => requestAnimationFrame(drawn));
    const numbers = [...document.querySelectorAll(".strip tbody td")].map(({ textContent }) => textContent?.trim() ?? "");
    return { kept: Boolean(a.report || b.report || comparison || listening.clip || data), numbers };
  });
  assert.equal(seen.kept, false);
  assert.ok(seen.numbers.length > 10 && seen.numbers.every((text) => !/\d/.test(text)), seen.numbers.join(" | "));
});
