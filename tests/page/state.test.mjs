// @ts-check
// The page's state without a browser: undo, redo and links over random walks.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fromPackages, ROOT } from "./harness.mjs";

const { runnerImport } = await fromPackages("vite");
/** @type {{ page: (name: string) => Promise<any> }} */
const { page: load } = (await runnerImport(join(ROOT, "www/build/page.ts"))).module;
const { History } = await load("app/history.ts");
const { builtIn } = await load("engine/bench/samples.ts");
const { INITIAL, reduce, VIEWS } = await load("app/state.ts");
const { METRICS } = await load("engine/bench/state.ts");
const link = await load("app/link.ts");
const { normal, withOption } = await load("engine/bench/recipes.ts");

/** The table that links and controls are drawn from, in the shape in which the engine gives it. */
const TRANSFORMS = [
  {
    step: "train", label: "Train", sentence: "",
    options: [
      { field: "classes", label: "", sentence: "", control: { control: "names" } },
      { field: "plan.epochs", label: "", sentence: "", control: { control: "number", min: 1, max: 200, step: 1, default: 10, unit: "" } },
      { field: "plan.schedule.kind", label: "", sentence: "", control: { control: "choice", default: "cosine", choices: [{ value: "cosine" }, { value: "step" }] } },
      { field: "plan.schedule.factor", label: "", sentence: "", control: { control: "number", min: 0, max: 1, step: 0.05, default: 0.5, unit: "" }, only_if: "plan.schedule.kind=step" },
      { field: "plan.quantization", label: "", sentence: "", control: { control: "part", default: false } },
      { field: "plan.quantization.weight_bits", label: "", sentence: "", control: { control: "number", min: 2, max: 8, step: 1, default: 8, unit: "" }, only_if: "plan.quantization" },
    ],
  },
  {
    step: "prune", label: "Prune", sentence: "",
    options: [
      { field: "sparsity", label: "", sentence: "", control: { control: "number", min: 0, max: 0.95, step: 0.05, default: 0.5, unit: "%" } },
      { field: "scope", label: "", sentence: "", control: { control: "choice", default: "per_layer", choices: [{ value: "per_layer" }, { value: "global" }] } },
    ],
  },
  {
    step: "quantize", label: "Quantize", sentence: "",
    options: [
      { field: "scheme", label: "", sentence: "", control: { control: "choice", default: "int8", choices: [{ value: "int8" }] } },
      { field: "granularity", label: "", sentence: "", control: { control: "choice", default: "per_channel", choices: [{ value: "per_channel" }, { value: "per_tensor" }] } },
      { field: "calibration.method", label: "", sentence: "", control: { control: "choice", default: "min_max", choices: [{ value: "min_max" }, { value: "percentile" }] } },
      { field: "calibration.percent", label: "", sentence: "", control: { control: "number", min: 95, max: 100, step: 0.05, default: 99.9, unit: "" }, only_if: "calibration.method=percentile" },
      { field: "float_io", label: "", sentence: "", control: { control: "toggle", default: false } },
    ],
  },
];

/** @param {number} seed */
function generator(seed) {
  let state = seed >>> 0;
  return () => ((state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32);
}

/** @param {() => number} random */
function change(random) {
  /** @template T @param {readonly T[]} list @returns {T} */
  const pick = (list) => /** @type {T} */ (list[Math.floor(random() * list.length)]);
  const recipe = () => normal(TRANSFORMS, {
    version: 1,
    steps: [
      ...(random() < 0.4
        ? [{
            step: "train", classes: pick([[], ["yes", "nö"]]), ...(random() < 0.3 ? { stop: 12, changes: [{ after: 3, learning_rate: 0.01 }] } : {}),
            plan: { epochs: pick([10, 3]), schedule: pick([{ kind: "cosine" }, { kind: "step", factor: 0.25 }]), ...pick([{}, { quantization: { weight_bits: 4 } }, { average: 0.99 }]) },
          }]
        : []),
      ...(random() < 0.5 ? [{ step: "prune", sparsity: Math.round(random() * 19) / 20, scope: pick(["per_layer", "global"]) }] : []),
      ...(random() < 0.5
        ? [{ step: "quantize", granularity: pick(["per_channel", "per_tensor"]), calibration: pick([{ method: "min_max" }, { method: "percentile", percent: 99.5 }]), float_io: random() < 0.5 }]
        : []),
    ],
  });
  return pick([
    () => ({ do: "recipe", side: pick(["a", "b"]), recipe: recipe(), settled: random() < 0.7 }),
    () => ({ do: "copy", from: pick(["a", "b"]) }),
    () => ({ do: "swap" }),
    () => ({ do: "view", view: pick(VIEWS) }),
    () => ({ do: "layer", layer: pick(["", "0", "3", "b12"]) }),
    () => ({ do: "metric", metric: pick(METRICS) }),
    () => ({ do: "worst", worst: random() < 0.5 }),
    () => ({ do: "device", device: pick(["nucleo-l4r5zi", "gap9"]) }),
    () => ({ do: "rate", rate: pick([0.01, 1, 50]) }),
    () => ({ do: "seed", seed: pick([0, 1, 7, 4_294_967_295]) }),
    () => ({ do: "model", model: pick(["keywords", "machine", "ab".repeat(32)]), name: "x.tflite", data: "" }),
  ])();
}

test("any walk, undone, ends where it began; redone, where it was", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = generator(seed);
    const history = new History(INITIAL);
    for (let step = 0; step < 40; step++) {
      const what = /** @type {{ do: string, side?: string, settled?: boolean }} */ (change(random));
      const drag = what.do === "recipe" ? `recipe-${what.side}` : "";
      const dragging = what.do === "recipe" && !what.settled;
      history.push(reduce(history.present, what), dragging ? drag : "", drag);
      if (random() < 0.1) history.undo();
      if (random() < 0.05) history.redo();
    }
    const end = history.present;
    let back = 0;
    while (history.undo()) back++;
    assert.deepEqual(history.present, INITIAL, `seed ${seed}`);
    for (let step = 0; step < back; step++) history.redo();
    assert.deepEqual(history.present, end, `seed ${seed}`);
  }
});

