// Everything that the page draws, in one immutable object: the bench, the features' parts, and the page around them. Elements read
// it and send actions back; nothing else.

import type { Api } from "../engine/bench/feature";
import { normal, normalised } from "../engine/bench/recipes";
import type { State } from "../engine/bench/state";
import type { BenchAction, BenchView, Notice } from "../engine/bench/view";
import type { Comparison, DataCard, DeviceCard, Preset, Report, Transform } from "../engine/types";
import type { Given } from "../ui/files";
import { type Asked, FEATURES, type Slices } from "./features";
import { INITIAL } from "./state";

/** What of the page stays on this device: nothing known yet, all, a part, or only what the first screen needs. */
export type Offline = "starting" | "kept" | "partly" | "saving" | "refused";

export interface Snapshot extends BenchView, Slices {
  /** What of the page stays on this device. */
  offline: Offline;
  notices: readonly Notice[];
  dropping: boolean;
}

/** What elements ask for. */
export type Action = BenchAction | Asked | { do: "open"; files: Given[] };

/** A visit as its own parts use it; features know the smaller half of it. */
export interface Visit extends Api<Snapshot> {
  /** Publishes a changed snapshot; the named fields go away first. */
  patch(change: Partial<Snapshot>, ...without: ("comparison" | "data" | "wanted")[]): void;
  /** Makes everything agree with the present state. */
  settle(): Promise<void>;
}

/** What the build writes into the HTML, so that the page opens finished. */
export interface Prefill {
  version: string;
  transforms: Transform[];
  presets: Preset[];
  devices: DeviceCard[];
  data: DataCard;
  a: Report;
  b: Report;
  comparison: Comparison;
}

/** The first picture: what the build knew, or an empty bench. */
export function first(prefill: Prefill | undefined, state: State = INITIAL): Snapshot {
  const transforms = prefill?.transforms ?? [];
  const completed = { ...state, a: normal(transforms, state.a), b: normal(transforms, state.b) };
  const slices = Object.fromEntries(FEATURES.flatMap((feature) => ("initial" in feature ? [[feature.id, feature.initial]] : [])));
  return {
    ...(slices as unknown as Slices),
    state: completed,
    canUndo: false,
    canRedo: false,
    ready: false,
    version: prefill?.version ?? "",
    transforms,
    presets: normalised(transforms, prefill?.presets ?? []),
    devices: prefill?.devices ?? [],
    ...(prefill && { card: prefill.a.model, data: prefill.data, comparison: prefill.comparison }),
    a: { made: false, complete: false, ...(prefill && { report: prefill.a }) },
    b: { made: false, complete: false, ...(prefill && { report: prefill.b }) },
    late: false,
    tried: { about: "", dots: [] },
    offline: "starting",
    notices: [],
    dropping: false,
  };
}
