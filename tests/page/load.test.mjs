// @ts-check
import assert from "node:assert/strict";
import { engineReady, screenshots, test } from "./harness.mjs";
import { notices, settled, strip } from "./steps.mjs";

test("the page opens and its engine answers", async ({ page, browserName }) => {
  const engine = await engineReady(page);
  const hasRelaxed = await page.evaluate(() =>
    WebAssembly.validate(
      new Uint8Array([
        0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253,
        15, 253, 128, 2, 11,
      ]),
    ),
  );
  assert.equal(engine, hasRelaxed ? "relaxed" : "simd");
  await settled(page);
  assert.equal(await page.title(), "Keyword spotter – Milliwatt");
  if (browserName === "chromium") await screenshots(page, "first");
});

test("a browser downloads only the module that it can run", async ({ page, requests }) => {
  await engineReady(page);
  const modules = requests.filter((path) => path.endsWith(".wasm"));
  assert.equal(new Set(modules).size, 1, `of one module, not ${modules.join(" and ")}`);
});

test("numbers stand in the HTML before any script runs, and the engine finds the same", { blank: true }, async ({ page, url, browserName }) => {
  // Firefox cannot be told to run no scripts from here: there the HTML is read as text.
  await page.goto("about:blank");
  let before;
  if (browserName === "chromium") {
    await page.setJavaScriptEnabled(false);
    await page.goto(url, { waitUntil: "load" });
    before = await Promise.all([strip(page, "a"), strip(page, "b"), strip(page, "delta")]);
    await page.setJavaScriptEnabled(true);
  }
  await page.goto(url, { waitUntil: "load" });
  const html = await page.evaluate(async () => (await fetch(location.href)).text());
  const numbers = await page.evaluate((html) => {
    const parsed = new DOMParser().parseFromString(html, "text/html");
    return ["a", "b", "delta"].map((row) =>
      [...parsed.querySelectorAll(`.strip .row-${row} td`)].map((cell) => (cell.querySelector(".number")?.textContent ?? cell.textContent ?? "").trim()));
  }, html);
  const [a = [], b = []] = numbers;
  assert.equal(b.filter((text) => /\d/.test(text)).length, 6, `six numbers of B: ${b}`);
  assert.ok(a.filter((text) => /\d/.test(text)).length >= 4, `at least what is counted and measured of A: ${a}`);
  if (before) assert.deepEqual(before, numbers, "what is drawn without scripts");
  await settled(page);
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.comparison);
  assert.deepEqual(await Promise.all([strip(page, "a"), strip(page, "b"), strip(page, "delta")]), numbers, "recomputed");
  assert.deepEqual(await notices(page), [], "no warning that they differ");
});

test("every number of the strip says what it is and points to its footnote", async ({ page }) => {
  await settled(page);
  const cells = await page.$$eval(".strip :is(.row-a, .row-b) td", (cells) =>
    cells.filter((cell) => cell.querySelector(".number")).map((cell) => ({
      kind: cell.getAttribute("data-kind"),
      note: document.getElementById(cell.getAttribute("aria-describedby") ?? "")?.textContent ?? "",
    })));
  assert.ok(cells.length >= 10, `${cells.length} numbers`);
  for (const { kind, note } of cells) {
    assert.match(kind ?? "", /^(measured|counted|modelled)$/);
    assert.ok(note.includes(kind ?? "?"), `the footnote names the kind: ${note}`);
    assert.ok(note.trim().length > 20, note);
  }
});

test("no view makes a narrow page scroll sideways", async ({ page }) => {
  await settled(page);
  await page.setViewport({ width: 390, height: 844 });
  for (const view of await page.$$eval("[role=tab]", (tabs) => tabs.map(({ id }) => id.replace("tab-", "")))) {
    await page.evaluate((view) => /** @type {HTMLElement | null} */ (document.querySelector(`#tab-${view}`))?.click(), view);
    await page.waitForSelector(`mw-${view}-view`);
    // What a view computes first is there.
    await page.waitForFunction(() => document.querySelector("mw-stage svg, mw-stage canvas, mw-stage table, mw-stage button"));
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${view}: ${wide} px too wide`);
  }
});

test("the main job needs no scrolling at 1440 x 900, and no sideways scrolling at 390 or 320", async ({ page }) => {
  await settled(page);
  for (const [width, height] of [[1440, 900], [1024, 768], [390, 844], [320, 640]]) {
    await page.setViewport({ width, height });
    for (const view of ["listen", "weights", "layers", "bytes", "levels"]) {
      await page.click(`#tab-${view}`);
      await page.waitForSelector(`mw-${view}-view`);
      const { wide, high } = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth - innerWidth, high: document.documentElement.scrollHeight - innerHeight,
      }));
      assert.ok(wide <= 0, `${view} at ${width} is ${wide} px too wide`);
      if (width === 1440) assert.ok(high <= 0, `${view} at ${width} is ${high} px too high`);
    }
  }
});
