// The weights that are on screen, fetched from the sides as they change.

import type { Api, Controller } from "../../engine/bench/feature";
import { chosen, pairs } from "../../engine/bench/pairs";
import { SIDES, type SideName } from "../../engine/types";

export class Weights implements Controller {
  #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  settled(): void {
    this.#show();
  }

  made(): void {
    this.#show();
  }

  reported(): void {
    this.#show();
  }

  /** The node whose weights a side should show now, if any. */
  #wanted(name: SideName): number | undefined {
    const { state, a, b } = this.#api.snapshot;
    if (state.view !== "weights" && state.view !== "layers") return undefined;
    const layer = chosen(pairs(a.report, b.report), state.layer)?.[name];
    return layer?.weights_shape ? layer.node : undefined;
  }

  /** Fetches what both sides should show and do not show yet. */
  #show(): void {
    const api = this.#api;
    for (const name of SIDES) {
      const node = this.#wanted(name);
      const shown = api.snapshot[name].weights?.node;
      if (node === undefined && shown !== undefined) api.side(name, {}, "weights");
      if (node === undefined || node === shown || !api.snapshot[name].made) continue;
      api.sides[name].worker.call((host) => host.weights(node)).then(
        (weights) => {
          if (this.#wanted(name) === node) api.side(name, { weights });
        },
        (error: unknown) => api.fail(error),
      );
    }
  }
}
