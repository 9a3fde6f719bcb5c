// Which views a model has, and what it takes as input.

import * as format from "../ui/format";
import { imageShape } from "./files/pictures";
import { type View, VIEWS } from "./state";
import { t } from "../ui/text";
import type { ModelCard } from "../engine/types";

/** Listening and levels need a model that hears; before one is open, nothing is known. */
export function viewsOf(card: ModelCard | undefined): readonly View[] {
  return card && !card.front_end ? VIEWS.filter((view) => view !== "listen" && view !== "levels") : VIEWS;
}

/** The view itself, or the first that the model has. */
export function fitting(view: View, card: ModelCard | undefined): View {
  const views = viewsOf(card);
  return views.includes(view) ? view : (views[0] ?? view);
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
