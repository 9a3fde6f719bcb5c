// @ts-check
import assert from "node:assert/strict";
import { test } from "./harness.mjs";
import { control, download, MACHINE, notice, preset, settled, state, strip, tab } from "./steps.mjs";

test("another recipe gives other numbers, and undo brings the old ones back", async ({ page }) => {
  await settled(page);
  const before = await strip(page, "b");
  const start = await state(page);
  await preset(page, "b", "original");
  await settled(page);
  const after = await strip(page, "b");
  assert.notDeepEqual(after, before);
  assert.deepEqual(after, await strip(page, "a"), "two originals are the same");
  await control(page, "z");
  await settled(page);
  assert.deepEqual(await state(page), start);
  assert.deepEqual(await strip(page, "b"), before);
  await control(page, "z", true);
  await settled(page);
  assert.deepEqual(await strip(page, "b"), after, "redo");
  await control(page, "z");
  await control(page, "y");
  await settled(page);
  assert.deepEqual(await strip(page, "b"), after, "the other redo key");
});

test("a dragged slider is one step back", async ({ page }) => {
  await settled(page);
  await preset(page, "b", "prune-50");
  await settled(page);
  const start = await state(page);
  const slider = await page.$("#b-prune-sparsity");
  assert.ok(slider);
  await slider.focus();
  const box = await slider.boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  for (let step = 1; step <= 5; step++) await page.mouse.move(box.x + box.width / 2 + step * 8, box.y + box.height / 2);
  await page.mouse.up();
  await settled(page);
  const [step] = (await state(page)).b.steps;
  assert.ok(step.sparsity > 0.5, `dragged to ${step.sparsity}`);
  await page.click("[data-does=undo]");
  await settled(page);
  assert.deepEqual(await state(page), start);
});

test("recipes are copied and swapped", async ({ page }) => {
  await settled(page);
  const start = await state(page);
  await page.click(".side.a .side-actions button:nth-child(2)");
  await settled(page);
  const swapped = await state(page);
  assert.deepEqual([swapped.a, swapped.b], [start.b, start.a]);
  await page.click(".side.a .side-actions button:nth-child(1)");
  await settled(page);
  const copied = await state(page);
  assert.deepEqual([copied.a, copied.b], [start.b, start.b]);
});

test("the divider obeys keys, mouse and double-click, and tells where it is", async ({ page }) => {
  await settled(page);
  await tab(page, "weights");
  await page.waitForFunction(() => (document.querySelector(".pane-b canvas")?.getAttribute("width") ?? "1") !== "1");
  const at = () => page.$eval("two-up [role=slider]", (handle) => Number(handle.getAttribute("aria-valuenow")));
  await page.focus("two-up [role=slider]");
  assert.equal(await at(), 50);
  for (const [key, expected] of /** @type {const} */ ([["ArrowLeft", 49], ["ArrowRight", 50], ["Home", 0], ["End", 100], ["Enter", 50], ["1", 0], ["2", 50], ["3", 100]])) {
    await page.keyboard.press(key);
    assert.equal(await at(), expected, key);
  }
  await page.keyboard.down("Shift");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.up("Shift");
  assert.equal(await at(), 90, "Shift goes 10 %");
  const words = await page.$eval("two-up [role=slider]", (handle) => handle.getAttribute("aria-valuetext"));
  assert.equal(words, "A 90 %, B 10 %");
  const box = await (await page.$("two-up"))?.boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width * 0.9, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.25, box.y + box.height / 2, { steps: 4 });
  await page.mouse.up();
  assert.ok(Math.abs((await at()) - 25) <= 1, `dragged to ${await at()}`);
  assert.equal(await page.$(".coach"), null, "the hint is gone after the first use");
  await page.mouse.click(box.x + box.width * 0.5, box.y + 20, { count: 2 });
  assert.equal(await at(), 50, "double-click in the middle");
  await page.focus("#tab-weights");
  await page.keyboard.press("1");
  assert.equal(await at(), 50, "numbers mean nothing elsewhere");
});

test("both sides of the weights are drawn, and pruning shows as holes", { hash: MACHINE }, async ({ page }) => {
  await settled(page);
  await preset(page, "b", "prune-50");
  await settled(page);
  await tab(page, "weights");
  await page.waitForFunction(() => (document.querySelector(".pane-b canvas")?.getAttribute("width") ?? "1") !== "1");
  const [a, b] = await page.evaluate(() => [".pane-a", ".pane-b"].map((pane) => {
    const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector(`${pane} canvas`));
    const { data } = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).getImageData(0, 0, canvas.width, canvas.height);
    const seen = new Map();
    for (let at = 0; at < data.length; at += 4) {
      const colour = `${data[at]},${data[at + 1]},${data[at + 2]}`;
      seen.set(colour, (seen.get(colour) ?? 0) + 1);
    }
    return Math.max(...seen.values()) / (data.length / 4);
  }));
  assert.ok(b >= 0.49 && b > a + 0.2, `share of the most frequent colour: A ${a}, B ${b}`);
});

