// The state as the address after `#`, and back. Versioned: every link that was ever made keeps working.
//
//   #v=1&m=machine&a=original&b=prune(sparsity=0.3)~quantize(granularity=per_tensor)&view=layers&dev=gap9&rate=1
//
// A recipe is its steps joined by `~`, each with the options that are not at their default; a step that says more than its
// options, such as where a training was stopped, is JSON in base64 behind `!`. Unknown keys are left out and a value that cannot
// be read leaves the default in place; both are named to the visitor. Bytes never travel: a file that was opened is named by its
// SHA-256, and whoever receives the link is asked to open the same file.

import type { Recipe, Step, Transform } from "../engine/types";
import { builtIn } from "../engine/bench/samples";
import { applies, get, normal, put, type Value } from "../engine/bench/recipes";
import { METRICS, MOST_SEED, ORIGINAL, RATE, type State } from "../engine/bench/state";
import { INITIAL, VIEWS } from "./state";

const VERSION = "1";
const HASH = /^[0-9a-f]{64}$/;
const NAME = /^[a-z0-9_-]{1,64}$/;

/** The recipe as text for a link. */
export function writeRecipe(transforms: readonly Transform[], recipe: Recipe): string {
  if (recipe.steps.length === 0) return "original";
  return recipe.steps.map((step) => writeStep(transforms, step)).join("~");
}

function writeStep(transforms: readonly Transform[], step: Step): string {
  const options = transforms.find((row) => row.step === step.step)?.options ?? [];
  const said = options
    .filter((option) => applies(step, option) && option.control.control !== "names" && get(step, option) !== option.control.default)
    .map((option) => `${option.field}=${String(get(step, option))}`);
  const text = said.length ? `${step.step}(${said.join(",")})` : step.step;
  // What the table of options cannot say travels whole.
  const read = readStep(transforms, text);
  return read && JSON.stringify(read) === JSON.stringify(step) ? text : `${step.step}!${packed(JSON.stringify(step))}`;
}

/** The recipe that a link's text means, or nothing if it cannot be read. */
export function readRecipe(transforms: readonly Transform[], text: string): Recipe | undefined {
  if (text === "original") return ORIGINAL;
  const steps: Step[] = [];
  for (const part of text.split("~")) {
    const step = readStep(transforms, part);
    if (!step) return undefined;
    steps.push(step);
  }
  return { version: 1, steps };
}

function readStep(transforms: readonly Transform[], text: string): Step | undefined {
  const match = /^([a-z0-9_]+)(?:\(([a-z0-9_.=,-]*)\)|!([A-Za-z0-9_-]+))?$/.exec(text);
  const [, name, options = "", whole] = match ?? [];
  const transform = transforms.find((row) => row.step === name);
  if (!name || !transform) return undefined;
  const step: Record<string, unknown> = { step: name };
  if (whole) {
    const read = unpacked(whole);
    if (!read) return undefined;
    Object.assign(step, read, { step: name });
  }
  for (const pair of options.split(",").filter(Boolean)) {
    const [field = "", value = ""] = pair.split("=");
    const option = transform.options.find((row) => row.field === field);
    if (option) put(step, option, readValue(value));
  }
  return normal(transforms, { version: 1, steps: [step as unknown as Step] }).steps[0];
}

