// @ts-check
// In-memory compute and hardware: the candidate in an array beside the processor, two matrices, and every platform.
// Runs alone: it measures time.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { axe, ROOT, test } from "./harness.mjs";
import { preset, settled, tab } from "./steps.mjs";

/** @typedef {import("puppeteer-core").Page} Page */

/** What the page holds of a view, as text carries it.
 * @param {Page} page
 * @param {"memory" | "hardware"} of
 * @returns {Promise<any>} */
async function view(page, of) {
  return JSON.parse(await page.evaluate((of) => JSON.stringify(/** @type {any} */ (document.querySelector("mw-app")).snapshot[of]), of));
}

/** An NPY file of float32.
 * @param {number} rows
 * @param {number} columns
 * @param {number} seed */
function matrix(rows, columns, seed) {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${columns}), }`.padEnd(117) + "\n";
  let random = seed;
  const values = Float32Array.from({ length: rows * columns }, () => ((random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 31) - 1);
  return Buffer.concat([Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]), Buffer.from(header), Buffer.from(values.buffer)]);
}

test("the candidate runs in the array with the processor's bytes, and costs stand beside the processor's", async ({ page }) => {
  await settled(page);
  await tab(page, "memory");
  await page.waitForSelector(".memory-choices tbody tr", { timeout: 120_000 });
  const { report } = await view(page, "memory");
  assert.equal(report.same_bytes[0], report.same_bytes[1]);
  assert.ok(report.same_bytes[0] > 0);
  assert.deepEqual(report.choices.map((/** @type {any} */ { id }) => id), ["processor", "macro", "better"]);
  for (const { energy } of report.choices) assert.ok(energy.kind === "modelled" && energy.low < energy.value && energy.value < energy.high && energy.source);
  assert.deepEqual(await axe(page), []);
  const before = report.choices[1].energy.value;
  await page.$eval(".memory-controls input", (input) => {
    /** @type {HTMLInputElement} */ (input).value = "0.6";
    input.dispatchEvent(new Event("change"));
  });
  await page.waitForFunction((before) => {
    const { report, running } = /** @type {any} */ (document.querySelector("mw-app")).snapshot.memory;
    return !running && report.choices[1].energy.value !== before;
  }, { timeout: 60_000 }, before);
});

/** Puts code into the editor, runs it, and waits for its end.
 * @param {Page} page
 * @param {string} code
 * @returns {Promise<{ lines: string[], error?: { message: string, at?: number } }>} */
async function run(page, code) {
  await page.$eval(".editor textarea", (area, code) => {
    /** @type {HTMLTextAreaElement} */ (area).value = code;
    area.dispatchEvent(new Event("input"));
  }, code);
  await page.$eval(".editor .primary", (button) => /** @type {HTMLElement} */ (button).click());
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.memory.script?.running === false, { timeout: 60_000 });
  const { script } = await view(page, "memory");
  return script;
}

test("a turned knob shows new costs at once", async ({ page, context }) => {
  await settled(page);
  await tab(page, "memory");
  await page.waitForSelector(".memory-choices tbody tr", { timeout: 120_000 });
  /** @type {number[]} */
  const times = [];
  for (const volts of ["0.7", "0.75", "0.65", "0.9", "0.85"]) {
    times.push(await page.evaluate(async (volts) => {
      const app = /** @type {any} */ (document.querySelector("mw-app"));
      const before = app.snapshot.memory.report;
      const input = /** @type {HTMLInputElement} */ (document.querySelector(".memory-controls input"));
      const start = performance.now();
      input.value = volts;
      input.dispatchEvent(new Event("change"));
      while (app.snapshot.memory.report === before) await new Promise((resolve) => setTimeout(resolve));
      await app.updateComplete;
      return performance.now() - start;
    }, volts));
  }
  context.diagnostic(`milliseconds until new costs are there: ${times.map((time) => time.toFixed(0)).join(", ")}`);
});

test("flash stands apart in a joule once the energy of a bit is entered, and no longer when it is taken out", async ({ page }) => {
  await settled(page);
  await tab(page, "memory");
  await page.waitForSelector(".model-bit input", { timeout: 120_000 });
  const kept = async () => (await view(page, "memory")).report.joules.map((/** @type {any} */ { parts }) => parts.some((/** @type {any} */ { part }) => part === "model"));
  assert.ok((await kept()).every((/** @type {boolean} */ there) => !there));
  const enter = async (/** @type {string} */ value) => {
    await page.click(".model-bit input", { count: 3 });
    await page.keyboard.press("Backspace");
    await page.type(".model-bit input", value);
    await page.keyboard.press("Enter");
  };
  const until = (/** @type {boolean} */ there) => page.waitForFunction((there) => {
    const { report, running } = /** @type {any} */ (document.querySelector("mw-app")).snapshot.memory;
    return !running && report?.joules.every((/** @type {any} */ { parts }) => parts.some((/** @type {any} */ { part }) => part === "model") === there);
  }, { timeout: 60_000 }, there);
  await enter("3.7");
  await until(true);
  // What cannot be an energy changes nothing and takes nothing away.
  await enter("-1");
  assert.ok((await kept()).every(Boolean));
  await enter("");
  await until(false);
});

test("ten chips on charge are scored one after the other, with their mean and spread", async ({ page, context }) => {
  await settled(page);
  await tab(page, "memory");
  await page.waitForSelector(".memory-chips button", { timeout: 120_000 });
  const start = Date.now();
  await page.$eval(".memory-chips button", (button) => /** @type {HTMLElement} */ (button).click());
  await page.waitForFunction(() => {
    const { chips } = /** @type {any} */ (document.querySelector("mw-app")).snapshot.memory;
    return chips && !chips.running;
  }, { timeout: 240_000 });
  const { chips } = await view(page, "memory");
  assert.equal(chips.error, undefined);
  const { scores } = chips;
  context.diagnostic(`${scores.items} items on ${scores.chips.length} chips in ${((Date.now() - start) / 1e3).toFixed(1)} s: ${scores.mean.value.toFixed(1)} %, exactly ${scores.exact.value.toFixed(1)} %`);
  assert.deepEqual([scores.wanted, scores.chips.length], [10, 10]);
  assert.ok(scores.items >= 50 && scores.mean.low <= scores.mean.value && scores.mean.value <= scores.mean.high && scores.mean.kind === "measured");
  assert.match(await page.$eval(".memory-chips [role=status]", ({ textContent }) => textContent ?? ""), /10 of 10 chips[^]*takes [\d.]+\s[nµ]?J \([\d.,–\s]+\) for charging columns/);
});

test("a network is written in the page, runs in the array, and reaches no network", async ({ page }) => {
  await settled(page);
  await tab(page, "memory");
  await page.waitForSelector(".editor textarea", { timeout: 60_000 });
  const documented = /```js\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, "docs/imc.md"), "utf8"))?.[1] ?? "";
  assert.equal(await page.$eval(".editor textarea", (area) => /** @type {HTMLTextAreaElement} */ (area).value), documented, "the first example is the documentation's");
  const first = await run(page, documented);
  assert.equal(first.error, undefined);
  assert.match(first.lines.join("\n"), /largest difference 0\.\d+\n.*\(modelled[\s\S]*FULLY_CONNECTED[\s\S]*total +264192 MACs/);
  const reach = await run(page, "print(typeof fetch, typeof XMLHttpRequest, typeof WebSocket, typeof importScripts, typeof navigator);");
  assert.deepEqual(reach.lines, ["undefined undefined undefined undefined undefined"]);
  const thrown = await run(page, "const a = 1;\n\nnull.x;\n");
  assert.deepEqual([thrown.error?.at, /null/.test(thrown.error?.message ?? "")], [3, true], JSON.stringify(thrown));
  const wrong = await run(page, "const a = 1;\nconst b = ;\n");
  assert.equal(wrong.error?.at, 2, JSON.stringify(wrong));
  const misfit = await run(page, "Sequential(Linear(3, 2))(randn([1, 4]));");
  assert.match(misfit.error?.message ?? "", /layer 0: a Linear of 3 inputs cannot take/);
  const bench = await run(page, "const net = load(bench.model);\nprint(net(bench.items).shape, net.to('imc')(bench.items).shape);\nprint(net.report());");
  assert.equal(bench.error, undefined, JSON.stringify(bench));
  assert.match(bench.lines.join("\n"), /^16,12 16,12/);
  assert.deepEqual(await axe(page), []);
});

