// @ts-check
// The first visit, on which numbers come before the engine does, and the second, which needs no network.

import assert from "node:assert/strict";
import { coldLoad } from "./cold.mjs";
import { engineReady, test } from "./harness.mjs";
import { preset, settled, strip } from "./steps.mjs";

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
