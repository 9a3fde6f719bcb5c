// @ts-check
// The first visit, on which numbers come before the engine does, and the second, which needs no network.

import assert from "node:assert/strict";
import { coldLoad } from "./cold.mjs";
import { engineReady, test } from "./harness.mjs";
import { notices, preset, settled, strip, tab } from "./steps.mjs";

test("on a first visit the numbers are there before any module is asked for", { blank: true }, async ({ page, url, context }) => {
  const cold = await coldLoad(page, url);
  const ms = (/** @type {number} */ value) => `${value.toFixed(0)} ms`;
  context.diagnostic(
    `cold load: numbers in the document after ${ms(cold.document)}, drawn after ${ms(cold.screen)}, ` +
      `first contentful paint after ${ms(cold.contentful)}, module asked for after ${ms(cold.wasm)}`,
  );
  assert.equal(cold.numbers, 6, "numbers in the document when the module was asked for");
  assert.ok(cold.document <= cold.wasm, JSON.stringify(cold));
});

test("a second visit opens and computes without a network", async ({ page, url, unplug }) => {
  await engineReady(page);
  // The worker has taken over and keeps the module.
  await page.waitForFunction(async () => {
    const kept = await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()));
    return navigator.serviceWorker.controller && kept.flat().some((request) => request.url.endsWith(".wasm"));
  });
  await unplug();
  await assert.rejects(fetch(url), "there is no network");
  await page.goto("about:blank");
  await page.goto(url, { waitUntil: "load" });
  const written = await Promise.all([strip(page, "a"), strip(page, "b")]);
  await engineReady(page);
  await preset(page, "b", "prune-50-int8");
  await settled(page);
  assert.deepEqual(await strip(page, "a"), written[0]);
  const pruned = await strip(page, "b");
  assert.notDeepEqual(pruned, written[1], "what was not in the HTML is computed");
  for (const text of pruned) assert.match(text, /\d/);
});

test("after one visit everything works without a network: training, search, levels, checks, Memory, Hardware", { timeout: 600_000 }, async ({ page, url, unplug, context }) => {
  await settled(page);
  await page.waitForFunction(() => document.documentElement.dataset.offline === "kept", { timeout: 60_000 });
  await page.click("[data-does=help]");
  await page.waitForFunction(() => document.querySelector(".offline-what")?.textContent?.includes("works without a network"));
  await unplug();
  await page.goto("about:blank");
  await page.goto(url, { waitUntil: "load" });
  await settled(page);
  const snapshot = (/** @type {string} */ path) => page.waitForFunction((path) => {
    const { snapshot } = /** @type {any} */ (document.querySelector("mw-app"));
    return path.split(".").reduce((value, name) => value?.[name], snapshot);
  }, { timeout: 120_000 }, path);

  await page.click(".top-bar [data-does=lint]");
  await page.waitForSelector("mw-lint .clean");
  await page.keyboard.press("Escape");
  context.diagnostic("check");
  await tab(page, "hardware");
  await page.waitForSelector("mw-hardware-view tbody tr", { timeout: 120_000 });
  context.diagnostic("Hardware");
  await tab(page, "memory");
  await page.waitForSelector(".memory-choices tbody tr", { timeout: 120_000 });
  await page.$eval(".editor .primary", (button) => /** @type {HTMLElement} */ (button).click());
  await snapshot("memory.script");
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.memory.script?.running === false, { timeout: 60_000 });
  context.diagnostic("Memory");
  await tab(page, "tradeoff");
  await page.click(".tradeoff-form [type=submit]");
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.tried.dots.some((/** @type {any} */ dot) => dot.by === "search"), { timeout: 120_000 });
  await page.click(".tradeoff-buttons button");
  context.diagnostic("search");
  await tab(page, "levels");
  await page.waitForSelector(".levels-empty .primary:not([disabled])");
  await page.click(".levels-empty .primary");
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.levels.progress?.done > 0 || document.querySelector(".levels-charts"), { timeout: 180_000 });
  context.diagnostic("levels");
  await page.evaluate(() => document.querySelector("mw-app")?.dispatchEvent(new CustomEvent("act", { detail: { do: "sample", id: "machine" } })));
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.card?.task === "reconstruction");
  await settled(page);
  context.diagnostic("the other sample");
  await tab(page, "train");
  const press = (/** @type {string} */ words) => page.waitForFunction((words) => {
    const button = [...document.querySelectorAll("mw-train-view button")].find((button) => button.textContent?.includes(words));
    /** @type {HTMLElement | undefined} */ (button)?.click();
    return button;
  }, {}, words);
  await press("Let B learn");
  await page.waitForSelector(".owed");
  await press("Train B");
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.train.b?.losses.length > 0, { timeout: 120_000 });
  context.diagnostic("training");
  assert.deepEqual(await notices(page).then((texts) => texts.filter((text) => /not on this device|fetch|network/i.test(text))), []);
});

test("where data is to be saved, only the bench is kept, and the page says so until everything is asked for", { blank: true }, async ({ page, url, requests }) => {
  await page.evaluateOnNewDocument(() => Object.defineProperty(Navigator.prototype, "connection", { get: () => ({ saveData: true }), configurable: true }));
  await page.goto(url, { waitUntil: "load" });
  await settled(page);
  await page.waitForFunction(() => document.documentElement.dataset.offline === "saving");
  // Longer than an idle page waits before it fetches the rest.
  await new Promise((done) => setTimeout(done, 3000));
  // The worker may ask again for the module that the page has loaded: this server allows nothing to be kept.
  assert.equal(new Set(requests.filter((path) => path.endsWith(".wasm"))).size, 1, "one module, that of the bench");
  await page.click("[data-does=help]");
  await page.waitForFunction(() => /asks pages to save data/.test(document.querySelector(".offline-what")?.textContent ?? ""));
  await page.click(".offline-what + button");
  await page.waitForFunction(() => document.documentElement.dataset.offline === "kept", { timeout: 60_000 });
});
