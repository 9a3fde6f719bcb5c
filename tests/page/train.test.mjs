// @ts-check
// Training in the page: a side that learns, stopped and kept, undone, and in a link; own words from the microphone to the
// device.
// Runs alone: it listens and measures time.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { axe, ROOT, test } from "./harness.mjs";
import { control, download, notice, preset, settled, state, tab } from "./steps.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

/** What the page holds of a side's training, as text carries it.
 * @param {Page} page
 * @param {"a" | "b"} side
 * @returns {Promise<any>} */
async function run(page, side) {
  const text = await page.evaluate((side) => {
    const found = /** @type {any} */ (document.querySelector("mw-app")).snapshot.train[side];
    const { weights: _, ...rest } = found ?? {};
    return JSON.stringify(found ? rest : null);
  }, side);
  return JSON.parse(text);
}

/** @param {Page} page
 * @param {"a" | "b"} side
 * @param {string} phase */
const reaches = (page, side, phase) => page.waitForFunction(
  (side, phase) => /** @type {any} */ (document.querySelector("mw-app")).snapshot.train[side]?.phase === phase,
  { timeout: 120_000, polling: 50 }, side, phase,
);

/** Presses the button that says so.
 * @param {Page} page
 * @param {RegExp} words */
async function press(page, words) {
  // The view is loaded when it is first looked at.
  const found = await page.waitForFunction(
    (/** @type {string} */ source) => [...document.querySelectorAll("mw-train-view button")]
      .find(({ textContent }) => new RegExp(source).test(textContent?.trim() ?? "")),
    { timeout: 20_000 }, words.source,
  ).catch(() => { throw new Error(`no button says ${words}`); });
  await /** @type {import("puppeteer-core").ElementHandle<HTMLElement>} */ (found.asElement()).click();
}

/** Sets a slider of B's training.
 * @param {Page} page
 * @param {string} field
 * @param {number} value */
async function slide(page, field, value) {
  await page.$eval(`#b-train-${field}`, (slider, value) => {
    /** @type {HTMLInputElement} */ (slider).value = String(value);
    slider.dispatchEvent(new Event("change"));
  }, value);
  await page.waitForFunction((field, value) =>
    /** @type {HTMLInputElement | null} */ (document.querySelector(`#b-train-${field}`))?.getAttribute("value") === String(value), {}, field, value);
}

test("a side learns, and what it learned is what is measured", async ({ page }) => {
  await settled(page);
  await tab(page, "train");
  await press(page, /Let B learn/);
  await page.waitForSelector(".owed");
  assert.equal((await state(page)).b.steps[0].step, "train", "learning comes before rounding");
  assert.deepEqual(await axe(page), []);
  await slide(page, "plan-epochs", 60);
  await press(page, /Train B/);
  await reaches(page, "b", "running");
  await page.waitForSelector(".train-charts path");
  await press(page, /Pause/);
  await reaches(page, "b", "paused");
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.train.b.weights);
  assert.deepEqual(await axe(page), []);
  const paused = await run(page, "b");
  await new Promise((resolve) => setTimeout(resolve, 500));
  const { losses } = await run(page, "b");
  assert.ok(losses.length - paused.losses.length <= 40, "one go at most was under way");
  await page.$eval(".train-rate input", (input) => {
    /** @type {HTMLInputElement} */ (input).value = "0.0005";
    input.dispatchEvent(new Event("change"));
  });
  await press(page, /Go on/);
  await reaches(page, "b", "over");
  await settled(page);
  const after = await run(page, "b");
  assert.equal(after.losses.length, after.card.steps);
  assert.equal(after.epochs.length, after.card.epochs);
  const { b } = await state(page);
  assert.equal(b.steps[0].changes[0].learning_rate, 0.0005, "the recipe keeps what was changed by hand");
  const link = await page.evaluate(() => location.hash);
  assert.match(link, /b=train!/);
  // The number of epochs, then learning itself.
  await control(page, "z");
  await control(page, "z");
  assert.deepEqual((await state(page)).b.steps.map((/** @type {any} */ { step }) => step), ["quantize"]);
});

test("stopped and kept, a recipe says where; both sides that learn the same learn once", async ({ page }) => {
  await settled(page);
  await tab(page, "train");
  await press(page, /Let B learn/);
  await page.waitForSelector(".owed");
  await slide(page, "plan-epochs", 200);
  await page.evaluate(() => /** @type {any} */ (document.querySelector("mw-app")).act({ do: "copy", from: "b" }));
  await page.waitForFunction(() => document.querySelectorAll(".owed").length === 2);
  await press(page, /Train B/);
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.train.b?.losses.length > 3);
  await press(page, /Stop and keep/);
  await settled(page);
  const { a, b } = await state(page);
  assert.deepEqual(a, b);
  assert.ok(b.steps[0].stop > 3);
});

