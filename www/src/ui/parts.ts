// Small pieces of markup that several elements use.

import { html, nothing, svg, type TemplateResult } from "lit";
import * as format from "./format";
import { t } from "./text";

/** The letter of a side, in its colour. */
export function letter(side: "a" | "b"): TemplateResult {
  return html`<span class="letter ${side}">${side.toUpperCase()}</span>`;
}

const SHAPES: Record<format.FigureKind, TemplateResult> = {
  measured: svg`<circle cx="4" cy="4" r="3" fill="currentColor" />`,
  counted: svg`<rect x="1" y="1" width="6" height="6" fill="currentColor" />`,
  modelled: svg`<path d="M4 0.5 7.5 4 4 7.5 0.5 4Z" fill="none" stroke="currentColor" />`,
};

/** What a number is, as a word and a shape. */
export function kind(name: format.FigureKind): TemplateResult {
  return html`<span class="kind"
    ><svg viewBox="0 0 8 8" aria-hidden="true">${SHAPES[name]}</svg>${t(`kind.${name}`)}</span
  >`;
}

/** A number with its unit in smaller type. */
export function value(figure: format.Figure): TemplateResult {
  const { number, unit } = format.quantity(figure.value, figure.unit);
  const least = figure.at_least ? html`<span class="unit">${t("at-least")}</span>` : nothing;
  return html`${least}<span class="number">${number}</span>${unit ? html`<span class="unit">${unit}</span>` : nothing}`;
}

const PATHS = {
  open: "M2 4.5v8h12v-6.5H8L6.5 4.5Z",
  grid: "M2.5 2.5h4.5v4.5H2.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5H2.5zM9 9h4.5v4.5H9z",
  undo: "M6 3 3 6l3 3M3.2 6H10a3.2 3.2 0 0 1 0 6.5H6.5",
  redo: "m10 3 3 3-3 3M12.8 6H6a3.2 3.2 0 0 0 0 6.5h3.5",
  link: "M6.8 9.2 9.2 6.8M7.5 4.8 9 3.3a2.6 2.6 0 0 1 3.7 3.7l-1.5 1.5M8.5 11.2 7 12.7A2.6 2.6 0 0 1 3.3 9l1.5-1.5",
  down: "M8 2.5v7.5M4.8 7 8 10.2 11.2 7M2.5 13.5h11",
  theme: "M8 2.5a5.5 5.5 0 1 0 0 11ZM8 2.5a5.5 5.5 0 0 1 0 11",
  play: "M5 3.2v9.6L12.8 8Z",
  stop: "M4 4h8v8H4z",
  mic: "M8 2a2 2 0 0 0-2 2v4a2 2 0 0 0 4 0V4a2 2 0 0 0-2-2ZM3.8 7.5a4.2 4.2 0 0 0 8.4 0M8 11.8v2.4",
  left: "M10 3 5 8l5 5",
  right: "m6 3 5 5-5 5",
  down_small: "m4 6 4 4 4-4",
  swap: "M4 5.5h9L10.5 3M12 10.5H3l2.5 2.5",
  close: "m4 4 8 8M12 4l-8 8",
  save: "M4 2.5h8v11L8 10.5 4 13.5Z",
  live: "M2 8h2l1.5-4.5L8 13l2-7 1 2h3",
  box: "M2.5 5 8 2.5 13.5 5v6L8 13.5 2.5 11ZM2.5 5 8 7.5 13.5 5M8 7.5v6",
  check: "M3 2.5h10v11H3zM5.5 8l2 2 3.5-4",
  bin: "M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.6 9h5.8l.6-9",
} as const;

export type IconName = keyof typeof PATHS;

/** A line icon; its button carries the words. */
export function icon(name: IconName): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}

/** A tick, a cross or a wavy line, with the word it stands for. */
export function verdict(state: "yes" | "no" | "maybe" | "none", words: string): TemplateResult {
  const mark = { yes: "✓", no: "✗", maybe: "≈", none: "–" }[state];
  return html`<span class="verdict ${state}"><span aria-hidden="true">${mark}</span> ${words}</span>`;
}