test("a small product is watched cycle by cycle with the keyboard, and timed on this machine", async ({ page, context }) => {
  await settled(page);
  await tab(page, "memory");
  await page.waitForSelector(".matrix", { timeout: 60_000 });
  for (const at of [0, 1]) {
    await page.$$eval(".matrix .button", (buttons, at) => /** @type {HTMLElement} */ (buttons[at]).click(), at);
    await page.waitForFunction((at) => /** @type {any} */ (document.querySelector("mw-app")).snapshot.memory.matrices.cards[at], { timeout: 60_000 }, at);
  }
  await page.waitForSelector(".trace", { timeout: 60_000 });
  const { matrices: { report, trace } } = await view(page, "memory");
  // 4 rows of 8 bits pass the only tile.
  assert.equal(trace.cycles.length, 32);
  assert.deepEqual(trace.cycles.slice(7).filter((/** @type {any} */ _, /** @type {number} */ at) => at % 8 === 0).flatMap((/** @type {any} */ { totals }) => totals), report.values);
  await page.focus(".trace");
  await page.keyboard.press("ArrowRight");
  const words = () => page.$eval(".trace [role=status]", ({ textContent }) => textContent ?? "");
  assert.match(await words(), /^Cycle 2 of 32: bit 1 of row 1/);
  await page.keyboard.press("End");
  assert.match(await words(), /^Cycle 32 of 32: bit 7 of row 4/);
  await page.evaluate(() => [...document.querySelectorAll(".memory-matrices .button")].find(({ textContent }) => textContent?.includes("Measure"))?.dispatchEvent(new MouseEvent("click")));
  await page.waitForFunction(() => /** @type {any} */ (document.querySelector("mw-app")).snapshot.memory.matrices.measured?.length === 3, { timeout: 60_000 });
  const { matrices: { measured } } = await view(page, "memory");
  assert.ok(measured[0].seconds > 0 && measured[1].seconds > 0, JSON.stringify(measured));
  context.diagnostic(JSON.stringify(measured));
  const large = await page.evaluate(async () => {
    const app = /** @type {any} */ (document.querySelector("mw-app"));
    const start = performance.now();
    /** @type {HTMLElement} */ ([...document.querySelectorAll(".memory-matrices .memory-buttons .button")][3]).click();
    while (app.snapshot.memory.matrices.report?.size[0] !== 1024) await new Promise((resolve) => setTimeout(resolve));
    return performance.now() - start;
  });
  context.diagnostic(`1024 x 1024 by 1024 x 64, made, multiplied and priced: ${large.toFixed(0)} ms`);
  const again = await page.evaluate(async () => {
    const app = /** @type {any} */ (document.querySelector("mw-app"));
    const times = [];
    for (const bits of [7, 8, 7, 8, 7, 8, 7, 8]) {
      const before = app.snapshot.memory.matrices.report;
      const start = performance.now();
      app.dispatchEvent(new CustomEvent("act", { detail: { ask: "memory", what: { memory: "bits", bits: [8, bits] } } }));
      while (app.snapshot.memory.matrices.report === before) await new Promise((resolve) => setTimeout(resolve));
      times.push(performance.now() - start);
    }
    return times;
  });
  context.diagnostic(`multiplied with every change counted, checked and priced again: ${again.map((time) => time.toFixed(0)).join(", ")} ms`);
  assert.deepEqual(await axe(page), []);
});

