// @ts-check
// What a person does and sees on the page, in words that tests can use.

import { engineReady } from "./harness.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

/** The address of the machine sample, as a test's `hash`. */
export const MACHINE = "v=1&m=machine&a=original&b=quantize&view=listen";

/** Waits until both sides have been measured to the end and nothing is running.
 * @param {Page} page */
export async function settled(page) {
  await engineReady(page);
  await page.waitForFunction(
    () => {
      const app = /** @type {any} */ (document.querySelector("mw-app"));
      const { a, b } = app?.snapshot ?? {};
      return a?.complete && b?.complete && !a.progress && !b.progress;
    },
    { timeout: 90_000, polling: 50 },
  );
}

/** The strip's numbers of a row, in their order, as text.
 * @param {Page} page
 * @param {"a" | "b" | "delta"} row
 * @returns {Promise<string[]>} */
export function strip(page, row) {
  return page.$$eval(`.strip .row-${row} td`, (cells) =>
    cells.map((cell) => (cell.querySelector(".number")?.textContent ?? cell.textContent ?? "").trim()));
}

/** The state that links and undo are made of.
 * @param {Page} page
 * @returns {Promise<any>} */
export async function state(page) {
  // As text: Firefox's protocol sends an object that stands in two places once only.
  const text = await page.evaluate(() => JSON.stringify(/** @type {any} */ (document.querySelector("mw-app")).snapshot.state));
  return JSON.parse(text);
}

/** Chooses a preset of a side.
 * @param {Page} page
 * @param {"a" | "b"} side
 * @param {string} name */
export async function preset(page, side, name) {
  await page.select(`.side.${side} .preset`, name);
}

/** Opens a view by its tab.
 * @param {Page} page
 * @param {string} view */
export async function tab(page, view) {
  await page.click(`#tab-${view}`);
  await page.waitForSelector(`mw-${view}-view`);
}

/** The messages on screen.
 * @param {Page} page
 * @returns {Promise<string[]>} */
export function notices(page) {
  return page.$$eval(".notice p", (texts) => texts.map((text) => text.textContent?.trim() ?? ""));
}

/** Waits for a message.
 * @param {Page} page
 * @param {RegExp} pattern
 * @returns {Promise<string>} */
export async function notice(page, pattern) {
  const found = await page.waitForFunction(
    (source) => [...document.querySelectorAll(".notice p")].map((text) => text.textContent ?? "").find((text) => new RegExp(source, "i").test(text)),
    { timeout: 30_000 },
    pattern.source,
  );
  return /** @type {Promise<string>} */ (found.jsonValue());
}

/** Presses a key with Ctrl, and Shift where asked.
 * @param {Page} page
 * @param {import("puppeteer-core").KeyInput} key
 * @param {boolean} [shift] */
export async function control(page, key, shift = false) {
  await page.keyboard.down("Control");
  if (shift) await page.keyboard.down("Shift");
  await page.keyboard.press(key);
  if (shift) await page.keyboard.up("Shift");
  await page.keyboard.up("Control");
}

/** Keeps what is saved by a press instead of letting the browser download it, and gives it. Messages of what was saved
 * before may still be on screen, so it is the file that is waited for, then the message that speaks of it.
 * @param {Page} page
 * @param {string} button
 * @param {RegExp} message
 * @returns {Promise<{ name: string, bytes: Buffer }>} */
export async function saved(page, button, message) {
  await page.evaluate(() => {
    const kept = /** @type {any} */ (globalThis);
    kept.saved = undefined;
    if (kept.blobs) return;
    kept.blobs = new Map();
    const create = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (blob) => {
      const url = create(blob);
      kept.blobs.set(url, blob);
      return url;
    };
    HTMLAnchorElement.prototype.click = function click() {
      kept.saved = { name: this.download, blob: kept.blobs.get(this.href) };
    };
  });
  await page.click(button);
  await page.waitForFunction(() => /** @type {any} */ (globalThis).saved, { timeout: 60_000, polling: 50 });
  await notice(page, message);
  const { name, base64 } = await page.evaluate(async () => {
    const { saved } = /** @type {any} */ (globalThis);
    const bytes = new Uint8Array(await saved.blob.arrayBuffer());
    let letters = "";
    for (let at = 0; at < bytes.length; at += 8192) letters += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return { name: saved.name, base64: btoa(letters) };
  });
  return { name, bytes: Buffer.from(base64, "base64") };
}

/** Presses Download, and gives what would have been saved.
 * @param {Page} page */
export const download = (page) => saved(page, ".top-bar .primary", /downloads/);
