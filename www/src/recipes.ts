// Recipes as the controls see them: fields by name, defaults from the engine's table of transforms.

import type { Preset, Recipe, Step, Transform, TransformOption } from "./types";
import { same } from "./state";

export type Value = string | number | boolean;
type Fields = Record<string, unknown>;

/** The value of an option in a step; `calibration.method` names a field inside a field. */
export function get(step: Step, field: string): Value | undefined {
  let at: unknown = step;
  for (const key of field.split(".")) at = (at as Fields | undefined)?.[key];
  return typeof at === "string" || typeof at === "number" || typeof at === "boolean" ? at : undefined;
}

function put(step: Fields, field: string, value: Value): void {
  const keys = field.split(".");
  const last = keys.pop() ?? field;
  let at = step;
  for (const key of keys) at = (at[key] ??= {}) as Fields;
  at[last] = value;
}

/** Whether an option applies: some depend on the value of another. */
export function applies(step: Step, option: TransformOption): boolean {
  const { control } = option;
  if (control.control !== "number" || !control.only_if) return true;
  const [field = "", value] = control.only_if.split("=");
  return String(get(step, field)) === value;
}

/** A step with every option filled in, in the order of the table, and none that does not apply. */
function complete(transform: Transform, given: Step | undefined): Step {
  const step: Fields = { step: transform.step };
  for (const option of transform.options) {
    const value = (given && get(given, option.field)) ?? option.control.default;
    if (applies(step as unknown as Step, option)) put(step, option.field, value);
  }
  return step as unknown as Step;
}

/** The recipe in its one normal form, so that equal recipes are equal text. */
export function normal(transforms: readonly Transform[], recipe: Recipe): Recipe {
  const steps = recipe.steps.map((step) => {
    const transform = transforms.find((row) => row.step === step.step);
    return transform ? complete(transform, step) : step;
  });
  return { version: recipe.version, steps };
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
  transforms: readonly Transform[], recipe: Recipe, name: string, field: string, value: Value,
): Recipe {
  const steps = recipe.steps.map((step) => {
    const transform = transforms.find((row) => row.step === name);
    if (step.step !== name || !transform) return step;
    const changed = structuredClone(step);
    put(changed as unknown as Fields, field, value);
    return complete(transform, changed);
  });
  return { version: recipe.version, steps };
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