function packed(text: string): string {
  const letters = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function unpacked(text: string): object | undefined {
  try {
    const letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const value: unknown = JSON.parse(new TextDecoder().decode(Uint8Array.from(letters, (letter) => letter.charCodeAt(0))));
    return value && typeof value === "object" && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const NUMBER = /^-?\d+(\.\d+)?$/;

function readValue(text: string): Value {
  if (text === "true" || text === "false") return text === "true";
  // A number that would be written with an exponent could not be read again: it stays text, which the engine refuses.
  return NUMBER.test(text) && NUMBER.test(String(Number(text))) ? Number(text) : text;
}

/** The state as a link's fragment, with its `#`. */
export function write(transforms: readonly Transform[], state: State): string {
  const parts: [string, string][] = [["v", VERSION], ["m", state.model]];
  if (HASH.test(state.model)) parts.push(["n", encodeURIComponent(state.name)]);
  parts.push(["a", writeRecipe(transforms, state.a)], ["b", writeRecipe(transforms, state.b)], ["view", state.view]);
  if (state.layer) parts.push(["layer", state.layer]);
  if (state.metric !== INITIAL.metric) parts.push(["metric", state.metric]);
  if (state.worst) parts.push(["worst", "1"]);
  if (state.seed !== INITIAL.seed) parts.push(["seed", String(state.seed)]);
  parts.push(["dev", state.device], ["rate", String(state.rate)]);
  return `#${parts.map(([key, value]) => `${key}=${value}`).join("&")}`;
}

/** The state that a link's fragment means; what it does not say is as at first. */
export function read(transforms: readonly Transform[], fragment: string): State {
  const said = new Map(fragment.replace(/^#/, "").split("&").map((pair): [string, string] => {
    const at = pair.indexOf("=");
    return [pair.slice(0, at), pair.slice(at + 1)];
  }));
  if (said.get("v") !== VERSION) return INITIAL;
  const text = (key: string): string => said.get(key) ?? "";
  const model = HASH.test(text("m")) || builtIn(text("m")) ? text("m") : INITIAL.model;
  const own = HASH.test(model);
  const rate = Number(text("rate"));
  return {
    model,
    name: own ? decode(text("n")) : INITIAL.name,
    data: own ? "" : (builtIn(model)?.data ?? INITIAL.data),
    own: INITIAL.own,
    seed: /^\d{1,10}$/.test(text("seed")) && Number(text("seed")) <= MOST_SEED ? Number(text("seed")) : INITIAL.seed,
    a: readRecipe(transforms, text("a")) ?? INITIAL.a,
    b: readRecipe(transforms, text("b")) ?? INITIAL.b,
    view: VIEWS.find((view) => view === text("view")) ?? INITIAL.view,
    layer: /^[ab]?\d{1,5}$/.test(text("layer")) ? text("layer") : INITIAL.layer,
    metric: METRICS.find((metric) => metric === text("metric")) ?? INITIAL.metric,
    worst: text("worst") === "1",
    device: NAME.test(text("dev")) ? text("dev") : INITIAL.device,
    rate: rate >= RATE.min && rate <= RATE.max ? rate : INITIAL.rate,
  };
}

const KEYS: readonly string[] = ["v", "m", "n", "a", "b", "view", "layer", "metric", "worst", "seed", "dev", "rate"];

/** Whether a fragment is a link of this page, and no anchor in it. */
export const isLink = (fragment: string): boolean => /^#?v=/.test(fragment);

/** The parts of a link that mean nothing here, as they stand in it. */
export function strangers(transforms: readonly Transform[], devices: readonly string[], fragment: string): string[] {
  if (!isLink(fragment)) return [];
  const pairs = fragment.replace(/^#/, "").split("&").filter(Boolean).map((pair) => pair.split("=", 1).concat(pair.slice(pair.indexOf("=") + 1)));
  if (!pairs.some(([key, value]) => key === "v" && value === VERSION)) return pairs.filter(([key]) => key === "v").map((pair) => pair.join("="));
  const state = read(transforms, fragment);
  const means = ([key = "", value = ""]: string[]): boolean => {
    switch (key) {
      case "v":
        return true;
      case "n":
        return HASH.test(state.model);
      case "m":
        return state.model === value;
      case "a":
      case "b":
        return saysAll(transforms, value);
      case "worst":
        return value === "1" || value === "0";
      case "dev":
        return devices.includes(value);
      default:
        return KEYS.includes(key) && String(state[key as "view"]) === String(key === "rate" || key === "seed" ? Number(value) : value);
    }
  };
  return pairs.filter((pair) => !means(pair)).map((pair) => pair.join("=").slice(0, 60));
}

/** Whether every step of a recipe's text is known, with every option that it names. */
function saysAll(transforms: readonly Transform[], text: string): boolean {
  if (!readRecipe(transforms, text)) return false;
  return text === "original" || text.split("~").every((part) => {
    const [, name, options = ""] = /^([a-z0-9_]+)(?:\((.*)\))?/.exec(part) ?? [];
    const known = transforms.find((row) => row.step === name)?.options ?? [];
    return options.split(",").filter(Boolean).every((pair) => known.some(({ field }) => field === pair.split("=", 1)[0]));
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text).slice(0, 100);
  } catch {
    return text.slice(0, 100);
  }
}
