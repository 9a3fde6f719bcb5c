// Which views a model has, and what it takes as input.

import * as format from "../ui/format";
import { imageShape } from "./files/pictures";
import { weights } from "../features/weights/index";
import { type Tab, TABS } from "./features";
import { t } from "./text";
import type { ModelCard } from "../engine/types";

/** The tabs that have something to show of a model; before one is open, nothing is known. */
export function viewsOf(card: ModelCard | undefined): readonly Tab[] {
  return TABS.filter((tab) => !card || !("needs" in tab) || tab.needs(card));
}

/** The tab of that name, or the first that the model has. */
export function fitting(view: string, card: ModelCard | undefined): Tab {
  const tabs = viewsOf(card);
  return tabs.find(({ id }) => id === view) ?? tabs[0] ?? weights;
}

/** What a model takes, and what to drop so that it is measured. */
export function wants(card: ModelCard | undefined): string {
  if (!card || card.front_end) return t("wants.sound");
  const [port, ...others] = card.inputs;
  if (!port || others.length) return t("wants.several", { n: String(card.inputs.length) });
  const image = imageShape(card);
  if (image) {
    const [height, width, channels] = image;
    return t(channels === 3 ? "wants.images" : "wants.gray-images", { height: String(height), width: String(width) });
  }
  return t("wants.arrays", { shape: format.shape(port.shape.slice(1)) });
}
