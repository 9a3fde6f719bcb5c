// @ts-check
// Public model files, dropped one after the other: each is opened with a side B, or answered by a sentence that names what
// stops it. No view is left empty.
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test as nodeTest } from "node:test";
import { drop, ROOT, test } from "./harness.mjs";
import { picture } from "./pixels.mjs";
import { settled } from "./steps.mjs";

const MODELS = join(process.env.MILLIWATT_SHARED ?? join(ROOT, "..", "shared"), "corpus/models");
const FACT = "each public file ends with a side B or with a sentence, and no view is empty";

/** Milliseconds that a file may take until it is answered. */
const ANSWER = 45_000;

/** What became of a file: the flash of both sides, or the sentence that stands on the screen.
 * @param {import("puppeteer-core").Page} page
 * @param {string} name
 * @returns {Promise<{ made?: string, sentence?: string }>} */
async function outcome(page, name) {
  const found = await page.waitForFunction((name) => {
    const sentence = [...document.querySelectorAll(".notice.error p")].map((text) => text.textContent?.trim() ?? "").find((text) => text.includes(name));
    if (sentence) return { sentence };
    const { state, a, b } = /** @type {any} */ (document.querySelector("mw-app")).snapshot;
    if (state.name !== name || !a.report || a.progress || b.progress) return undefined;
    const shown = [...document.querySelectorAll(".strip .row-b td .number")].map((cell) => cell.textContent?.trim() ?? "");
    if (b.report && b.report.model.name === name && /\d/.test(shown[0] ?? "")) return { made: shown[0] };
    const error = document.querySelector(".side.b .error, .side.b [role=alert]")?.textContent?.trim();
    return b.error && error ? { sentence: error } : undefined;
  }, { timeout: ANSWER, polling: 100 }, name);
  return /** @type {Promise<any>} */ (found.jsonValue());
}

/** How many different colours a picture has, counted up to ten.
 * @param {import("./pixels.mjs").Picture} picture */
function colours({ data }) {
  const seen = new Set();
  for (let at = 0; at < data.length && seen.size < 10; at += 4) seen.add(`${data[at]} ${data[at + 1]} ${data[at + 2]}`);
  return seen.size;
}

if (existsSync(MODELS)) {
  test(FACT, { browsers: ["chromium"], timeout: 600_000 }, async ({ page, problems, context }) => {
    await settled(page);
    const faults = [];
    let made = 0;
    for (const name of readdirSync(MODELS).filter((name) => name.endsWith(".tflite")).sort()) {
      await page.evaluate(() => document.querySelectorAll(".notice button").forEach((button) => /** @type {HTMLElement} */ (button).click()));
      await drop(page, "body", [{ name, bytes: await readFile(join(MODELS, name)) }]);
      const answer = await outcome(page, name).catch(() => undefined);
      if (!answer) {
        faults.push(`${name}: no answer`);
        continue;
      }
      if (answer.made) made += 1;
      else context.diagnostic(`${name}: ${answer.sentence}`);
      // A sentence names an operator or a format, in capitals or as an ending, and is no riddle of one word.
      if (answer.sentence && !/[A-Z][A-Z0-9_]{2,}|subgraphs|type|TFLite/.test(answer.sentence)) faults.push(`${name}: ${answer.sentence}`);
      const words = await page.$eval(".stage-panel", (panel) => /** @type {HTMLElement} */ (panel).innerText.trim().length);
      if (words < 20 || colours(await picture(page, ".stage-panel")) < 4) faults.push(`${name}: its view is empty`);
    }
    context.diagnostic(`${made} files opened with a side B`);
    assert.deepEqual(faults, []);
    assert.deepEqual(problems, []);
  });
} else {
  nodeTest(FACT, { skip: "needs ../shared/corpus" }, () => {});
}
