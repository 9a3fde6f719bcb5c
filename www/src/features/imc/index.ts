// Memory: B's candidate in an array of memory that multiplies, beside the processor; and two matrices. What computes it is loaded
// when this view or that of the hardware, whose numbers come from the same module, is first looked at.

import { html } from "lit";
import type { Api, Controller, Feature, Store } from "../../engine/bench/feature";
import type { MemoryWork } from "./controller";
import { type Candidate, GENERIC, type MemoryAction, type MemoryView, type Seen } from "./slice";
import "./frame.css";

export type { MemoryAction, MemoryView } from "./slice";

const initial: MemoryView = {
  macros: [], array: GENERIC, running: false, circuit: { adc_bits: 8, dac_bits: 4, unit_ff: 1.2 }, optimise: true,
  matrices: { cards: [undefined, undefined], bits: [8, 8], running: false },
  hardware: { benchmark: "kws" },
};

export const imc = {
  id: "memory",
  label: "Memory",
  initial,
  create(api: Api<Seen>, store: Store<MemoryView>) {
    let work: Promise<MemoryWork> | undefined;
    let candidate: Candidate | undefined;
    const later = async (use: (work: MemoryWork) => Promise<void>): Promise<void> => {
      work ??= import("./controller").then(({ MemoryWork }) => new MemoryWork(api, store));
      work.catch(() => (work = undefined));
      await use(await work);
    };
    const follow = (): void => {
      const { view } = api.snapshot.state;
      if (view === "memory" || view === "hardware") void later((work) => work.follow(candidate));
    };
    return {
      act: (action: MemoryAction) => later((work) => work.act(action, candidate)),
      settled: follow,
      made: (name: string) => {
        const { subject } = api;
        if (name !== "b" || !subject) return;
        const { model, data, b } = subject;
        candidate = { key: JSON.stringify([model.id, data.id, b]), name: model.name, data, file: () => api.candidate(), original: model.bytes };
        follow();
      },
    } satisfies Controller;
  },
  load: () => import("./view"),
  view: (seen: Seen) => html`<mw-memory-view .snapshot=${seen}></mw-memory-view>`,
} as const satisfies Feature;
