// @ts-check
// The main job on real input: the published float keyword spotter and a labelled set of real clips, side by side with its
// int8 self, whose file is the one that the native command writes.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { arrays, shared, texts } from "./arrays.mjs";
import { wav, zip } from "./files.mjs";
import { drop, ROOT, test } from "./harness.mjs";
import { download, settled, strip } from "./steps.mjs";

const NAME = "kws01_fp32_qualcomm.tflite";

/** The 500 clips as a ZIP of WAV files, in a folder for each class.
 * @param {string} file */
function clips(file) {
  const { audio, y, classes } = arrays(file);
  const [count, samples] = audio.shape;
  const words = texts(classes);
  return zip(Array.from({ length: count }, (_, at) => {
    const start = audio.bytes.byteOffset + at * samples * 2;
    // A copy: the array in the archive begins wherever it begins, 16-bit numbers must not.
    const clip = new Int16Array(audio.bytes.buffer.slice(start, start + samples * 2));
    return { name: `${words[y.bytes[at]]}/clip-${String(at).padStart(3, "0")}.wav`, bytes: wav(clip) };
  }));
}

/** What the native command makes of the same files, or nothing where it has not been built.
 * @param {string} model
 * @param {Uint8Array} set */
async function native(model, set) {
  const program = ["debug", "release"].map((profile) => join(ROOT, "target", profile, "milliwatt")).find((file) => existsSync(file));
  if (!program) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "milliwatt-keywords-"));
  try {
    const [data, out] = ["clips.zip", "out.tflite"].map((name) => join(folder, name));
    await writeFile(data, set);
    execFileSync(program, ["compress", model, "--preset", "int8", "--data", data, "-o", out]);
    return await readFile(out);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("the published keyword spotter and real clips give all six numbers, and the download is what the command writes", { timeout: 300_000 },
  async ({ page, context, browserName }) => {
    const [model, data] = [shared("models", NAME), shared("data", "kws_dev.npz")];
    if (!model || !data) {
      context.skip("needs ../shared/mlperf");
      return;
    }
    const set = clips(data);
    await drop(page, "body", [model, { name: "clips.zip", bytes: set }]);
    await page.waitForFunction((name) => /** @type {any} */ (document.querySelector("mw-app")).snapshot.state.name === name, { timeout: 120_000 }, NAME);
    await settled(page);

    const { a, b, items } = JSON.parse(await page.evaluate(() => {
      const { a, b, data } = /** @type {any} */ (document.querySelector("mw-app")).snapshot;
      return JSON.stringify({ a: a.report, b: b.report, items: data });
    }));
    assert.deepEqual([items.calibration_items, items.test_items, items.classes.length], [100, 400, 12]);
    assert.equal(a.strip.flash.value, (await readFile(model)).length);
    for (const row of /** @type {const} */ (["a", "b"])) {
      const [flash = "", ram = "", score = "", time = "", energy = "", agreement = ""] = await strip(page, row);
      context.diagnostic(`${browserName}, ${row.toUpperCase()}: ${[flash, ram, score, time, energy, agreement].join(", ")}`);
      for (const text of [flash, ram, score, ...(row === "b" ? [time, energy, agreement] : [])]) assert.match(text, /\d/, row);
    }
    // The float model hears 90 % of such clips; int8 loses little of it and a fraction of the size.
    assert.ok(a.strip.score.value > 88 && b.strip.score.value > 88, `${a.strip.score.value} % and ${b.strip.score.value} %`);
    assert.ok(b.strip.flash.value < 0.6 * a.strip.flash.value && b.strip.ram.value < 0.5 * a.strip.ram.value);
    const { flips } = b.evaluation;
    assert.equal(flips.length, Math.round(400 * (1 - b.strip.agreement.value / 100)), "a flipped answer is one that does not agree");
    context.diagnostic(`${flips.length} of 400 answers flipped`);

    const { name, bytes } = await download(page);
    assert.equal(name, "kws01_fp32_qualcomm-int8.tflite");
    assert.equal(bytes.length, b.strip.flash.value);
    const written = await native(model, set);
    if (!written) context.diagnostic("skipped: the native command is not built (cargo build --features cli)");
    else assert.ok(written.equals(bytes), "the browser and the native command write the same bytes");
  });
