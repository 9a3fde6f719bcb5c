// The weights that are on screen, fetched from the sides as they change.

import { chosen, pairs } from "../../engine/bench/pairs";
import type { Session } from "../../app/session";
import { SIDES, type SideName } from "../../engine/types";
import type { Side } from "../../engine/client/side";

/** The node whose weights a side should show now, if any. */
function wanted(session: Session, name: SideName): number | undefined {
  const { state, a, b } = session.snapshot;
  if (state.view !== "weights" && state.view !== "layers") return undefined;
  const layer = chosen(pairs(a.report, b.report), state.layer)?.[name];
  return layer?.weights_shape ? layer.node : undefined;
}

/** Fetches what both sides should show and do not show yet. */
export function showWeights(session: Session, sides: Record<SideName, Side>): void {
  for (const name of SIDES) {
    const node = wanted(session, name);
    const shown = session.snapshot[name].weights?.node;
    if (node === undefined && shown !== undefined) session.side(name, {}, "weights");
    if (node === undefined || node === shown || !session.snapshot[name].made) continue;
    sides[name].worker.call((host) => host.weights(node)).then(
      (weights) => {
        if (wanted(session, name) === node) session.side(name, { weights });
      },
      (error: unknown) => session.fail(error),
    );
  }
}
