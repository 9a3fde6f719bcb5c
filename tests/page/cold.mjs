// @ts-check
// What a first visit shows, and when, by the browser's own clock.

import { engineReady } from "./harness.mjs";

/**
 * @typedef {object} Cold Milliseconds since the navigation began.
 * @property {number} document When all six numbers of side B stood in the document.
 * @property {number} screen When a frame with them had been drawn.
 * @property {number} contentful The browser's own first contentful paint; 0 where it tells none.
 * @property {number} wasm When the first module was asked for.
 * @property {number} numbers How many numbers of side B stood in the document then.
 */

/** Runs in the page before anything of the page does. */
function probe() {
  /** @type {Partial<Cold>} */
  const cold = {};
  Object.assign(globalThis, { cold });
  const numbers = () =>
    [...document.querySelectorAll(".strip .row-b td .number")].filter((number) => /\d/.test(number.textContent ?? "")).length;
  const fetch = globalThis.fetch;
  globalThis.fetch = (...request) => {
    if (cold.wasm === undefined && String(request[0]).includes(".wasm")) {
      cold.wasm = performance.now();
      cold.numbers = numbers();
    }
    return fetch(...request);
  };
  const observer = new MutationObserver(() => {
    if (numbers() < 6) return;
    observer.disconnect();
    cold.document = performance.now();
    // The frame after the next one begins when the next one has been drawn.
    requestAnimationFrame(() => requestAnimationFrame(() => (cold.screen = performance.now())));
  });
  observer.observe(document, { childList: true, subtree: true, characterData: true });
}

/** Opens the page, which no script of it has run in before, and tells when its numbers came.
 * @param {import("puppeteer-core").Page} page
 * @param {string} url
 * @returns {Promise<Cold>} */
export async function coldLoad(page, url) {
  await page.evaluateOnNewDocument(probe);
  await page.goto(url, { waitUntil: "load" });
  await engineReady(page);
  await page.waitForFunction(() => /** @type {any} */ (globalThis).cold.screen);
  return page.evaluate(() => {
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    return { contentful: paint?.startTime ?? 0, .../** @type {any} */ (globalThis).cold };
  });
}