test("a hundred steps back are kept, and no more", () => {
  const history = new History(INITIAL);
  for (let step = 0; step < 150; step++) history.push({ ...INITIAL, rate: step + 2 });
  let back = 0;
  while (history.undo()) back++;
  assert.equal(back, 100);
});

test("every state survives its link", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = generator(seed);
    let state = { ...INITIAL, a: normal(TRANSFORMS, INITIAL.a), b: normal(TRANSFORMS, INITIAL.b) };
    for (let step = 0; step < 12; step++) state = reduce(state, change(random));
    const fragment = link.write(TRANSFORMS, state);
    const read = link.read(TRANSFORMS, fragment);
    const sample = builtIn(state.model);
    const known = { name: sample ? INITIAL.name : state.name, data: sample?.data ?? "" };
    assert.deepEqual(read, { ...state, ...known }, fragment);
    assert.equal(link.write(TRANSFORMS, read), fragment);
  }
});

test("an option that goes with one value of another, or with every value but one, comes and goes with it", () => {
  const number = { control: "number", min: 0, max: 128, step: 1, default: 16, unit: "" };
  const option = (/** @type {string} */ field, /** @type {unknown} */ control, /** @type {string | undefined} */ only_if) => ({ field, label: "", sentence: "", control, only_if });
  const table = [{
    step: "codebook", label: "", sentence: "",
    options: [
      option("format", { control: "choice", default: "own", choices: [{ value: "own" }, { value: "sign" }] }, undefined),
      option("values", number, "format=own"),
      option("group", number, "format!=own"),
    ],
  }];
  const made = (/** @type {object} */ step) => normal(table, { version: 1, steps: [{ step: "codebook", values: 8, group: 4, ...step }] }).steps[0];
  assert.deepEqual(made({}), { step: "codebook", format: "own", values: 8 });
  assert.deepEqual(made({ format: "sign" }), { step: "codebook", format: "sign", group: 4 });
});

test("what no option says stays in the recipe, and by hand nothing of another training", () => {
  const step = { step: "train", classes: ["a"], plan: { epochs: 2, average: 0.99, pruning: null, schedule: { kind: "cosine", factor: 0.5 } }, stop: 4 };
  const recipe = normal(TRANSFORMS, { version: 1, steps: [step] });
  assert.deepEqual(recipe.steps, [{ step: "train", classes: ["a"], plan: { epochs: 2, schedule: { kind: "cosine" }, average: 0.99 }, stop: 4 }]);
  const epochs = TRANSFORMS[0]?.options.find(({ field }) => field === "plan.epochs");
  const changed = withOption(TRANSFORMS, recipe, "train", epochs, 7);
  assert.deepEqual(changed.steps, [{ step: "train", classes: ["a"], plan: { epochs: 7, schedule: { kind: "cosine" }, average: 0.99 } }]);
  const part = TRANSFORMS[0]?.options.find(({ field }) => field === "plan.quantization");
  const rounded = withOption(TRANSFORMS, changed, "train", part, true);
  assert.deepEqual(rounded.steps[0].plan.quantization, { weight_bits: 8 });
  assert.deepEqual(withOption(TRANSFORMS, rounded, "train", part, false), changed);
});

test("what a link cannot mean is left at its default, never an error", () => {
  for (const bad of ["", "#", "#v=2&m=machine", "#v=1&a=quantize(&b=prune(sparsity=&rate=-3&view=moon&dev=../../x&layer=%", "#v=1&m=%E0%A4%A", "#&&&=", "#v=1&b=explode", "#v=1&seed=-1", "#v=1&seed=4294967296", "#v=1&seed=one"]) {
    assert.deepEqual(link.read(TRANSFORMS, bad), INITIAL, bad);
  }
});

