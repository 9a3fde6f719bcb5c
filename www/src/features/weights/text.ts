// The texts of the Weights view.

import { texts } from "../../ui/text";

export const t = texts({
  "weights.layer": "Layer",
  "weights.previous": "Previous layer",
  "weights.next": "Next layer",
  "weights.divider": "Divider between A and B",
  "weights.position": "A {a} %, B {b} %",
  "weights.coach": "Drag me, or press ← →",
  "weights.none": "No layer of this model has weights: the Layers and Bytes views show what it is made of.",
  "weights.image": "Weights of side {side} as an image: negative blue, positive orange",
  "weights.side": "Side",
});
