// @ts-check
// The divider between A and B, looked at as a person does: on the screen's pixels.

import assert from "node:assert/strict";
import { test } from "./harness.mjs";
import { differing, picture } from "./pixels.mjs";
import { MACHINE, preset, settled, tab } from "./steps.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

/** What one pane shows where nothing else is on the stage.
 * @param {Page} page
 * @param {"a" | "b"} side */
async function alone(page, side) {
  await page.evaluate((side) => {
    for (const element of document.querySelectorAll(".two-up-frame :is(.pane-a, .pane-b, .two-up-handle, .corner)")) {
      const shown = element.classList.contains(`pane-${side}`);
      /** @type {HTMLElement} */ (element).style.cssText = shown ? "clip-path: none" : "visibility: hidden";
    }
  }, side);
  const seen = await picture(page, ".two-up-frame");
  await page.evaluate(() => {
    for (const element of document.querySelectorAll(".two-up-frame [style]")) {
      if (element.tagName !== "TWO-UP") element.removeAttribute("style");
    }
  });
  return seen;
}

for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }, { width: 1920, height: 1080 }]) {
  test(`left of the divider stands A and right of it B, at ${viewport.width} px`, { hash: MACHINE, viewport }, async ({ page }) => {
    await settled(page);
    await preset(page, "b", "prune-50");
    await settled(page);
    await tab(page, "weights");
    await page.waitForFunction(() => (document.querySelector(".pane-b canvas")?.getAttribute("width") ?? "1") !== "1");
    await page.focus("two-up [role=slider]");
    await page.keyboard.press("2");
    await page.waitForFunction(() => !document.querySelector(".coach"));
    const [a, b] = [await alone(page, "a"), await alone(page, "b")];
    const { width } = a;
    const half = width / 2;
    assert.ok(differing(a, b, 0, half) > 0.02 && differing(a, b, half, width) > 0.02, "pruning changes what is seen on both halves");

    // The handle covers up to 22 px on either side; the letters stand in the corners of both.
    const looks = async (/** @type {number} */ split, /** @type {string} */ how) => {
      await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
      const seen = await picture(page, ".two-up-frame");
      const place = (split / 100) * width;
      const corner = 40;
      assert.ok(differing(seen, a, corner, place - 24) < 0.002, `${how}: left of ${split} % is A`);
      assert.ok(differing(seen, b, place + 24, width - corner) < 0.002, `${how}: right of ${split} % is B`);
    };
    const at = () => page.$eval("two-up [role=slider]", (handle) => Number(handle.getAttribute("aria-valuenow")));

    await looks(50, "at first");
    // A hidden handle lost the focus.
    await page.focus("two-up [role=slider]");
    for (const [key, split] of /** @type {const} */ ([["Home", 0], ["End", 100], ["2", 50], ["PageDown", 40]])) {
      await page.keyboard.press(key);
      assert.equal(await at(), split, key);
      await looks(split, key);
    }
    const box = await (await page.$("two-up"))?.boundingBox();
    assert.ok(box);
    const middle = box.y + box.height / 2;
    await page.mouse.move(box.x + box.width * 0.4, middle);
    await page.mouse.down();
    for (const place of [0.75, 0.25]) {
      await page.mouse.move(box.x + box.width * place, middle, { steps: 4 });
      // The page draws when it is ready, not when the mouse has moved.
      await page.waitForFunction(
        (/** @type {number} */ split) =>
          Math.abs(Number(document.querySelector("two-up [role=slider]")?.getAttribute("aria-valuenow")) - split) <= 1,
        {}, place * 100,
      );
      await looks(place * 100, "dragged by the mouse");
    }
    await page.mouse.up();
    assert.ok(Math.abs((await at()) - 25) <= 1);
  });
}
