// Layers of A beside the layers of B that compute the same.

import type { LayerRow, Report, SideName } from "../types";

/** A layer on both sides, or on one. The key is the original's node, or side and node where the original has none. */
export interface Pair {
  key: string;
  a?: LayerRow;
  b?: LayerRow;
}

/** The pairs in execution order. */
export function pairs(a: Report | undefined, b: Report | undefined): Pair[] {
  const rows: Pair[] = [];
  const byKey = new Map<string, Pair>();
  const add = (side: SideName, report: Report | undefined): void => {
    const isOriginal = report?.recipe.steps.length === 0;
    let after = -1;
    for (const layer of report?.layers ?? []) {
      const node = layer.original_node ?? (isOriginal ? layer.node : undefined);
      const key = node === undefined ? `${side}${layer.node}` : String(node);
      const known = byKey.get(key);
      if (known && !known[side]) {
        known[side] = layer;
        after = rows.indexOf(known);
      } else {
        const pair: Pair = { key: known ? `${side}${layer.node}` : key, [side]: layer };
        byKey.set(pair.key, pair);
        rows.splice(++after, 0, pair);
      }
    }
  };
  add("a", a);
  add("b", b);
  return rows;
}

/** A layer's number, as everything that speaks of it says it: that of its operator in the file, counted from 0. Where the
 * two files count differently, A's comes first. */
export function numberOf({ a, b }: Pair): string {
  const [one, other] = [a?.node, b?.node];
  return one === undefined || other === undefined || one === other ? String(one ?? other ?? "") : `${one} → ${other}`;
}

/** The pair that is chosen: the one with this key, else the first whose layer has weights, else the first. */
export function chosen(rows: readonly Pair[], key: string): Pair | undefined {
  return rows.find((row) => row.key === key) ?? rows.find((row) => (row.a ?? row.b)?.weights_shape) ?? rows[0];
}