test("workers that share the steps of a training make the file that one alone makes", async ({ page, context }) => {
  const learn = async () => {
    await settled(page);
    await tab(page, "train");
    await press(page, /Let B learn/);
    await slide(page, "plan-epochs", 6);
    await press(page, /Train B/);
    await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.train.b?.losses.length > 0);
    const { workers } = await run(page, "b");
    await reaches(page, "b", "over");
    await settled(page);
    const { news, losses } = await run(page, "b");
    context.diagnostic(`${workers} workers: ${Math.round(news.speed?.value ?? 0)} examples a second`);
    return { workers, losses, file: (await download(page)).bytes };
  };
  // Firefox calls it an error of the page when a reload cuts off what is still being loaded.
  await settled(page);
  await page.evaluateOnNewDocument(() => Object.defineProperty(navigator, "hardwareConcurrency", { value: 2, configurable: true }));
  await page.reload();
  const together = await learn();
  await page.evaluateOnNewDocument(() => Object.defineProperty(navigator, "hardwareConcurrency", { value: 1, configurable: true }));
  await page.goto(page.url().split("#")[0] ?? "");
  const alone = await learn();
  assert.deepEqual([together.workers, alone.workers], [2, 1]);
  assert.deepEqual(together.losses, alone.losses);
  assert.deepEqual(together.file, alone.file);
});

