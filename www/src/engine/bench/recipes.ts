// Recipes as the controls see them: fields by name, defaults from the engine's table of transforms.

import type { Preset, Recipe, Step, Transform, TransformOption } from "../types";
import { same } from "./state";

/** What a control sets; for a part of further options, whether it is there. */
export type Value = string | number | boolean | readonly string[];
type Fields = Record<string, unknown>;

function at(step: Step, field: string): unknown {
  let found: unknown = step;
  for (const key of field.split(".")) found = (found as Fields | undefined)?.[key];
  return found;
}

/** The value of an option in a step; `calibration.method` names a field inside a field. */
export function get(step: Step, option: TransformOption): Value {
  const found = at(step, option.field);
  switch (option.control.control) {
    case "part":
      return found === undefined ? option.control.default && !at(step, parent(option.field)) : Boolean(found);
    case "names":
      return Array.isArray(found) ? (found as string[]) : [];
    default:
      return typeof found === "string" || typeof found === "number" || typeof found === "boolean" ? found : option.control.default;
  }
}

const parent = (field: string): string => field.slice(0, Math.max(0, field.lastIndexOf(".")));

/** Sets an option in the fields of a step. */
export function put(step: Fields, { field, control }: TransformOption, value: Value): void {
  const keys = field.split(".");
  const last = keys.pop() ?? field;
  let inside = step;
  for (const key of keys) inside = (inside[key] ??= {}) as Fields;
  if (control.control !== "part") inside[last] = value;
  else if (value) inside[last] ??= {};
  else delete inside[last];
}

/** Whether an option applies: some depend on the value of another, or on a part being there. */
export function applies(step: Step, { only_if }: TransformOption): boolean {
  if (!only_if) return true;
  const [field = "", value] = only_if.split(/!?=/);
  const found = at(step, field);
  return value === undefined ? found !== undefined : (found === value) !== only_if.includes("!=");
}

/** A step with every option filled in, in the order of the table, and none that does not apply; what the table does not know stays. */
function complete(transform: Transform, given: Step | undefined): Step {
  const step: Fields = { step: transform.step };
  const rest = structuredClone(given ?? {}) as Fields;
  for (const option of transform.options) {
    if (applies(step as unknown as Step, option)) put(step, option, get((given ?? step) as Step, option));
    drop(rest, option.field.split("."));
  }
  return merged(step, rest) as unknown as Step;
}

function drop(fields: Fields, [key = "", ...inner]: string[]): void {
  const found = fields[key];
  if (!inner.length) {
    if (!found || typeof found !== "object" || Array.isArray(found)) delete fields[key];
  } else if (found && typeof found === "object") drop(found as Fields, inner);
}

/** What is left of the given step goes behind what the table put there. */
function merged(step: Fields, rest: Fields): Fields {
  for (const [key, value] of Object.entries(rest)) {
    if (value === undefined || value === null) continue;
    const known = step[key];
    const inside = typeof value === "object" && !Array.isArray(value);
    if (inside && known && typeof known === "object") merged(known as Fields, value as Fields);
    else if (!(key in step) && !(inside && isEmpty(value as Fields))) step[key] = value;
  }
  return step;
}

const isEmpty = (fields: Fields): boolean =>
  Object.values(fields).every((value) => value === undefined || (typeof value === "object" && value !== null && isEmpty(value as Fields)));

/** The recipe in its one normal form, so that equal recipes are equal text. */
export function normal(transforms: readonly Transform[], recipe: Recipe): Recipe {
  const steps = recipe.steps.map((step) => {
    const transform = transforms.find((row) => row.step === step.step);
    return transform ? complete(transform, step) : step;
  });
  return { version: recipe.version, steps };
}

/** Presets with their recipes in normal form. */
export function normalised(transforms: readonly Transform[], presets: readonly Preset[]): Preset[] {
  return presets.map((preset) => ({ ...preset, recipe: normal(transforms, preset.recipe) }));
}

/** The recipe with a transform switched on or off; steps keep the table's order. */
export function withStep(transforms: readonly Transform[], recipe: Recipe, name: string, on: boolean): Recipe {
  const steps = transforms.flatMap((transform) => {
    const given = recipe.steps.find((step) => step.step === transform.step);
    if (transform.step !== name) return given ? [given] : [];
    return on ? [complete(transform, given)] : [];
  });
  return { version: recipe.version, steps };
}

/** The recipe with one option of one transform changed. */
export function withOption(
  transforms: readonly Transform[], recipe: Recipe, name: string, option: TransformOption, value: Value,
): Recipe {
  const steps = recipe.steps.map((step) => {
    const transform = transforms.find((row) => row.step === name);
    if (step.step !== name || !transform) return step;
    const changed = structuredClone(step) as unknown as Fields;
    put(changed, option, value);
    // What was done by hand belonged to the training as it was.
    if (name === TRAIN) {
      delete changed["changes"];
      delete changed["stop"];
      if (!(changed["plan"] as Fields | undefined)?.["distillation"]) delete changed["teacher"];
    }
    return complete(transform, changed as unknown as Step);
  });
  return { version: recipe.version, steps };
}

export const TRAIN = "train";

/** The steps up to the one that trains; nothing where none does. */
export function training(recipe: Recipe): Recipe | undefined {
  const last = recipe.steps.findIndex(({ step }) => step === TRAIN);
  return last < 0 ? undefined : { version: recipe.version, steps: recipe.steps.slice(0, last + 1) };
}

/** The preset that a recipe is, if it is one. */
export function presetOf(presets: readonly Preset[], recipe: Recipe): Preset | undefined {
  return presets.find((preset) => same(preset.recipe, recipe));
}

/** A short name for a recipe: its preset's, or its steps'. */
export function nameOf(presets: readonly Preset[], transforms: readonly Transform[], recipe: Recipe): string {
  const preset = presetOf(presets, recipe);
  if (preset) return preset.label;
  return recipe.steps.map((step) => transforms.find((row) => row.step === step.step)?.label ?? step.step).join(" + ");
}

/** Reads a recipe from a JSON file, in the file's own words; the engine checks it before it is applied. */
export function fromJson(text: string): Recipe | undefined {
  const value: unknown = JSON.parse(text);
  const recipe = value && typeof value === "object" && "recipe" in value ? value.recipe : value;
  const looks = recipe && typeof recipe === "object" && "steps" in recipe && Array.isArray(recipe.steps);
  return looks ? ({ version: 1, ...recipe } as Recipe) : undefined;
}
