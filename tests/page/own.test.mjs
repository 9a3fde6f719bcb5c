// @ts-check
// Own clips: recorded, named, labelled, trimmed, deleted, saved and opened again.

import assert from "node:assert/strict";
import { axe, drop, test } from "./harness.mjs";
import { flac, hum, wav } from "./files.mjs";
import { unpacked } from "./keywords.mjs";
import { control, MACHINE, notice, saved, settled, state, strip } from "./steps.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

/** What the page holds of own clips, as text carries it.
 * @param {Page} page
 * @returns {Promise<{ name: string, label: string, start: number, end: number, samples: number, loudest: number }[]>} */
async function own(page) {
  const text = await page.evaluate(() => {
    const { clips } = /** @type {any} */ (document.querySelector("mw-app")).snapshot.clips;
    return JSON.stringify(clips.map((/** @type {any} */ { name, label, start, end, clip }) =>
      ({ name, label, start, end, samples: clip.samples.length, loudest: Math.max(...clip.samples) })));
  });
  return JSON.parse(text);
}

/** Waits until there are so many own clips, the last of them chosen.
 * @param {Page} page
 * @param {number} count */
async function has(page, count) {
  await page.waitForFunction((count) => {
    const { clips: own, listen: listening } = /** @type {any} */ (document.querySelector("mw-app")).snapshot;
    const last = own.clips.at(-1);
    return own.clips.length === count && (!last || (listening.id === last.id && listening.clip?.samples === last.clip.samples && listening.wave));
  }, { timeout: 30_000 }, count);
}

/** Types into a field of the editor.
 * @param {Page} page
 * @param {string} field
 * @param {string} text */
async function type(page, field, text) {
  await page.click(field, { count: 3 });
  await page.keyboard.type(text);
  await page.keyboard.press("Enter");
}

/** Ten labelled clips: half of them of machines that are well.
 * @param {Page} page */
async function ten(page) {
  for (let at = 0; at < 10; at++) {
    const well = at % 2 === 0;
    await drop(page, "body", [{ name: `clip ${at}.wav`, bytes: wav(hum(at, well)) }]);
    await has(page, at + 1);
    await type(page, ".clip-label", well ? "normal" : "anomalous");
    await page.waitForFunction((at) => /** @type {any} */ (document.querySelector("mw-app")).snapshot.clips.clips[at].label, {}, at);
  }
}

/** Which test items there are, by what the bench says of them.
 * @param {Page} page
 * @returns {Promise<unknown>} */
async function measured(page) {
  await settled(page);
  const text = await page.evaluate(() => {
    const { data, b } = /** @type {any} */ (document.querySelector("mw-app")).snapshot;
    const { test_items, calibration_items, class_counts } = data;
    return JSON.stringify({ test_items, calibration_items, class_counts, evaluation: b.report.evaluation, flash: b.report.strip.flash.value });
  });
  return JSON.parse(text);
}

test("a clip is named, labelled and trimmed, and every step can be undone", { hash: MACHINE }, async ({ page }) => {
  await settled(page);
  await drop(page, "body", [{ name: "pump.wav", bytes: wav(hum(3, false)) }]);
  await has(page, 1);
  assert.deepEqual((await own(page)).map(({ name, label, start, end, samples }) => ({ name, label, start, end, samples })), [
    { name: "pump.wav", label: "", start: 0, end: 2, samples: 32_000 },
  ]);
  await type(page, ".clip-title", "Pump in the cellar");
  await type(page, ".clip-label", "anomalous");
  await page.waitForFunction(() => document.querySelector(".clip-name .truth")?.textContent?.includes("anomalous"));
  // Ten steps of ten milliseconds by keys, then the other end by a press: nobody has to drag.
  await page.focus(".handle.start");
  for (let step = 0; step < 10; step++) await page.keyboard.press("ArrowRight");
  assert.match(await page.$eval(".handle.start", (handle) => handle.getAttribute("aria-valuetext") ?? ""), /^0\.1\u202fs$/);
  const box = await (await page.$(".wave"))?.boundingBox();
  assert.ok(box);
  await page.mouse.click(box.x + box.width * 0.75, box.y + box.height / 2);
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.listen.clip.samples.length < 25_000);
  const [clip] = await own(page);
  assert.ok(clip);
  assert.equal(clip.name, "Pump in the cellar");
  assert.ok(Math.abs(clip.start - 0.1) < 1e-9 && Math.abs(clip.end - 1.5) < 0.011, `${clip.start} to ${clip.end}`);
  assert.equal(clip.samples, Math.round(clip.end * 16_000) - 1600);
  await page.waitForFunction(() => {
    const { a, b, listen: listening } = /** @type {any} */ (document.querySelector("mw-app")).snapshot;
    return a.answer && b.answer && listening.spectrogram.seconds < 1.6;
  });
  assert.deepEqual(await axe(page), []);
  await page.focus("[data-own]");
  for (let step = 0; step < 30 && (await own(page)).length; step++) await control(page, "z");
  assert.deepEqual(await own(page), [], "undone to before the drop");
  for (let step = 0; step < 30; step++) await control(page, "y");
  assert.deepEqual(await own(page), [clip], "and redone");
});

