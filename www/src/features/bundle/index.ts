// The archive for the board: B's file with C++, test vectors and a report. What makes it is loaded when it is first asked for.

import type { Api, Controller, Feature, Store } from "../../engine/bench/feature";
import type { BundleAction, BundleView } from "./slice";
import { t } from "./text";

export type { BundleAction, BundleView } from "./slice";

const initial: BundleView = { running: false };

export const bundle = {
  id: "bundle",
  initial,
  create(api: Api, store: Store<BundleView>) {
    return {
      async act(_action: BundleAction) {
        const { model } = api;
        if (!model || store.now.running) return;
        store.patch({ running: true });
        api.tell("info", t("bundle.running"));
        try {
          const { bundle } = await import("./controller");
          const name = await bundle(api.snapshot, model, await api.items());
          api.tell("info", t("bundle.done", { name }));
        } finally {
          store.patch({ running: false });
        }
      },
    } satisfies Controller;
  },
} as const satisfies Feature;
