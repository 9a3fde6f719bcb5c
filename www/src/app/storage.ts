// What the page itself remembers between visits: light or dark.

import { load, store } from "../ui/remembered";

type Theme = "auto" | "light" | "dark";

function show(theme: Theme): void {
  if (theme === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

/** The theme of the last visit. */
export function showTheme(): void {
  show(load<Theme>("theme", "auto"));
}

/** From the system's to its opposite, and back. */
export function nextTheme(): void {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = load<Theme>("theme", "auto");
  const next: Theme = now === "auto" ? (dark ? "light" : "dark") : "auto";
  store("theme", next);
  show(next);
}
