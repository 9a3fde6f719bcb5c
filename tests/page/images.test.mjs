// @ts-check
// Models that take images: their views, the images and arrays that are dropped on them, and what does not fit.

import assert from "node:assert/strict";
import { test as nodeTest } from "node:test";
import { drop, test as pageTest } from "./harness.mjs";
import { shared } from "./arrays.mjs";
import { hum, wav, zip } from "./files.mjs";
import { npy, png } from "./images.mjs";
import { notice, notices, settled, state, strip, tab } from "./steps.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

const IC = shared("models", "ic01_fp32.tflite");
const VWW = shared("models", "vww01_fp32.tflite");

/** @type {typeof pageTest} */
const test = (fact, options, body) => {
  if (IC && VWW) pageTest(fact, options, body);
  else nodeTest(fact, { skip: "needs ../shared/mlperf/models" }, () => {});
};

/** Opens a model and waits for its numbers.
 * @param {Page} page
 * @param {string | undefined} file */
async function open(page, file) {
  await settled(page);
  await drop(page, "body", [file ?? ""]);
  await page.waitForFunction((name) => {
    const { state, card } = /** @type {any} */ (document.querySelector("mw-app")).snapshot;
    return state.name === name && card?.name === name;
  }, { timeout: 60_000 }, (file ?? "").replace(/^.*\//, ""));
  await settled(page);
}

/** Drops files and waits until a set of so many test items has been measured.
 * @param {Page} page
 * @param {{ name: string, bytes: Uint8Array }[]} files
 * @param {number} items */
async function measured(page, files, items) {
  const before = (await state(page)).data;
  await drop(page, "body", files);
  await page.waitForFunction((before) => {
    const { state, data } = /** @type {any} */ (document.querySelector("mw-app")).snapshot;
    return state.data !== before && data;
  }, { timeout: 60_000 }, before);
  await settled(page);
  assert.equal(await page.evaluate(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.data?.test_items), items, files.map(({ name }) => name).join());
  assert.deepEqual(await page.$$eval(".notice.error", (errors) => errors.map((error) => error.textContent)), []);
  // Unlabelled items are compared with the original: agreement is the number that there is.
  for (const side of /** @type {const} */ (["a", "b"])) assert.match((await strip(page, side))[0] ?? "", /\d/);
  assert.match((await strip(page, "b"))[5] ?? "", /\d/);
}

test("an image model opens on a view that it has, and every view of it says something", { timeout: 240_000 }, async ({ page }) => {
  await open(page, IC);
  assert.equal((await state(page)).view, "weights");
  await page.waitForFunction(() => (document.querySelector(".pane-a canvas")?.getAttribute("width") ?? "1") !== "1");
  const tabs = await page.$$eval("[role=tab]", (tabs) => tabs.map(({ id }) => id));
  assert.deepEqual(tabs, ["weights", "layers", "bytes", "tradeoff", "train", "memory", "hardware"].map((view) => `tab-${view}`));
  for (const view of ["weights", "layers", "bytes", "tradeoff", "train", "memory", "hardware"]) {
    await tab(page, view);
    await page.waitForFunction(() => {
      const panel = /** @type {HTMLElement} */ (document.querySelector("#stage-panel"));
      const needs = panel.querySelector(".needs")?.textContent ?? "";
      return panel.innerText.replace(needs, "").trim().length > 60;
    }, { timeout: 60_000 });
    assert.match(await page.$eval(".needs", (needs) => needs.textContent ?? ""), /colour images of 32 × 32 pixels.*folder/);
  }
  const hash = await page.evaluate(() => location.hash);
  assert.match(hash, /view=hardware/);
});

test("a link that asks an image model for a view that it has not opens one that it has", { blank: true }, async ({ page, url }) => {
  const { readFile } = await import("node:fs/promises");
  const { createHash } = await import("node:crypto");
  const id = createHash("sha256").update(await readFile(VWW ?? "")).digest("hex");
  await page.goto(`${url}#v=1&m=${id}&n=vww01_fp32.tflite&view=listen`, { waitUntil: "load" });
  await page.waitForSelector(".wanted");
  await drop(page, "body", [VWW ?? ""]);
  await settled(page);
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.state.view === "weights");
  await page.waitForFunction(() => (document.querySelector(".pane-a canvas")?.getAttribute("width") ?? "1") !== "1");
});

test("one image of any size and colours is one item", { timeout: 240_000 }, async ({ page }) => {
  await open(page, IC);
  for (const file of [
    { name: "same.png", bytes: png(32, 32, "rgb") },
    { name: "clear.png", bytes: png(50, 40, "rgba") },
    { name: "gray.png", bytes: png(20, 90, "gray") },
    { name: "item.npy", bytes: npy([32, 32, 3]) },
    { name: "batch.npy", bytes: npy([1, 32, 32, 3]) },
    { name: "floats.npy", bytes: npy([32, 32, 3], { type: "<f4", size: 4 }) },
  ]) await measured(page, [file], 1);
  const jpeg = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(64, 48);
    canvas.getContext("2d")?.fillRect(0, 0, 32, 48);
    const blob = await canvas.convertToBlob({ type: "image/jpeg" });
    return [...new Uint8Array(await blob.arrayBuffer())];
  });
  await measured(page, [{ name: "photo.jpg", bytes: Uint8Array.from(jpeg) }], 1);
});

