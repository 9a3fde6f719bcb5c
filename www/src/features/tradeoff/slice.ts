// The search and its chart, as everything that draws may read them.

import type { Ask, BenchAction, BenchView } from "../../engine/bench/view";
import type { Tried } from "../../engine/bench/tried";
import type { RecipeView } from "../recipe/index";
import type { Figure, InputFile, Recipe, SearchNews } from "../../engine/types";

export type Axis = "flash" | "ram" | "energy";
export const AXES: readonly Axis[] = ["flash", "ram", "energy"];

/** What a search is asked for, in the units of the form. */
export interface Wanted {
  flash?: number;
  ram?: number;
  energy?: number;
  keeps: number;
  portable: boolean;
}

export type TradeoffAction =
  | { tradeoff: "axis"; axis: Axis }
  | { tradeoff: "start"; wanted: Wanted }
  | { tradeoff: "stop" | "go-on" | "save" }
  | { tradeoff: "load"; file: InputFile };

export interface TradeoffView {
  axis: Axis;
  phase: "off" | "running" | "stopped" | "over";
  wanted: Wanted;
  news?: Omit<SearchNews, "trial">;
  /** The best that the search has found. */
  best?: Recipe;
  /** Recipes that no other beats on the axis, as text, the cheapest first. */
  front: readonly string[];
}

export const NO_SEARCH: TradeoffView = { axis: "flash", phase: "off", wanted: { flash: 25, keeps: 90, portable: false }, front: [] };

/** The figure of a dot on an axis. */
export const costOf = ({ strip }: Tried, axis: Axis): Figure | undefined => strip[axis] ?? undefined;

export type Seen = BenchView & { tradeoff: TradeoffView; recipe: RecipeView };
export type Action = BenchAction | Ask<"tradeoff", TradeoffAction>;