test("a float candidate says that the array needs integers", async ({ page }) => {
  await settled(page);
  await preset(page, "b", "original");
  await settled(page);
  await tab(page, "memory");
  await page.waitForSelector(".memory .remark.blocks", { timeout: 60_000 });
  assert.match((await view(page, "memory")).error, /int8|integer/i);
});

test("two matrices are multiplied in the array and on the boards, with the native command's numbers", async ({ page, context }) => {
  const folder = await mkdtemp(join(tmpdir(), "milliwatt-memory-"));
  const files = [join(folder, "a.npy"), join(folder, "b.npy")];
  try {
    await writeFile(files[0] ?? "", matrix(24, 96, 1));
    await writeFile(files[1] ?? "", matrix(96, 16, 2));
    await settled(page);
    await tab(page, "memory");
    const input = /** @type {import("puppeteer-core").ElementHandle<HTMLInputElement>} */ (await page.waitForSelector(".memory-buttons input[type=file]"));
    await input.uploadFile(...files);
    await page.waitForSelector(".memory-matrices .memory-choices", { timeout: 60_000 });
    const { matrices: { report } } = await view(page, "memory");
    assert.deepEqual(report.size, [24, 96, 16]);
    const names = await page.$$eval(".memory-matrices .memory-choices tbody th", (cells) => cells.map(({ textContent }) => textContent));
    assert.ok(names.length > 3 && names[0] === report.array.name, "the macro first, the boards after it");
    const command = join(ROOT, "target/debug/milliwatt");
    if (!existsSync(command)) return context.diagnostic("skipped: the native command is not built, so that its numbers were not compared");
    const native = spawnSync(command, ["imc", "matmul", ...files, "--json"], { encoding: "utf8" });
    assert.equal(native.status, 0, native.stderr);
    assert.deepEqual(report, JSON.parse(JSON.stringify(JSON.parse(native.stdout), (_, value) => value ?? undefined)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("every platform has its source on a press, and the open model its line", async ({ page }) => {
  await settled(page);
  await tab(page, "hardware");
  await page.waitForSelector(".platforms .platform", { timeout: 120_000 });
  assert.deepEqual(await axe(page), []);
  const { report, scoreboard } = (await view(page, "memory")).hardware;
  assert.ok(report.platforms.every((/** @type {any} */ { source, kind }) => source && ["measured", "vendor_peak", "modelled"].includes(kind)));
  // A macro alone stands beside what it takes with everything around it.
  for (const { macro_only, power, system } of report.platforms) assert.equal(macro_only && power !== undefined && power !== null, Boolean(system));
  // The open model is marked on every platform that can hold it, inside the field.
  const marks = await page.$$eval(".platforms .here", (marks) => {
    const field = /** @type {SVGRectElement} */ (document.querySelector("#platform-field rect"));
    const [left, width] = [field.x.baseVal.value, field.width.baseVal.value];
    return marks.map((mark) => /** @type {SVGPathElement} */ (mark).getBBox()).map(({ x, width: own }) => x >= left && x + own <= left + width);
  });
  assert.equal(marks.length, report.platforms.filter((/** @type {any} */ { here }) => here?.power && here.holds !== false).length);
  assert.ok(marks.length > 10 && marks.every(Boolean), JSON.stringify(marks));
  await page.$eval(".platforms .platform", (point) => /** @type {SVGElement} */ (point).focus());
  await page.keyboard.press("Enter");
  assert.match(await page.$eval(".platform-details", ({ textContent }) => textContent ?? ""), /Source: \S/);
  assert.ok(scoreboard.rows.some((/** @type {any} */ { kind }) => kind === "published") && scoreboard.rows.some((/** @type {any} */ { kind }) => kind === "modelled"));
  const rows = () => page.$$eval(".hardware section tbody tr", (rows) => rows.map(({ className }) => className));
  const all = (await rows()).length;
  await page.select("select[data-only=kind]", "modelled");
  const modelled = await rows();
  assert.ok(modelled.length > 4 && modelled.length < all && modelled.every((kind) => kind === "modelled"));
});
