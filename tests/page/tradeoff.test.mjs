// @ts-check
// The trade-off: every recipe tried is a dot, a search finds one under budgets, and the bundle is the command's.
// Runs alone: it measures time.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shared } from "./arrays.mjs";
import { axe, ROOT, test } from "./harness.mjs";
import { control, preset, saved, settled, state, tab } from "./steps.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

/** What the page holds, as text carries it.
 * @param {Page} page
 * @param {"tradeoff" | "tried"} of
 * @returns {Promise<any>} */
async function held(page, of) {
  return JSON.parse(await page.evaluate((of) => JSON.stringify(/** @type {any} */ (document.querySelector("mw-app")).snapshot[of]), of));
}

/** Drops the real keyword spotter and its clips.
 * @param {Page} page
 * @param {string[]} files */
async function open(page, files) {
  const input = /** @type {import("puppeteer-core").ElementHandle<HTMLInputElement>} */ (await page.waitForSelector("input.chooser"));
  await input.uploadFile(...files);
}

test("each recipe that is measured becomes a dot, and a press brings it back until it is undone", async ({ page }) => {
  await settled(page);
  await tab(page, "tradeoff");
  await page.waitForSelector(".tradeoff .tried");
  await preset(page, "b", "int4");
  await settled(page);
  await page.waitForFunction(() => document.querySelectorAll(".tradeoff .tried").length >= 3);
  await page.waitForFunction(() => document.querySelector(".tradeoff path.front[d]"), { timeout: 60_000 });
  const { dots } = await held(page, "tried");
  assert.ok(dots.every((/** @type {any} */ { by, strip }) => by === "hand" && strip.flash.kind === "counted" && strip.score.kind === "measured"));
  assert.deepEqual(await axe(page), []);
  const before = JSON.stringify((await state(page)).b);
  await page.$eval(".tradeoff .tried[tabindex='0']", (dot) => /** @type {SVGElement} */ (dot).focus());
  await page.keyboard.press("Home");
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.waitForFunction((before) => JSON.stringify(/** @type {any} */ (document.querySelector("mw-app")).snapshot.state.b) !== before, {}, before);
  await control(page, "z");
  await page.waitForFunction((before) => JSON.stringify(/** @type {any} */ (document.querySelector("mw-app")).snapshot.state.b) === before, {}, before);
  for (const axis of ["ram", "energy"]) {
    await page.evaluate((at) => /** @type {HTMLInputElement} */ (document.querySelectorAll(".tradeoff-axis input")[at]).click(), axis === "ram" ? 1 : 2);
    await page.waitForFunction((axis) => /** @type {any} */ (document.querySelector("mw-app")).snapshot.tradeoff.axis === axis, {}, axis);
  }
});

test("a search is stopped, gone on with, and its answer used in B", { timeout: 400_000 }, async ({ page }) => {
  await settled(page);
  await tab(page, "tradeoff");
  await page.click(".tradeoff-form [type=submit]");
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.tried.dots.some((/** @type {any} */ dot) => dot.by === "search"), { timeout: 120_000 });
  await page.click(".tradeoff-buttons button");
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.tradeoff.phase === "stopped");
  const tried = (await held(page, "tried")).dots.length;
  await page.click(".tradeoff-buttons button:nth-of-type(2)");
  await page.waitForFunction((tried) => /** @type {any} */ (document.querySelector("mw-app")).snapshot.tried.dots.length > tried, { timeout: 120_000 }, tried);
  await page.waitForSelector(".tradeoff .use-best", { timeout: 240_000 });
  const { best, news } = await held(page, "tradeoff");
  assert.match(news.sentence, /within 25000 B of flash/);
  await page.click(".tradeoff .use-best");
  await page.waitForFunction((best) => JSON.stringify(/** @type {any} */ (document.querySelector("mw-app")).snapshot.state.b) === best, {}, JSON.stringify(best));
  await page.click(".tradeoff-buttons button");
});

test("under 25 kB the real keyword spotter loses at most two points within three minutes", { browsers: ["chromium"], timeout: 600_000 }, async ({ page, context }) => {
  const [model, clips] = [shared("models", "kws01_fp32_qualcomm.tflite"), shared("data", "kws_dev.npz")];
  if (!model || !clips) return context.skip("needs ../shared/mlperf");
  await settled(page);
  await open(page, [model, clips]);
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.data?.test_items === 400, { timeout: 60_000 });
  await preset(page, "b", "int8");
  await settled(page);
  await tab(page, "tradeoff");
  const begun = Date.now();
  await page.click(".tradeoff-form [type=submit]");
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.tradeoff.phase === "over", { timeout: 500_000 });
  const seconds = (Date.now() - begun) / 1000;
  const { dots } = await held(page, "tried");
  const { best } = await held(page, "tradeoff");
  const of = (/** @type {any} */ recipe) => dots.find((/** @type {any} */ dot) => JSON.stringify(dot.recipe) === JSON.stringify(recipe)).strip;
  const [float, found] = [of({ version: 1, steps: [] }), of(best)];
  context.diagnostic(`${found.flash.value} B, ${found.score.value} % against ${float.score.value} %, in ${seconds.toFixed(0)} s`);
  assert.ok(found.flash.value <= 25_000);
  assert.ok(found.score.value >= float.score.value - 2, `${found.score.value} against ${float.score.value}`);
  assert.ok(seconds <= 180, `${seconds} s`);
});

test("the bundle from the page is the native command's, byte for byte", { timeout: 400_000 }, async ({ page, context }) => {
  const [model, clips] = [shared("models", "kws01_fp32_qualcomm.tflite"), shared("data", "kws_dev.npz")];
  if (!model || !clips) return context.skip("needs ../shared/mlperf");
  const command = join(ROOT, "target/debug/milliwatt");
  if (!existsSync(command)) return context.diagnostic("skipped: the native command is not built, so that bytes were not compared");
  await settled(page);
  await open(page, [model, clips]);
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.data?.test_items === 400, { timeout: 60_000 });
  await preset(page, "b", "int4");
  await settled(page);
  const folder = await mkdtemp(join(tmpdir(), "milliwatt-bundle-"));
  try {
    const { bytes } = await saved(page, ".top-bar [data-does=bundle]", /\.zip was re-read/);
    const [recipe, output] = [join(folder, "recipe.json"), join(folder, "native.zip")];
    await writeFile(recipe, JSON.stringify((await state(page)).b));
    const native = spawnSync(command, ["bundle", model, "--recipe", recipe, "--data", clips, "-o", output], { encoding: "utf8" });
    assert.equal(native.status, 0, native.stderr);
    const there = await readFile(output);
    assert.equal(bytes.length, there.length);
    assert.ok(bytes.equals(there), "the same bytes");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
