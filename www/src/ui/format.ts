// Numbers as text. Formatting only: no number is computed here but for its unit's prefix.

import { t } from "./text";

/** How a number came about. */
export type FigureKind = "measured" | "counted" | "modelled";

/** A number as a report gives it. */
export interface Figure {
  value: number;
  unit: string;
  low?: number | null | undefined;
  high?: number | null | undefined;
  at_least?: boolean | undefined;
}

/** How far one number is from another; `of` is the column that both stand in. */
export interface Delta {
  of: string;
  difference: number;
  ratio?: number | null | undefined;
}

const LOCALE = "en-GB";
const MINUS = "\u2212";
const NARROW = "\u202f";

const threeDigits = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 3, minimumSignificantDigits: 3 });
const upToThree = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const upTo = (digits: number): Intl.NumberFormat => new Intl.NumberFormat(LOCALE, { maximumFractionDigits: digits });
const exactly = (digits: number): Intl.NumberFormat =>
  new Intl.NumberFormat(LOCALE, { minimumFractionDigits: digits, maximumFractionDigits: digits });
const signed = (digits: number): Intl.NumberFormat =>
  new Intl.NumberFormat(LOCALE, {
    minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "exceptZero",
  });
const oneDecimal = exactly(1);
const twoDecimals = exactly(2);
const threeDecimals = exactly(3);
const plain = upTo(4);
const list = new Intl.ListFormat(LOCALE, { type: "conjunction" });

const minus = (text: string): string => text.replace(/-/g, MINUS);

/** A number and its unit, apart, so that they can be set in different sizes. */
export interface Quantity {
  number: string;
  unit: string;
}

const PREFIXES: readonly [number, string][] = [[1, ""], [1e-3, "m"], [1e-6, "µ"], [1e-9, "n"], [1e-12, "p"]];
const RATES: readonly [number, string][] = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];
const COUNTS: readonly [number, string][] = [[1e9, "G"], [1e6, "M"], [1e3, "k"]];

/** Divides by the largest prefix that leaves at least one. */
function prefixed(value: number, unit: string): { factor: number; unit: string } {
  const size = Math.abs(value);
  const [factor, prefix] = PREFIXES.find(([factor]) => size >= factor) ?? (size === 0 ? [1, ""] : [1e-12, "p"]);
  return { factor, unit: prefix + unit };
}

function scale(value: number, unit: string): { factor: number; unit: string; digits: Intl.NumberFormat } {
  switch (unit) {
    case "B": {
      const size = Math.abs(value);
      if (size < 1024) return { factor: 1, unit: "B", digits: whole };
      const [factor, name] = size < 1024 * 9999 ? [1024, "KiB"] : [1024 * 1024, "MiB"];
      return { factor, unit: name, digits: size / factor >= 1000 ? whole : oneDecimal };
    }
    case "s":
    case "J":
    case "W": {
      const { factor, unit: name } = prefixed(value, unit);
      return { factor, unit: name, digits: Math.abs(value) / factor >= 1000 ? whole : threeDigits };
    }
    case "%":
      return { factor: 1, unit: "%", digits: oneDecimal };
    case "TOPS/W":
      return { factor: 1, unit, digits: threeDigits };
    case "dB":
    case "dBFS":
      return { factor: 1, unit, digits: oneDecimal };
    case "x":
      return { factor: 1, unit: "×", digits: twoDecimals };
    case "ms-whole":
      return { factor: 1, unit: "ms", digits: whole };
    case "ms":
      return { factor: 1, unit: "ms", digits: threeDigits };
    default:
      return { factor: 1, unit: unit === "1" ? "" : unit, digits: Math.abs(value) <= 1 ? threeDecimals : plain };
  }
}

/** A value with a fitting prefix. */
export function quantity(value: number, unit: string): Quantity {
  if (!Number.isFinite(value)) return { number: value > 0 ? "∞" : value < 0 ? `${MINUS}∞` : "–", unit: "" };
  const { factor, unit: name, digits } = scale(value, unit);
  return { number: minus(digits.format(value / factor)), unit: name };
}

/** The same as one text. */
export function text(value: number, unit: string): string {
  const { number, unit: name } = quantity(value, unit);
  return name ? `${number}${NARROW}${name}` : number;
}

/** A figure as one text, with a dash where there is none. */
export function figure(value: Figure | null | undefined): string {
  if (value == null) return "–";
  return value.at_least ? `${t("at-least")} ${text(value.value, value.unit)}` : text(value.value, value.unit);
}

/** A large pure number, such as multiply-accumulates: 264 k, 2.66 M. */
export function count(value: number): string {
  const [factor, prefix] = COUNTS.find(([factor]) => Math.abs(value) >= factor * 10) ?? [1, ""];
  return factor === 1 ? whole.format(value) : `${threeDigits.format(value / factor)}${NARROW}${prefix}`;
}

/** Operations each second: 40 T, 2.5 G. */
export function rate(value: number): string {
  const [factor, prefix] = RATES.find(([factor]) => Math.abs(value) >= factor) ?? [1, ""];
  return `${upToThree.format(value / factor)}${prefix && NARROW}${prefix}`;
}

/** The interval or band of a figure, in the unit that the figure itself is shown in. */
export function interval(value: Figure): string {
  if (value.low == null || value.high == null) return "";
  const { factor, digits } = scale(value.value, value.unit);
  return minus(`${digits.format(value.low / factor)}–${digits.format(value.high / factor)}`);
}

/** How a number moved: relative where that says something, in points or absolute for scores. */
export function delta(change: Delta, unit: string): string {
  if (change.of === "score" || change.of === "agreement") {
    return minus(signed(unit === "%" ? 1 : 3).format(change.difference));
  }
  if (change.ratio == null) return minus(signed(0).format(change.difference));
  const percent = change.ratio * 100;
  return `${minus(signed(Math.abs(percent) < 10 ? 1 : 0).format(percent))}${NARROW}%`;
}

/** A weight, a scale, a minimum: up to four significant digits. */
export function real(value: number): string {
  const digits = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 4 });
  if (value !== 0 && Math.abs(value) < 1e-4) return minus(value.toExponential(2));
  return minus(digits.format(value));
}

/** 1 × 49 × 10. */
export function shape(dimensions: readonly number[]): string {
  return dimensions.length ? dimensions.join(`${NARROW}×${NARROW}`) : "scalar";
}

/** A whole number with separators. */
export function integer(value: number): string {
  return whole.format(value);
}

/** A share as whole percent. */
export function percent(share: number): string {
  return `${whole.format(share * 100)}${NARROW}%`;
}

/** A rate for an input field: no separators. */
export function bare(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** one, two and three. */
export function together(names: readonly string[]): string {
  return list.format(names);
}

/** Seconds on a time axis. */
export function seconds(value: number): string {
  return `${upTo(2).format(value)}${NARROW}s`;
}
