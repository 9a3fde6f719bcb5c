// @ts-check
import assert from "node:assert/strict";
import { drop, test } from "./harness.mjs";
import { hum, machineSet, sampleModel, wav } from "./files.mjs";
import { control, notice, settled, state, strip, tab } from "./steps.mjs";

test("a dropped model with a ZIP of clips is measured on them", async ({ page }) => {
  await settled(page);
  const start = await state(page);
  await drop(page, "body", [
    { name: "mine.tflite", bytes: await sampleModel() },
    { name: "clips.zip", bytes: machineSet(24) },
  ]);
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.state.name === "mine.tflite", { timeout: 60_000 });
  await settled(page);
  const [flash = "", ram = "", score = ""] = await strip(page, "a");
  for (const text of [flash, ram, score, ...(await strip(page, "b"))]) assert.match(text, /\d/);
  assert.match(await page.title(), /^mine\.tflite/);
  assert.match(await page.evaluate(() => location.hash), /^#v=1&m=[0-9a-f]{64}&n=mine\.tflite/);
  await control(page, "z");
  await settled(page);
  assert.deepEqual(await state(page), start, "undo brings the sample back");
});

test("files can be dropped while any view is open", async ({ page }) => {
  await settled(page);
  await tab(page, "bytes");
  await drop(page, ".stage-panel", [{ name: "again.tflite", bytes: await sampleModel() }]);
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.state.name === "again.tflite", { timeout: 60_000 });
});

test("a file that is nothing gives a sentence, and the bench stays", async ({ page, problems }) => {
  await settled(page);
  const [start, numbers] = [await state(page), await strip(page, "b")];
  await drop(page, "body", [{ name: "holiday.txt", bytes: Buffer.from("Dear all, the sea is warm and blue.") }]);
  assert.match(await notice(page, /holiday\.txt/), /It opens .tflite/);
  const broken = (await sampleModel()).slice(0, 900);
  await drop(page, "body", [{ name: "broken.tflite", bytes: broken }]);
  await page.waitForFunction(() => document.querySelectorAll(".notice.error").length === 2, { timeout: 30_000 });
  assert.deepEqual(await state(page), start);
  assert.deepEqual(await strip(page, "b"), numbers);
  assert.deepEqual(problems, []);
});

test("one WAV file is a clip that both sides answer", async ({ page }) => {
  await settled(page);
  await tab(page, "layers");
  await drop(page, "body", [{ name: "pump.wav", bytes: wav(hum(3, false)) }]);
  await page.waitForFunction(() => document.querySelector(".clip-name strong")?.textContent === "pump.wav", { timeout: 30_000 });
  await page.waitForFunction(() => {
    const { a, b } = /** @type {any} */ (document.querySelector("mw-app")).snapshot;
    return a.answer && b.answer;
  });
  const bars = await page.$$eval(".answers tbody tr", (rows) => rows.length);
  assert.ok(bars > 0);
});

test("a recipe file becomes side B", async ({ page }) => {
  await settled(page);
  const recipe = { version: 1, steps: [{ step: "prune", sparsity: 0.25 }] };
  await drop(page, "body", [{ name: "recipe.json", bytes: Buffer.from(JSON.stringify(recipe)) }]);
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.state.b.steps[0]?.sparsity === 0.25);
  assert.equal((await state(page)).b.steps[0].scope, "per_layer", "defaults are filled in");
  await settled(page);
});

test("a pasted file is opened", async ({ page }) => {
  await settled(page);
  const content = [...wav(hum(5, true, 1))];
  await page.evaluate((content) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(content)], "pasted.wav"));
    // Firefox drops the files of a clipboard event that a script makes.
    const event = new Event("paste", { bubbles: true });
    Object.defineProperty(event, "clipboardData", { value: transfer });
    document.body.dispatchEvent(event);
  }, content);
  await page.waitForFunction(() => document.querySelector(".clip-name strong")?.textContent === "pasted.wav", { timeout: 30_000 });
});

test("dragging a file over the page outlines it", async ({ page }) => {
  await settled(page);
  await page.evaluate(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(["x"], "x"));
    document.body.dispatchEvent(new DragEvent("dragenter", { dataTransfer: transfer, bubbles: true, cancelable: true }));
  });
  await page.waitForSelector(".drop-outline:not([hidden])");
});

test("a dropped model and its clips are there again after a reload, until they are forgotten", { timeout: 240_000 }, async ({ page }) => {
  await settled(page);
  await drop(page, "body", [
    { name: "mine.tflite", bytes: await sampleModel() },
    { name: "clips.zip", bytes: machineSet(24) },
  ]);
  const named = () => page.waitForFunction(() => {
    const { state, data } = /** @type {any} */ (document.querySelector("mw-app"))?.snapshot ?? {};
    return state?.name === "mine.tflite" && data;
  }, { timeout: 60_000 });
  await named();
  await settled(page);
  const numbers = await Promise.all([strip(page, "a"), strip(page, "b")]);
  await page.reload({ waitUntil: "load" });
  await named();
  await settled(page);
  assert.deepEqual(await Promise.all([strip(page, "a"), strip(page, "b")]), numbers);
  await page.click(".model-chip");
  await page.waitForSelector("#model-menu [data-does=forget]", { visible: true });
  await page.click("#model-menu [data-does=forget]");
  await notice(page, /no longer kept on this device/);
  await page.reload({ waitUntil: "load" });
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app"))?.snapshot?.wanted?.name === "mine.tflite");
});
