// @ts-check
// In-memory compute and hardware: the candidate in an array beside the processor, two matrices, and every platform.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
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
  const { report, scoreboard } = await view(page, "hardware");
  assert.ok(report.platforms.every((/** @type {any} */ { source, kind }) => source && ["measured", "vendor_peak"].includes(kind)));
  await page.$eval(".platforms .platform", (point) => /** @type {SVGElement} */ (point).focus());
  await page.keyboard.press("Enter");
  assert.match(await page.$eval(".platform-details", ({ textContent }) => textContent ?? ""), /Source: \S/);
  assert.ok(scoreboard.rows.some((/** @type {any} */ { kind }) => kind === "published") && scoreboard.rows.some((/** @type {any} */ { kind }) => kind === "modelled"));
});
