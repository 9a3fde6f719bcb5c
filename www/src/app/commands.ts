// Every command once: what the keyboard sheet lists and what the keys do.

import type { BenchAction } from "../engine/bench/view";
import type { Key } from "./text";

export interface Command {
  /** As written on the sheet; `Mod` is Ctrl, or Command on a Mac. */
  keys: readonly string[];
  label: Key;
  /** Where the keys work, if not everywhere. */
  where?: Key;
  /** Missing where the focused element acts on its own. */
  action?: BenchAction;
}

export const COMMANDS: readonly Command[] = [
  { keys: ["Mod+O"], label: "key.open", action: { do: "choose" } },
  { keys: ["Mod+Z"], label: "key.undo", action: { do: "undo" } },
  { keys: ["Mod+Shift+Z", "Mod+Y"], label: "key.redo", action: { do: "redo" } },
  { keys: ["Mod+S"], label: "key.download", action: { do: "download" } },
  { keys: ["Escape"], label: "key.cancel", action: { do: "cancel" } },
  { keys: ["?"], label: "key.help", action: { do: "help" } },
  { keys: ["←", "→"], label: "key.tabs", where: "where.tabs" },
  { keys: ["Space"], label: "key.record", where: "where.stage" },
  { keys: ["Delete"], label: "key.delete", where: "where.own" },
  { keys: ["←", "→"], label: "key.trim", where: "where.trim" },
  { keys: ["←", "→"], label: "key.divider", where: "where.divider" },
  { keys: ["Shift+←", "Shift+→"], label: "key.divider-far", where: "where.divider" },
  { keys: ["Home", "End"], label: "key.divider-ends", where: "where.divider" },
  { keys: ["Enter"], label: "key.divider-middle", where: "where.divider" },
  { keys: ["1", "2", "3"], label: "key.divider-places", where: "where.divider" },
  { keys: ["↑", "↓"], label: "key.layers", where: "where.layers" },
  { keys: ["/"], label: "key.filter", where: "where.layers" },
];

/** The global command that a key press means, if any. No key is taken from a field that is being typed in. */
export function commandFor(event: KeyboardEvent, commands: readonly Command[]): Command | undefined {
  const mod = event.ctrlKey || event.metaKey;
  const target = event.target instanceof Element ? event.target : undefined;
  const typing = target?.closest("input:not([type=range], [type=checkbox], [type=radio]), textarea, select");
  // Undo inside a text field is the field's own.
  if (typing && event.key !== "Escape" && !(mod && event.key.toLowerCase() === "o")) return undefined;
  return commands.find(({ keys, action }) => action && keys.some((written) => {
    const parts = written.split("+");
    const key = parts.at(-1) ?? "";
    if (key === "?") return event.key === "?" && !mod;
    return event.key.toLowerCase() === key.toLowerCase() && mod === parts.includes("Mod") &&
      event.shiftKey === parts.includes("Shift") && !event.altKey;
  }));
}

/** Keys as this machine writes them. */
export function written(keys: string): string[] {
  const mac = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? "");
  return keys.split("+").map((key) => (key === "Mod" ? (mac ? "⌘" : "Ctrl") : key === "Escape" ? "Esc" : key));
}
