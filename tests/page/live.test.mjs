// @ts-check
// Listening to the microphone: the right answers, the light, and every way in which a microphone can fail.
// Runs alone: it listens in real time.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test as nodeTest } from "node:test";
import { axe, drop, screenshots, test } from "./harness.mjs";
import { hum, wav } from "./files.mjs";
import { clips, MISSING, MODEL } from "./keywords.mjs";
import { MACHINE, notice, preset, settled, tab } from "./steps.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

const WORD = "yes";
const folder = await mkdtemp(join(tmpdir(), "milliwatt-live-"));
const [spoken, faulty] = [join(folder, "word.wav"), join(folder, "hum.wav")];
after(() => rm(folder, { recursive: true, force: true }));
await writeFile(faulty, wav(hum(2, false, 4)));
/** One second of the word between silences: a microphone plays it again and again. */
const clip = MISSING ? new Float32Array(16_000) : (await clips(WORD))[0] ?? new Float32Array(16_000);
const between = new Float32Array(48_000);
between.set(clip, 16_000);
await writeFile(spoken, wav(between));

/** Remembers every stream that the page opens.
 * @param {Page} page */
async function remember(page) {
  await page.evaluate(() => {
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    Object.assign(globalThis, { streams: [] });
    navigator.mediaDevices.getUserMedia = async (wish) => {
      const stream = await open(wish);
      /** @type {any} */ (globalThis).streams.push(stream);
      return stream;
    };
  });
}

/** What became of the microphones: `live` or `ended`.
 * @param {Page} page
 * @returns {Promise<string[]>} */
function microphones(page) {
  return page.evaluate(() => /** @type {any} */ (globalThis).streams.flatMap((/** @type {MediaStream} */ stream) =>
    stream.getTracks().map((track) => track.readyState)));
}

/** @param {Page} page */
async function start(page) {
  await page.click(".live-toggle");
  await page.waitForSelector("mw-live-view", { timeout: 30_000 });
}

/** Opens the keyword spotter on both sides.
 * @param {Page} page */
async function keywords(page) {
  await preset(page, "b", "original");
  await drop(page, "body", [MODEL]);
  await page.waitForFunction(() => {
    const { state, a, b } = /** @type {any} */ (document.querySelector("mw-app")).snapshot;
    return state.name.startsWith("kws01") && a.made && b.made;
  }, { timeout: 60_000 });
}

if (MISSING) {
  nodeTest("a spoken word is shown by both sides", { skip: MISSING }, () => {});
} else {
  test("a word spoken to the microphone is detected by both sides", { browsers: ["chromium"], microphone: spoken }, async ({ page }) => {
    await settled(page);
    await keywords(page);
    await remember(page);
    await start(page);
    await page.waitForFunction((word) => [...document.querySelectorAll(".told li")].some((told) =>
      told.querySelector("strong")?.textContent === word && told.querySelectorAll(".letter").length === 2), { timeout: 30_000 }, WORD);
    const told = await page.$$eval(".told strong", (told) => told.map((word) => word.textContent));
    assert.deepEqual([...new Set(told)], [WORD], "and no other word");
    assert.match(await page.$eval(".latency", (latency) => latency.textContent ?? ""), /\d\s*ms from sound to answers\s*measured/);
    assert.match(await page.$eval(".meter", (meter) => meter.getAttribute("aria-valuetext") ?? ""), /peak \S+\sdBFS, RMS/);
    assert.match(await page.title(), /^🔴/, "the light is on");
    await screenshots(page, "live");
    assert.deepEqual(await axe(page), []);
    await page.click(".live-toggle");
    assert.equal(await page.$("mw-live-view"), null);
    assert.deepEqual(await microphones(page), ["ended"], "the microphone is closed at once");
    assert.doesNotMatch(await page.title(), /🔴/);
  });

  test("the same word from a file is answered by both sides", async ({ page }) => {
    await settled(page);
    await keywords(page);
    await drop(page, "body", [{ name: "word.wav", bytes: wav(clip) }]);
    await page.waitForFunction((word) => ["a", "b"].every((side) =>
      document.querySelector(`.said.${side} strong`)?.textContent === word), { timeout: 30_000 }, WORD);
  });
}

test("listening draws, measures and answers, and Escape ends it", { hash: MACHINE, microphone: faulty, sound: true }, async ({ page, browserName }) => {
  await settled(page);
  await remember(page);
  await start(page);
  await page.waitForFunction(() => document.querySelector(".said.a strong")?.textContent !== "–" &&
    document.querySelector(".said.b strong")?.textContent !== "–" && document.querySelector(".errors polyline")?.getAttribute("points")?.includes(" "), { timeout: 30_000 });
  const drawn = () => page.evaluate(() => {
    const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector("mw-rolling canvas"));
    const { data } = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  });
  // Firefox's microphone plays a pure tone, which has few.
  assert.ok((await drawn()) > 2, `${await drawn()} colours`);
  const [before, normalized] = await page.$$eval(".meter", (meters) => meters.map((meter) => Number(meter.getAttribute("aria-valuenow"))));
  assert.ok((before ?? -100) > -60, `the peak is at ${before} dBFS`);
  assert.equal(normalized, before, "no normalizer changes nothing");
  if (browserName === "chromium") await page.waitForSelector(".told strong", { timeout: 30_000 });
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !document.querySelector("mw-live-view"));
  assert.deepEqual(await microphones(page), ["ended"]);
});

