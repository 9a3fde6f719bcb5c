// @ts-check
// A model whose outputs nobody named, and data in folders: a labels.txt says which output is which.
import assert from "node:assert/strict";
import { test as nodeTest } from "node:test";
import { shared } from "./arrays.mjs";
import { hum, wav, zip } from "./files.mjs";
import { drop, test as pageTest } from "./harness.mjs";
import { notice, settled, strip } from "./steps.mjs";

const MODEL = shared("models", "sww01_int8.tflite");

/** @type {typeof pageTest} */
const test = (fact, options, body) => {
  if (MODEL) pageTest(fact, options, body);
  else nodeTest(fact, { skip: "needs ../shared/mlperf/models" }, () => {});
};

const LABELS = { name: "labels.txt", bytes: Buffer.from("hum\nrattle\nother\n") };

/** Sixteen clips in two folders.
 * @param {number} seed */
function clips(seed) {
  const clip = (/** @type {number} */ at) => ({ name: `${at % 2 ? "rattle" : "hum"}/${seed}-${at}.wav`, bytes: wav(hum(seed + at, at % 2 === 0, 1)) });
  return { name: "clips.zip", bytes: zip(Array.from({ length: 16 }, (_, at) => clip(at))) };
}

test("folders that name no known class are scored once a labels.txt is dropped with them", { timeout: 240_000 }, async ({ page }) => {
  await settled(page);
  await drop(page, "body", [MODEL ?? "", clips(1)]);
  assert.match(await notice(page, /labels\.txt/), /3 outputs the folders \(hum, rattle\) are.*one class name a line/);
  await settled(page);
  assert.doesNotMatch((await strip(page, "b"))[2] ?? "", /\d/, "no score without names");
  await drop(page, "body", [clips(40), LABELS]);
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.data?.classes?.join() === "hum,rattle,other", { timeout: 60_000 });
  await settled(page);
  assert.match((await strip(page, "b"))[2] ?? "", /\d/);
});

test("a labels.txt alone, and files that nothing reads, are named in a sentence", async ({ page }) => {
  await settled(page);
  await drop(page, "body", [LABELS]);
  assert.match(await notice(page, /labels\.txt/), /Drop it together with the data/);
  await drop(page, "body", [clips(3), { name: "notes.txt", bytes: Buffer.from("nothing to see") }]);
  assert.match(await notice(page, /left out/), /1 of these files.*notes\.txt/);
});
