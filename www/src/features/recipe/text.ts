// The texts of the side panels.

import { texts } from "../../ui/text";

export const t = texts({
  "side.preset": "Recipe of {side}",
  "side.automatic": "automatic",
  "side.own": "Own recipe",
  "side.not-here": "Not for this model",
  "side.reason": "{label}: {reason}",
  "side.layers": "Layer by layer, in place of what is set for all: {list}",
  "side.alike": "All layers alike",
  "side.own-hint": "A recipe of your own",
  "side.saved": "Saved",
  "side.copy": "Copy to {side}",
  "side.swap": "Swap",
  "side.save": "Save…",
  "side.name": "Name",
  "side.save-now": "Save",
  "side.forget": "Forget",
});
