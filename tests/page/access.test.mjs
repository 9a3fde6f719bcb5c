// @ts-check
import assert from "node:assert/strict";
import { axe, test } from "./harness.mjs";
import { settled, tab } from "./steps.mjs";

const VIEWS = ["listen", "weights", "layers", "bytes", "tradeoff", "levels", "train", "memory", "hardware"];

for (const theme of ["light", "dark"]) {
  test(`axe finds nothing serious in any view (${theme})`, async ({ page }) => {
    await settled(page);
    await page.evaluate((theme) => (document.documentElement.dataset["theme"] = theme), theme);
    for (const view of VIEWS) {
      await tab(page, view);
      assert.deepEqual(await axe(page), [], view);
    }
    await page.click(".about");
    assert.deepEqual(await axe(page), [], "footnote");
    await page.keyboard.press("Escape");
    for (const sheet of ["samples", "help"]) {
      await page.evaluate((sheet) => /** @type {any} */ (document.querySelector(`mw-${sheet}`)).open(), sheet);
      assert.deepEqual(await axe(page), [], sheet);
      await page.keyboard.press("Escape");
    }
  });
}

test("no shape of any view has the colour that shapes have without a style", async ({ page }) => {
  const drawn = { bytes: ".flash-bar .part", memory: ".joules .part", hardware: ".platforms .platform" };
  await settled(page);
  for (const view of VIEWS) {
    await tab(page, view);
    const selector = /** @type {Record<string, string>} */ (drawn)[view];
    if (selector) await page.waitForSelector(selector, { timeout: 60_000 });
    const black = await page.$$eval("svg :is(rect, circle, path, polygon, text)", (shapes) =>
      shapes
        .filter((shape) => shape.getClientRects().length && !shape.closest("clipPath, defs") && getComputedStyle(shape).fill === "rgb(0, 0, 0)")
        .map((shape) => `${shape.tagName}.${shape.getAttribute("class")} in .${shape.closest("svg")?.getAttribute("class")}`));
    assert.deepEqual([...new Set(black)], [], view);
  }
});

test("every control of a recipe is described by a sentence", async ({ page }) => {
  await settled(page);
  const controls = await page.$$eval(".side :is(select, input)", (controls) =>
    controls.map((control) => ({
      name: control.id || control.className,
      sentence: document.getElementById(control.getAttribute("aria-describedby") ?? "")?.textContent?.trim() ?? "",
    })));
  assert.ok(controls.length >= 8);
  for (const { name, sentence } of controls) assert.ok(sentence.length > 10, `${name}: ${sentence}`);
});

test("what can be pressed is at least 24 px high and wide", async ({ page }) => {
  await settled(page);
  for (const view of VIEWS) {
    await tab(page, view);
    const small = await page.$$eval("button, select, input:not([hidden], .visually-hidden), summary, [role=slider]", (controls) =>
      controls
        .filter((control) => control.getClientRects().length && !control.closest("label"))
        .map((control) => ({ name: control.className || control.id, box: control.getBoundingClientRect() }))
        .filter(({ box }) => box.width < 24 || box.height < 24)
        .map(({ name, box }) => `${name} ${box.width} x ${box.height}`));
    assert.deepEqual(small.filter((text) => !text.startsWith("switch")), [], view);
  }
});

test("the skip link is the first stop and leads to the bench", async ({ page }) => {
  await settled(page);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.className), "skip");
});

test("with reduced motion nothing moves by itself", { browsers: ["chromium"] }, async ({ page }) => {
  await page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value: "reduce" }]);
  await settled(page);
  await tab(page, "weights");
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
});