test("a deleted clip comes back by the message, with the keyboard alone", async ({ page }) => {
  await settled(page);
  await drop(page, "body", [{ name: "one.wav", bytes: wav(hum(1, true)) }, { name: "two.wav", bytes: wav(hum(2, true)) }]);
  await has(page, 2);
  const before = await own(page);
  await page.focus("[data-own=own-1]");
  await page.keyboard.press("Delete");
  await notice(page, /one\.wav was deleted/);
  assert.deepEqual((await own(page)).map(({ name }) => name), ["two.wav"]);
  await page.waitForFunction(() => /** @type {HTMLElement} */ (document.activeElement)?.dataset["own"] === "own-2", {}, "its neighbour has the focus");
  await page.focus(".notice .button.small");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.clips.clips.length === 2);
  assert.deepEqual(await own(page), before, "in its old place");
});

test("a saved set, dropped again, is the same set with the same split and the same numbers", { hash: MACHINE }, async ({ page }) => {
  await settled(page);
  const sample = await strip(page, "b");
  await ten(page);
  await page.click(".own-use");
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.state.data === "own");
  const first = /** @type {any} */ (await measured(page));
  assert.equal(first.calibration_items + first.test_items, 10);
  assert.equal(first.evaluation.metric, "AUC");
  assert.ok(first.evaluation.score, "labels are understood");
  assert.notDeepEqual(await strip(page, "b"), sample);
  const marked = await page.$$eval(".chip.own", (chips) => chips.filter((chip) => chip.textContent?.includes("calibrates")).length);
  assert.equal(marked, first.calibration_items, "the chips say which of them calibrate");

  const { name, bytes: archive } = await saved(page, ".own-save", /milliwatt-clips\.zip/);
  assert.equal(name, "milliwatt-clips.zip");
  const paths = [...unpacked(archive).keys()];
  assert.deepEqual(paths.slice(0, 2), ["normal/clip 0.wav", "anomalous/clip 1.wav"]);
  // What the archive holds is the sound that was dropped, sample for sample.
  assert.deepEqual(unpacked(archive).get("normal/clip 0.wav"), Buffer.from(wav(hum(0, true))));

  await drop(page, "body", [{ name: "again.zip", bytes: archive }]);
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.state.data.startsWith("set-"), { timeout: 30_000 });
  assert.deepEqual(await measured(page), first);

  // And its clips can be edited again.
  const clips = await own(page);
  await page.click(".own-take");
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.clips.clips.length === 20);
  const taken = (await own(page)).slice(10).map(({ name, label, samples }) => `${label}/${name} ${samples}`).sort();
  assert.deepEqual(taken, clips.map(({ name, label, samples }) => `${label}/${name.replace(".wav", "")} ${samples}`).sort());
});

test("another seed is another split, and stands in the link", { hash: MACHINE }, async ({ page }) => {
  await settled(page);
  await ten(page);
  await page.click(".own-use");
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.state.data === "own");
  await settled(page);
  const calibrating = () => page.$$eval(".chip.own", (chips) => chips.filter((chip) => chip.textContent?.includes("calibrates")).map((chip) => chip.getAttribute("data-own")).join());
  const splits = new Set([await calibrating()]);
  for (const seed of ["2", "3", "4"]) {
    await type(page, ".seed input", seed);
    await page.waitForFunction((seed) => /** @type {any} */ (document.querySelector("mw-app")).snapshot.state.seed === Number(seed), {}, seed);
    await settled(page);
    assert.match(await page.evaluate(() => location.hash), new RegExp(`&seed=${seed}&`));
    splits.add(await calibrating());
  }
  assert.ok(splits.size > 1, [...splits].join(" | "));
  await page.focus("[data-own]");
  for (let step = 0; step < 3; step++) await control(page, "z");
  assert.equal((await state(page)).seed, 1);
});

test("leaving with clips that are not saved asks first, and not after saving", async ({ page }) => {
  await settled(page);
  const asks = () => page.evaluate(() => !dispatchEvent(new Event("beforeunload", { cancelable: true })));
  assert.equal(await asks(), false, "nothing to lose");
  await drop(page, "body", [{ name: "pump.wav", bytes: wav(hum(3, false)) }]);
  await has(page, 1);
  assert.equal(await asks(), false, "the file is still where it was");
  await type(page, ".clip-label", "anomalous");
  await page.waitForSelector(".unsaved");
  assert.equal(await asks(), true);
  await saved(page, ".own-save", /milliwatt-clips\.zip/);
  assert.equal(await asks(), false);
  assert.equal(await page.$(".unsaved"), null);
});

test("a FLAC file is the same clip as the WAV file, within one step of 16 bits", async ({ page }) => {
  await settled(page);
  const sound = hum(5, true, 1);
  await drop(page, "body", [{ name: "a.wav", bytes: wav(sound) }, { name: "b.flac", bytes: flac(sound) }]);
  await has(page, 2);
  const { rate, lengths, furthest } = await page.evaluate(() => {
    const [one, other] = /** @type {any} */ (document.querySelector("mw-app")).snapshot.clips.clips;
    const apart = one.whole.map((/** @type {number} */ sample, /** @type {number} */ at) => Math.abs(sample - other.whole[at]));
    return { rate: other.rate, lengths: [one.whole.length, other.whole.length], furthest: Math.max(...apart) };
  });
  assert.equal(rate, 16_000, "at the file's own rate");
  assert.deepEqual(lengths, [16_000, 16_000]);
  // Some decoders divide positive samples by 32 767, which is one step at full scale.
  assert.ok(furthest < 1.01 / 32_768, `${furthest}`);
});

test("a sound file that cannot be decoded is a sentence that names it", async ({ page }) => {
  await settled(page);
  await drop(page, "body", [{ name: "song.mp3", bytes: Buffer.from("ID3\x04 this is no song") }]);
  await notice(page, /song\.mp3 cannot be decoded/);
  assert.deepEqual(await own(page), []);
});
