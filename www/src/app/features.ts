// Every feature of the page. Adding one is a folder and a line here; those with a label are the tabs of the stage, in this order.

import type { Ask } from "../engine/bench/view";
import { boards } from "../features/boards/index";
import { bundle } from "../features/bundle/index";
import { bytes } from "../features/bytes/index";
import { clips } from "../features/clips/index";
import { diagnosis } from "../features/diagnosis/index";
import { hardware } from "../features/hardware/index";
import { imc } from "../features/imc/index";
import { layers } from "../features/layers/index";
import { levels } from "../features/levels/index";
import { lint } from "../features/lint/index";
import { listen } from "../features/listen/index";
import { live } from "../features/live/index";
import { recipe } from "../features/recipe/index";
import { results } from "../features/results/index";
import { tradeoff } from "../features/tradeoff/index";
import { train } from "../features/train/index";
import { weights } from "../features/weights/index";

export const FEATURES = [
  recipe, results, boards, clips, listen, live, weights, layers, diagnosis, bytes, tradeoff, levels, train, imc, hardware, lint, bundle,
] as const;

type One = (typeof FEATURES)[number];
type Holding = Extract<One, { initial: object }>;
type Doing = Extract<One, { create: unknown }>;

/** The features' parts of the snapshot. */
export type Slices = { [F in Holding as F["id"]]: F["initial"] };

/** What features do, by their identifiers. */
export type Controllers = { [F in Doing as F["id"]]: ReturnType<F["create"]> };

/** What features can be asked for. */
export type Asked = {
  [Id in keyof Controllers]: Controllers[Id] extends { act(what: infer What): unknown } ? Ask<Id, What> : never;
}[keyof Controllers];

/** The features with a tab on the stage. */
export type Tab = Extract<One, { label: string; view: unknown }>;

export const TABS: readonly Tab[] = FEATURES.filter((feature) => "label" in feature);
