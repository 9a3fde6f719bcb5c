// Every recipe that was measured in this visit, by hand or by a search, on the model and set that are on the bench.

import { same } from "./state";
import type { Recipe, Strip } from "../types";

export interface Tried {
  recipe: Recipe;
  strip: Strip;
  /** What the score is. */
  metric: string;
  by: "hand" | "search";
}

export interface TriedList {
  /** The model and the set. */
  about: string;
  dots: readonly Tried[];
}

/** The list with one more; what was tried on another model or set goes, and a recipe stands once. */
export function withTried(list: TriedList, about: string, dot: Tried): TriedList {
  const dots = list.about === about ? list.dots : [];
  const at = dots.findIndex(({ recipe }) => same(recipe, dot.recipe));
  return { about, dots: at < 0 ? [...dots, dot] : dots.map((known, index) => (index === at ? { ...dot, by: known.by } : known)) };
}
