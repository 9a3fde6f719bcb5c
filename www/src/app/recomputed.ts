// The numbers that came with the page beside the same numbers computed here.

import type { Prefill } from "./snapshot";
import { type Report, SIDES, type SideName, STRIP_FIELDS } from "../engine/types";

/** The fields of the strip that differ, or `undefined` where the reports are not of the same candidates. */
export function differences(then: Prefill, now: Record<SideName, Report>): (typeof STRIP_FIELDS)[number][] | undefined {
  if (!SIDES.every((side) => alike(then[side], now[side]))) return undefined;
  return STRIP_FIELDS.filter((field) =>
    SIDES.some((side) => differs(then[side].strip[field]?.value, now[side].strip[field]?.value)));
}

/** Whether two reports speak of the same candidate, priced for the same device and rate. */
export function alike(one: Report, other: Report): boolean {
  return one.device === other.device && one.rate_hz === other.rate_hz && one.model.sha256 === other.model.sha256 &&
    JSON.stringify(one.recipe) === JSON.stringify(other.recipe);
}

function differs(one: number | null | undefined, other: number | null | undefined): boolean {
  if (one == null || other == null) return one != other;
  return Math.abs(one - other) > 1e-9 * Math.max(Math.abs(one), Math.abs(other));
}
