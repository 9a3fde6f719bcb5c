// The few things that are remembered between visits, in this browser only. Where storage is off, nothing is.

import type { Preset } from "../engine/types";

export type Theme = "auto" | "light" | "dark";

export function load<T>(key: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(`milliwatt.${key}`);
    return text === null ? otherwise : (JSON.parse(text) as T);
  } catch {
    return otherwise;
  }
}

export function store(key: string, value: unknown): void {
  try {
    localStorage.setItem(`milliwatt.${key}`, JSON.stringify(value));
  } catch {
    // Private windows and full disks: the page works without.
  }
}

export function loadPresets(): Preset[] {
  const presets = load<Preset[]>("presets", []);
  return Array.isArray(presets) ? presets.filter((preset) => preset?.recipe?.steps && preset.label) : [];
}

export function showTheme(theme: Theme): void {
  if (theme === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}
