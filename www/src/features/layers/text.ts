// The texts of the Layers view.

import { texts } from "../../ui/text";

const TEXTS = {
  "layers.label": "Layers",
  "layers.caption": "{metric} of each layer, A and B",
  "layers.metric": "Show",
  "layers.worst": "Worst first",
  "layers.largest": "Largest first",
  "layers.filter": "Filter layers",
  "layers.layer": "Layer",
  "layers.side": "Side",
  "layers.none": "No layer has this in its name",
  "layers.identical": "identical",
  "layers.only": "only in {side}",
  "layers.twin": "All numbers of all layers as a table",
  "metric.weight_bytes": "Weights",
  "metric.activation_bytes": "Activation",
  "metric.macs": "MACs",
  "metric.latency": "Time",
  "metric.energy": "Energy",
  "metric.sqnr": "SQNR",
  "inspector.label": "The chosen layer",
  "inspector.output": "Output",
  "inspector.weights": "Kernel",
  "inspector.type": "Type",
  "inspector.sparsity": "Zeros",
  "inspector.scale": "Scale",
  "inspector.zero-point": "Zero point",
} as const;

export const t = texts(TEXTS);

export type Key = Parameters<typeof t>[0];