test("tabs move with arrows, and layers with arrows and the filter", async ({ page }) => {
  await settled(page);
  await page.focus("#tab-listen");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  assert.equal((await state(page)).view, "layers");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "tab-layers");
  await page.focus(".layer-name");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelectorAll(".layers-table tbody tr")[1]?.classList.contains("selected"));
  await page.keyboard.press("/");
  await page.keyboard.type("no such layer");
  await page.waitForFunction(() => document.querySelectorAll(".layers-table tbody tr").length === 0);
});

test("the worst layer comes first when asked", async ({ page }) => {
  await settled(page);
  await tab(page, "layers");
  await page.select(".layers .picker select", "sqnr");
  await page.click(".layers .check input");
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.state.worst);
  const values = await page.$$eval(".layers-table tbody tr td:last-child", (cells) => cells.map((cell) => parseFloat(cell.textContent ?? "")));
  const numbers = values.filter((value) => !Number.isNaN(value));
  assert.ok(numbers.length > 1, `signal to noise of layers: ${values}`);
  assert.deepEqual(numbers, [...numbers].sort((one, other) => one - other));
});

test("another device and rate change time, energy and the verdict", async ({ page }) => {
  await settled(page);
  const [, , , time] = await strip(page, "b");
  const other = await page.$$(".device");
  await other.at(-1)?.click();
  await page.waitForFunction((time) => document.querySelectorAll(".strip .row-b td .number")[3]?.textContent !== time, {}, time);
  const before = await page.$eval(".device:last-child", (card) => card.textContent);
  await page.click(".rate input");
  await page.keyboard.type("100");
  await page.keyboard.press("Enter");
  await page.waitForFunction((before) => document.querySelector(".device:last-child")?.textContent !== before, {}, before);
  assert.equal((await state(page)).rate, 100);
});

test("a link restores the bench", async ({ page, browserName, url }) => {
  await settled(page);
  await preset(page, "b", "prune-50-int8");
  await tab(page, "layers");
  await settled(page);
  const wanted = await state(page);
  await page.click("[data-does=share]");
  await notice(page, /link/i);
  const link = await page.evaluate(() => location.href);
  assert.match(link, /#v=1&m=keywords&a=original&b=prune~quantize&view=layers/);
  await page.goto("about:blank");
  await page.goto(link, { waitUntil: "load" });
  await settled(page);
  assert.deepEqual(await state(page), wanted, `${browserName} ${url}`);
});

test("a link to a model that is not here asks for that file", { hash: `v=1&m=${"ab".repeat(32)}&n=own.tflite&b=quantize` }, async ({ page }) => {
  await page.waitForSelector(".wanted");
  const text = await page.$eval(".wanted", (wanted) => wanted.textContent ?? "");
  assert.match(text, /own\.tflite/);
  assert.match(text, /(ab){32}/);
  assert.deepEqual((await strip(page, "a")).filter((text) => /\d/.test(text)), [], "no numbers of another model");
});

test("the download is the candidate's bytes", async ({ page }) => {
  await settled(page);
  const { name, bytes } = await download(page);
  const flash = await page.evaluate(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.b.report.strip.flash.value);
  assert.equal(bytes.toString("latin1", 4, 8), "TFL3");
  assert.equal(name, "keywords-int8.tflite");
  assert.equal(bytes.length, flash, "as long as the strip says");
});

test("cancel is at once, and the bench can go on", async ({ page }) => {
  await settled(page);
  await preset(page, "b", "prune-50-int8");
  await page.evaluate(() => /** @type {any} */ (document.querySelector("mw-app")).dispatchEvent(
    new CustomEvent("act", { detail: { do: "cancel" }, bubbles: true })));
  const running = await page.evaluate(() => {
    const { a, b } = /** @type {any} */ (document.querySelector("mw-app")).snapshot;
    return Boolean(a.progress || b.progress);
  });
  assert.equal(running, false);
  await notice(page, /stopped/);
  await page.click(".notice .button.small");
  await settled(page);
  assert.match((await strip(page, "b"))[2] ?? "", /\d/);
});

test("the keyboard sheet lists every command once", async ({ page }) => {
  await settled(page);
  await page.keyboard.type("?");
  await page.waitForSelector("dialog[open]");
  const rows = await page.$$eval("dialog[open] .keys tr", (rows) => rows.map((row) => row.textContent?.replace(/\s+/g, " ").trim()));
  assert.ok(rows.length >= 15);
  assert.equal(new Set(rows).size, rows.length);
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !document.querySelector("dialog[open]"));
});
