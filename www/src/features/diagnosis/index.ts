// Why B lost, under the layers. What does it is loaded when it is first asked for.

import type { Api, Controller, Feature, Store } from "../../engine/bench/feature";
import type { Diagnoses } from "./controller";
import type { Diagnosis, DiagnosisAction, Seen } from "./slice";

export type { Diagnosis } from "./slice";

const initial: Diagnosis = { running: false, brought: [], bought: [] };

export const diagnosis = {
  id: "diagnosis",
  initial,
  create(api: Api<Seen>, store: Store<Diagnosis>) {
    let work: Promise<Diagnoses> | undefined;
    return {
      act: async (action: DiagnosisAction) => (await (work ??= import("./controller").then(({ Diagnoses }) => new Diagnoses(api, store)))).act(action),
    } satisfies Controller;
  },
  load: () => import("./view"),
} as const satisfies Feature;
