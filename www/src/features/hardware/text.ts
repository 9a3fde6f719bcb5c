// The texts of the Hardware view.

import { texts } from "../../ui/text";

export const m = texts({
  "hardware.running": "Computing in memory…",
  "hardware.time": "Time",
  "hardware.energy": "Energy",
  "hardware.what": "Platforms by power and throughput; {model} at {rate} inferences/s",
  "hardware.label": "Platforms by power and throughput",
  "hardware.axes": "Power, and operations each second upwards; diagonals are equal efficiency",
  "hardware.milliwatt": "1 mW",
  "hardware.needed": "What {model} needs",
  "hardware.line": "{rate} ops/J",
  "hardware.point": "{name}, {kind}",
  "hardware.measured": "measured",
  "hardware.peak": "vendor's peak",
  "hardware.choose":
    "Choose a point to see where its figure comes from. Circles are measured, diamonds a vendor's peak, the triangle is the array modelled here, crosses the open model. A square is what a memory macro takes with everything around it.",
  "hardware.system-power": "With what surrounds it {power} ({interval}): {note}.",
  "hardware.with": "; with its surroundings {power}",
  "hardware.only-round": "Round",
  "hardware.only-core": "Processor",
  "hardware.only-kind": "Kind",
  "hardware.all": "all",
  "hardware.shown": "{shown} of {all} results",
  "hardware.source": "Source: {source}",
  "hardware.system": "System",
  "hardware.kind": "Kind",
  "hardware.operations": "Operations each second",
  "hardware.power": "Power",
  "hardware.precision": "Precision",
  "hardware.your-model": "The open model on it",
  "hardware.scores": "MLPerf Tiny scoreboard",
  "hardware.benchmark": "Benchmark",
  "hardware.round": "Round",
  "hardware.runtime": "Runtime",
  "hardware.published": "published",
});