test("what was just heard is kept as a clip, and leaving the view stops listening", { microphone: faulty, sound: true }, async ({ page }) => {
  await settled(page);
  await remember(page);
  await start(page);
  await page.waitForSelector(".latency .number");
  await page.click(".keep");
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.clips.clips.length === 1);
  const loudest = await page.evaluate(() => Math.max(.../** @type {any} */ (document.querySelector("mw-app")).snapshot.clips.clips[0].whole));
  assert.ok(loudest > 0.01, `${loudest}`);
  await tab(page, "layers");
  assert.deepEqual(await microphones(page), ["ended"]);
  assert.equal(await page.evaluate(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.live.phase), "off");
});

test("another recipe while listening is heard without a break", { hash: MACHINE, microphone: faulty, sound: true }, async ({ page }) => {
  await settled(page);
  await start(page);
  await page.waitForSelector(".latency .number");
  await preset(page, "b", "prune-50");
  await settled(page);
  const error = (/** @type {number} */ row) => page.$$eval("mw-live-view .mirror tbody .number", (numbers, row) => numbers[row]?.textContent ?? "", row);
  await page.waitForFunction(() => {
    const [a, b] = [...document.querySelectorAll("mw-live-view .mirror tbody .number")].map((number) => parseFloat(number.textContent ?? ""));
    return a && b && Math.abs(a / b - 1) > 0.005;
  }, { timeout: 90_000 });
  assert.notEqual(await error(0), await error(1));
  assert.ok(await page.$("mw-live-view"), "still listening");
});

test("with reduced motion the picture stands still and is written over", { hash: MACHINE, browsers: ["chromium"], microphone: faulty }, async ({ page }) => {
  await page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value: "reduce" }]);
  await settled(page);
  await start(page);
  await page.waitForSelector(".latency .number");
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
  // Column 2 was written with the first sound, and stays until the picture is full.
  const column = () => page.evaluate(() => {
    const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector("mw-rolling canvas"));
    const { data } = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).getImageData(2, 0, 1, canvas.height);
    return [...data].join();
  });
  const first = await column();
  assert.ok(new Set(first.split(",")).size > 5, "there is something in it");
  await page.waitForFunction((before) => document.querySelector(".errors polyline")?.getAttribute("points") !== before, {},
    await page.$eval(".errors polyline", (line) => line.getAttribute("points")));
  assert.equal(await column(), first);
});

for (const [name, pattern] of /** @type {const} */ ([
  ["NotAllowedError", /not allowed.*address bar/],
  ["NotFoundError", /No microphone was found.*Plug one in/],
  ["NotReadableError", /could not be opened: it is taken.*other programs/],
])) {
  test(`a microphone that answers ${name} is a sentence, for recording and for listening`, async ({ page }) => {
    await settled(page);
    await page.evaluate((name) => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("it is taken", name));
    }, name);
    await page.click(".live-toggle");
    await notice(page, pattern);
    await page.waitForSelector(".live-toggle[aria-pressed=false]");
    await page.click(".notice .icon-only");
    await page.focus(".record");
    await page.keyboard.press("Enter");
    await notice(page, pattern);
    await page.waitForSelector(".record[aria-pressed=false]");
  });
}

test("a microphone that is unplugged while it listens is a sentence", { microphone: faulty, sound: true }, async ({ page }) => {
  await settled(page);
  await remember(page);
  // Firefox lets no script send a track an event: whoever waits for it is called instead.
  await page.evaluate(() => {
    const listen = MediaStreamTrack.prototype.addEventListener;
    MediaStreamTrack.prototype.addEventListener = function add(/** @type {any[]} */ ...what) {
      if (what[0] === "ended") Object.assign(globalThis, { unplug: what[1] });
      return /** @type {any} */ (listen).apply(this, what);
    };
  });
  await start(page);
  await page.waitForSelector(".meter");
  await page.evaluate(() => /** @type {any} */ (globalThis).unplug());
  await notice(page, /unplugged or taken away/);
  assert.equal(await page.$("mw-live-view"), null);
  assert.deepEqual(await microphones(page), ["ended"]);
});

test("stopping before the microphone is there leaves it closed", async ({ page }) => {
  await settled(page);
  await page.evaluate(() => {
    const stopped = { ended: false };
    const track = Object.assign(new EventTarget(), { stop: () => (stopped.ended = true) });
    navigator.mediaDevices.getUserMedia = () => new Promise((resolve) =>
      Object.assign(globalThis, { stopped, allow: () => resolve(/** @type {any} */ ({ getTracks: () => [track] })) }));
    // A stream that a test makes is none to the browser: only its tracks matter here.
    AudioContext.prototype.createMediaStreamSource = function source() {
      return /** @type {any} */ (this.createGain());
    };
  });
  await page.click(".live-toggle");
  await page.waitForSelector(".live-toggle[aria-pressed=true]");
  await page.click(".live-toggle");
  await page.waitForSelector(".live-toggle[aria-pressed=false]");
  await page.evaluate(() => /** @type {any} */ (globalThis).allow());
  await page.waitForFunction(() => /** @type {any} */ (globalThis).stopped.ended);
  assert.equal(await page.$("mw-live-view"), null);
});
