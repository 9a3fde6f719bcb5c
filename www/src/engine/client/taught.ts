// What trainings made, kept for the visit; any worker that is asked for a recipe which begins with the same steps, on the
// same model and set, gets it from here.

import { training } from "../bench/recipes";
import type { Recipe, TrainingOutcome } from "../types";

const outcomes = new Map<string, TrainingOutcome>();

/** What a training is of; nothing for recipes that do not train. */
export function lesson(model: string, data: string, recipe: Recipe): string | undefined {
  const first = training(recipe);
  return first && `${model}|${data}|${JSON.stringify(first)}`;
}

export const outcomeOf = (key: string): TrainingOutcome | undefined => outcomes.get(key);

export function keep(key: string, outcome: TrainingOutcome): void {
  outcomes.set(key, outcome);
}