test("the parts of a link that mean nothing here are named, and nothing else is", () => {
  const devices = [INITIAL.device];
  const of = (/** @type {string} */ fragment) => link.strangers(TRANSFORMS, devices, fragment);
  assert.deepEqual(of(link.write(TRANSFORMS, INITIAL)), []);
  assert.deepEqual(of(`#v=1&m=${"ab".repeat(32)}&n=own.tflite&b=quantize(granularity=per_tensor)&view=weights&layer=b3&rate=2.50&worst=0`), []);
  assert.deepEqual(of("#v=1&view=moon&colour=red&dev=abacus&rate=-3&b=explode&a=quantize(x=1)&layer=top"),
    ["view=moon", "colour=red", "dev=abacus", "rate=-3", "b=explode", "a=quantize(x=1)", "layer=top"]);
  assert.deepEqual(of("#v=7&m=machine"), ["v=7"]);
  for (const anchor of ["", "#", "#stage"]) assert.deepEqual(of(anchor), [], anchor);
});

test("a damaged link means something or nothing, and what it means has a link of its own", async () => {
  const rows = (await readFile(new URL("links.txt", import.meta.url), "utf8")).split("\n").filter((row) => row && !row.startsWith("%"));
  const links = rows.map((row) => row.split("  ")[0] ?? "");
  const strange = [..."=&~(),.%#-_1e9\u0000ü", "NaN", "%zz", "__proto__", "constructor", "quantize(", "99999999999999999999", "-0"];
  let other = 0;
  for (let seed = 1; seed <= 20_000; seed++) {
    const random = generator(seed);
    let text = links[seed % links.length] ?? "";
    for (let times = 1 + Math.floor(random() * 3); times > 0; times--) {
      const [at, cut] = [Math.floor(random() * text.length), Math.floor(random() * 6)];
      const piece = random() < 0.5 ? (strange[Math.floor(random() * strange.length)] ?? "") : text.slice(at, at + cut);
      const to = Math.floor(random() * text.length);
      text = text.slice(0, to) + piece + text.slice(to + cut);
    }
    const state = link.read(TRANSFORMS, text);
    if (JSON.stringify(state) !== JSON.stringify(link.read(TRANSFORMS, links[seed % links.length]))) other += 1;
    assert.ok(state.rate > 0 && Number.isFinite(state.rate) && VIEWS.includes(state.view), text);
    for (const side of ["a", "b"]) {
      for (const { step } of state[side].steps) assert.ok(TRANSFORMS.some((row) => row.step === step), text);
    }
    const written = link.write(TRANSFORMS, state);
    assert.deepEqual(link.read(TRANSFORMS, written), state, `${text} means what ${written} means`);
  }
  assert.ok(other > 5_000, `${other} links changed their meaning`);
});

test("links that were published keep their meaning", async () => {
  const rows = (await readFile(new URL("links.txt", import.meta.url), "utf8")).split("\n").filter((row) => row && !row.startsWith("%"));
  assert.ok(rows.length >= 3);
  for (const row of rows) {
    const [fragment = "", meaning = "{}"] = row.split("  ");
    const state = link.read(TRANSFORMS, fragment);
    for (const [key, value] of Object.entries(JSON.parse(meaning))) assert.deepEqual(state[key], value, `${key} of ${fragment}`);
  }
});

test("no text is missing and none is unused", async () => {
  const { readdir } = await import("node:fs/promises");
  const folder = join(ROOT, "www/src");
  const files = (await readdir(folder, { recursive: true })).filter((name) => /\.ts$/.test(name) && !name.includes("wasm"));
  /** @param {string} name */
  const read = (name) => readFile(join(folder, name), "utf8");
  const isTable = (/** @type {string} */ name) => /(^|\/)text\.ts$/.test(name) && name !== "engine/text.ts";
  const sources = (await Promise.all(files.filter((name) => !isTable(name)).map(read))).join("\n");
  let found = 0;
  for (const name of files.filter(isTable)) {
    const keys = [...(await read(name)).matchAll(/^ {2}"([a-z_.-]+)":/gm)].map(([, key]) => key ?? "");
    assert.ok(keys.length, name);
    found += keys.length;
    for (const key of keys) {
      // Either whole, or put together from a known beginning: t(`strip.${field}-what`).
      const beginnings = [...key.matchAll(/[.-]/g)].map(({ index }) => key.slice(0, index + 1));
      const ending = /-what$/.test(key) ? "}-what`" : "";
      const used = sources.includes(`"${key}"`) || beginnings.some((first) => sources.includes(`\`${first}\${`)) && sources.includes(ending);
      assert.ok(used, `${key} of ${name} is never shown`);
    }
  }
  assert.ok(found > 400, `${found} texts`);
});
