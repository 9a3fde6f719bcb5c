// @ts-check
// The microphone, from the press to the answer. Chromium's plays a file of ours; Firefox has its own fake device, which
// plays a steady tone, and needs a sound device for any AudioContext to run: the harness gives it PulseAudio's null sink.
// Runs alone: it listens in real time.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { test } from "./harness.mjs";
import { hum, wav } from "./files.mjs";
import { MACHINE, notice, settled } from "./steps.mjs";

const folder = await mkdtemp(join(tmpdir(), "milliwatt-voice-"));
const microphone = join(folder, "hum.wav");
await writeFile(microphone, wav(hum(2, true, 4)));
after(() => rm(folder, { recursive: true, force: true }));

test("holding the button records a clip that both sides answer", { hash: MACHINE, microphone, sound: true }, async ({ page, context }) => {
  await settled(page);
  const button = await page.$(".record");
  const box = await button?.boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + 20, box.y + 10);
  await page.mouse.down();
  await page.waitForSelector(".record.live");
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await page.mouse.up();
  await page.waitForFunction(() => document.querySelector(".clip-name strong")?.textContent === "You 1", { timeout: 20_000 });
  await page.waitForFunction(() => {
    const { a, b } = /** @type {any} */ (document.querySelector("mw-app")).snapshot;
    return a.answer && b.answer;
  });
  const { seconds, loudest, rate } = await page.evaluate(() => {
    const { clip } = /** @type {any} */ (document.querySelector("mw-app")).snapshot.listen;
    return { seconds: clip.samples.length / clip.sample_rate, loudest: Math.max(...clip.samples), rate: clip.sample_rate };
  });
  context.diagnostic(`${seconds.toFixed(2)} s at ${rate} Hz, the loudest sample ${loudest.toFixed(3)}`);
  assert.equal(rate, 16_000);
  assert.ok(seconds > 0.5 && seconds < 4, `${seconds} s`);
  assert.ok(loudest > 0.02, `the loudest sample is ${loudest}`);
  assert.equal(await page.$(".record.live"), null, "the microphone is closed");
});

test("letting go before the microphone is open records nothing, and says so", { hash: MACHINE, microphone, sound: true }, async ({ page }) => {
  await settled(page);
  await page.evaluate(() => {
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wanted) => {
      // As long as somebody takes to allow it.
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const stream = await open(wanted);
      Object.assign(globalThis, { stream });
      return stream;
    };
  });
  const button = await page.$(".record");
  const box = await button?.boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + 20, box.y + 10);
  await page.mouse.down();
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(await page.$(".record.live"), null, "nothing listens yet");
  await page.mouse.up();
  await page.waitForFunction(() =>
    /** @type {any} */ (globalThis).stream?.getTracks().every((/** @type {MediaStreamTrack} */ track) => track.readyState === "ended"));
  assert.match(await notice(page, /Nothing was recorded/), /longer/);
  assert.equal(await page.$(".record.live"), null, "the microphone is closed");
});

test("nothing asks for the microphone until it is wanted", async ({ page }) => {
  await page.evaluateOnNewDocument(() => {
    navigator.mediaDevices.getUserMedia = () => {
      throw new Error("The microphone was opened without being asked for");
    };
  });
  await page.reload({ waitUntil: "load" });
  await settled(page);
});