test("another file can be the teacher: the recipe names it, a link asks for it, and one that does not fit says so", async ({ page }) => {
  const folder = await mkdtemp(join(tmpdir(), "milliwatt-teacher-"));
  try {
    // A teacher that answers otherwise: the open model without half of its weights.
    await settled(page);
    await preset(page, "b", "prune-50");
    await settled(page);
    const teacher = join(folder, "older-sister.tflite");
    await writeFile(teacher, (await download(page)).bytes);
    await control(page, "z");
    const begin = async () => {
      await settled(page);
      await tab(page, "train");
      await press(page, /Let B learn/);
      // From nothing, so that what was learned is kept: a network that gains nothing stays as it was.
      await page.select("#b-train-network-kind", "small_convolution");
      await slide(page, "plan-epochs", 20);
      await page.click("#b-train-plan-distillation");
      await page.waitForSelector("#b-teacher");
    };
    /** @param {string} phase */
    const learn = async (phase) => {
      await press(page, /Train B/);
      await reaches(page, "b", phase);
    };
    await begin();
    await learn("over");
    await settled(page);
    const own = (await download(page)).bytes;

    const input = /** @type {import("puppeteer-core").ElementHandle<HTMLInputElement>} */ (await page.$("#b-teacher-file"));
    await input.uploadFile(teacher);
    await page.waitForFunction(() =>
      /** @type {HTMLSelectElement | null} */ (document.querySelector("#b-teacher"))?.selectedOptions[0]?.textContent === "older-sister.tflite");
    assert.equal((await state(page)).b.steps[0].teacher.name, "older-sister.tflite");
    assert.deepEqual(await axe(page), []);
    await learn("over");
    await settled(page);
    assert.notDeepEqual((await download(page)).bytes, own, "what is learned depends on who teaches");

    await page.select("#b-teacher", "machine");
    await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.state.b.steps[0].teacher.name === "machine.tflite");
    await press(page, /Train B/);
    await notice(page, /teacher/);

    const before = await page.evaluate(() => location.hash);
    await page.select("#b-teacher", await page.$eval("#b-teacher", (select) =>
      [.../** @type {HTMLSelectElement} */ (select).options].find(({ textContent }) => textContent === "older-sister.tflite")?.value ?? ""));
    await page.waitForFunction((before) => location.hash !== before, {}, before);
    await settled(page);
    await page.reload();
    await page.waitForSelector("#b-teacher");
    await press(page, /Train B/);
    await notice(page, /older-sister\.tflite, which is not open: choose that file as the teacher/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("three own words are recorded, learned in a minute, quantized, exported, and run by the device's runtime with the same bytes", { browsers: ["chromium"], timeout: 400_000 }, async ({ page, context }) => {
  await settled(page);
  await page.evaluate(speaker);
  for (const [at, word] of WORDS.entries()) {
    for (let take = 0; take < TAKES; take++) {
      await record(page, at, at * TAKES + take + 1);
      if (take > 0) continue;
      // The next recordings take the label of the last.
      await page.click(".clip-label", { count: 3 });
      await page.keyboard.type(word);
      await page.keyboard.press("Enter");
    }
  }
  await page.click(".own-use");
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.state.data === "own");
  await settled(page);
  await tab(page, "train");
  await press(page, /Let B learn/);
  await slide(page, "copies", 4);
  await slide(page, "plan-epochs", 20);
  const start = performance.now();
  await press(page, /Train B/);
  await reaches(page, "b", "over");
  const seconds = (performance.now() - start) / 1000;
  await settled(page);
  const { score, classes } = JSON.parse(await page.evaluate(() => {
    const { report } = /** @type {any} */ (document.querySelector("mw-app")).snapshot.b;
    return JSON.stringify({ score: report.strip.score, classes: report.evaluation.classes });
  }));
  context.diagnostic(`learned in ${seconds.toFixed(1)} s; ${score.value} % of ${score.n} held-back clips`);
  assert.deepEqual(classes, WORDS);
  assert.ok(score.n >= 10 && score.value > 95, `${score.value} % of ${score.n} clips`);
  assert.ok(seconds < 60, `it took ${seconds} s`);
  const { name, bytes } = await download(page);
  assert.match(name, /train-quantize\.tflite$/);
  const inputs = Array.from({ length: 24 }, (_, seed) => noise(seed));
  const predicted = await predictions(bytes, inputs);
  assert.equal(predicted[0]?.length, WORDS.length);
  const device = await onDevice(bytes, inputs);
  if (!device) return context.diagnostic("skipped: no Python with the wheel tflite-micro, so the file was not run by the device's runtime (see tests/oracle/README.md)");
  assert.deepEqual(device, predicted);
});

/** In the order of the alphabet, as classes are. */
const WORDS = ["falling", "rising", "twice"];
const TAKES = 14;

/** Runs in the page: a microphone that hears `word` when it is opened, each time a little different. */
function speaker() {
  let random = 1;
  const next = () => ((random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32);
  navigator.mediaDevices.getUserMedia = async () => {
    const context = new AudioContext();
    await context.resume();
    const out = context.createMediaStreamDestination();
    const begin = context.currentTime + 0.15 + 0.1 * next();
    /** @param {number} from @param {number} to @param {number} at @param {number} lasts */
    const tone = (from, to, at, lasts) => {
      for (const [harmonic, level] of [[1, 0.2], [2, 0.1], [3, 0.05]]) {
        const oscillator = context.createOscillator();
        const gain = context.createGain();
        gain.gain.value = level ?? 0;
        oscillator.frequency.setValueAtTime(from * (harmonic ?? 1), begin + at);
        oscillator.frequency.linearRampToValueAtTime(to * (harmonic ?? 1), begin + at + lasts);
        oscillator.connect(gain).connect(out);
        oscillator.start(begin + at);
        oscillator.stop(begin + at + lasts);
      }
    };
    const pitch = 0.9 + 0.2 * next();
    const { word } = /** @type {any} */ (globalThis);
    if (word === 0) tone(1200 * pitch, 350 * pitch, 0, 0.5);
    if (word === 1) tone(350 * pitch, 1200 * pitch, 0, 0.5);
    if (word === 2) [0, 0.32].forEach((at) => tone(700 * pitch, 700 * pitch, at, 0.18));
    return out.stream;
  };
}

/** Holds the button while a word is spoken.
 * @param {Page} page
 * @param {number} word
 * @param {number} count Clips that there are afterwards. */
async function record(page, word, count) {
  await page.evaluate((word) => void Object.assign(globalThis, { word }), word);
  const box = await (await page.$(".record"))?.boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + 20, box.y + 10);
  await page.mouse.down();
  await page.waitForSelector(".record.live");
  await new Promise((resolve) => setTimeout(resolve, 1050));
  await page.mouse.up();
  await page.waitForFunction((count) => {
    const { clips: own, listen: listening } = /** @type {any} */ (document.querySelector("mw-app")).snapshot;
    return own.clips.length === count && listening.id === own.clips.at(-1).id;
  }, { timeout: 20_000 }, count);
}

/** Bytes for an int8 input of the keyword front end.
 * @param {number} seed */
function noise(seed) {
  let random = seed + 1;
  return Uint8Array.from({ length: 490 }, () => (random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0) >>> 24);
}

/** What the page's engine makes of a model and inputs.
 * @param {Buffer} file
 * @param {Uint8Array[]} inputs
 * @returns {Promise<number[][]>} */
async function predictions(file, inputs) {
  const glue = join(ROOT, "www/src/engine/wasm/simd/milliwatt.js");
  const wasm = await import(pathToFileURL(glue).href);
  wasm.initSync({ module: await readFile(glue.replace(".js", "_bg.wasm")) });
  const runner = new wasm.Runner(file, "tflm", false);
  return inputs.map((input) => {
    runner.set_input(0, input);
    runner.invoke(1);
    return [...runner.output(0)];
  });
}

/** What TFLM makes of them; nothing where it is not installed.
 * @param {Buffer} file
 * @param {Uint8Array[]} inputs
 * @returns {Promise<number[][] | undefined>} */
async function onDevice(file, inputs) {
  const python = process.env.MILLIWATT_ORACLE_PYTHON ?? "python3";
  if (spawnSync(python, ["-c", "import tflite_micro"]).status !== 0) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "milliwatt-train-"));
  try {
    const model = join(folder, "model.tflite");
    await writeFile(model, file);
    const program = `
import json, sys
sys.path.insert(0, ${JSON.stringify(join(ROOT, "tests/oracle"))})
import numpy, tflm
inputs = [[numpy.array(row, dtype=numpy.uint8).tobytes()] for row in json.load(sys.stdin)]
print(json.dumps([numpy.asarray(out[0]).view(numpy.uint8).ravel().tolist() for out in tflm.run(open(${JSON.stringify(model)}, "rb").read(), inputs)]))`;
    const done = spawnSync(python, ["-c", program], { input: JSON.stringify(inputs.map((input) => [...input])), encoding: "utf8" });
    assert.equal(done.status, 0, done.stderr);
    return JSON.parse(done.stdout);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
