// What files are called that leave the page.

import { nameOf } from "./recipes";
import { builtIn } from "./samples";
import type { BenchView } from "./view";

/** What a file made of B is called. */
export function downloadName({ state, presets, transforms }: BenchView, ending: string): string {
  const recipe = nameOf(presets, transforms, state.b).toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const base = builtIn(state.model) ? state.model : state.name.replace(/\.[^.]*$/, "");
  return `${base}-${recipe}.${ending}`;
}