test("several images, an archive of them and an array of many are as many items", { timeout: 240_000 }, async ({ page }) => {
  await open(page, IC);
  const images = Array.from({ length: 10 }, (_, at) => ({ name: `${at}.png`, bytes: png(32 + at, 32, "rgb") }));
  await measured(page, images, 10);
  // The network is known to tell cats from dogs: of labelled items a fifth sets ranges.
  await measured(page, [{ name: "images.zip", bytes: zip(images.map(({ name, bytes }, at) => ({ name: `${at % 2 ? "cat" : "dog"}/${name}`, bytes }))) }], 8);
  await measured(page, [{ name: "x.npy", bytes: npy([10, 32, 32, 3]) }], 10);
});

test("what does not fit an image model is refused in a sentence, and its numbers stay", { timeout: 240_000 }, async ({ page }) => {
  await open(page, IC);
  await measured(page, Array.from({ length: 10 }, (_, at) => ({ name: `${at}.png`, bytes: png(32, 32, "rgb") })), 10);
  const [start, a, b] = [await state(page), await strip(page, "a"), await strip(page, "b")];
  for (const [file, says] of /** @type {const} */ ([
    [{ name: "small.npy", bytes: npy([28, 28]) }, /\[28, 28\].*\[32, 32, 3\]/],
    [{ name: "turned.npy", bytes: npy([3, 32, 32]) }, /\[3, 32, 32\].*\[32, 32, 3\]/],
    [{ name: "rgba.npy", bytes: npy([32, 32, 4]) }, /\[32, 32, 4\].*\[32, 32, 3\]/],
    [{ name: "batch.npy", bytes: npy([5, 96, 96, 3]) }, /\[5, 96, 96, 3\].*\[n, 32, 32, 3\]/],
    [{ name: "pump.wav", bytes: wav(hum(3, false)) }, /pump\.wav is sound.*images of 32 × 32/],
    [{ name: "sounds.zip", bytes: zip([{ name: "a/1.wav", bytes: wav(hum(1, true)) }, { name: "b/2.wav", bytes: wav(hum(2, true)) }]) }, /sound/],
  ])) {
    await drop(page, "body", [file]);
    assert.match(await notice(page, says), says);
    assert.deepEqual(await state(page), start, file.name);
    assert.deepEqual([await strip(page, "a"), await strip(page, "b")], [a, b], file.name);
    await page.$$eval(".notice .icon-only", (buttons) => buttons.forEach((button) => /** @type {HTMLElement} */ (button).click()));
    await page.waitForFunction(() => !document.querySelector(".notice"));
  }
  assert.deepEqual(await notices(page), []);
});
