// The texts of the diagnosis.

import { texts } from "../../ui/text";

const TEXTS = {
  "title": "Why B lost",
  "start": "Diagnose B",
  "again": "Diagnose again",
  "stop": "Stop",
  "stale": "This speaks of another recipe than B’s.",
  "what": "Runs both sides layer by layer: what a layer loses alone is told from what it was passed, and remedies are tried.",
  "running": "Diagnosing…",
  "repairs": "Repairs",
  "repair": "Repair in B’s recipe",
  "bought": "What it bought",
  "leave-out": "Leave out",
  "without": "Without it",
  "unrepaired": "B’s recipe has no repairs: ranges with the least error, equalized channels, rounding that makes up and bits by layer are some.",
  "remedies": "Remedies",
  "remedy": "Change of the recipe",
  "brought": "What it brought",
  "flash": "With it",
  "untried": "not tried",
  "trying": "trying…",
  "use": "Use in B",
  "none": "No change of this recipe is offered: training with its rounding in place may bring back what was lost.",
  "layers": "Layer by layer",
  "layer": "Layer",
  "local": "Alone",
  "accumulated": "With what came before",
  "cosine": "Cosine",
  "shift": "Shift",
  "saturated": "Cut off",
  "used": "Range used",
  "spread": "Channels’ spread",
  "dead": "Dead channels",
  "exact": "exact",
  "times": "{times} times the middle channel",
  "delta": "{value} {what}",
  "chance": " (within chance)",
  "agreement": "same answers",
} as const;

export type Key = keyof typeof TEXTS;

export const t = texts(TEXTS);
