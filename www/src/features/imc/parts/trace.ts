// A small product as it goes through the array: which bits are on the rows, which cells answer, what each column sums.

import { html, nothing, svg, type TemplateResult } from "lit";
import * as format from "../../../ui/format";
import { m } from "../text";
import type { TraceReport } from "../../../engine/types";
import { define, PageElement } from "../../../ui/base";

const CELL = 16;
const LEFT = 44;
const TOP = 34;
const PLAY_MS = 400;

export class Trace extends PageElement {
  static override properties = { trace: { attribute: false }, at: { state: true }, playing: { state: true } };

  trace!: TraceReport;
  at = 0;
  playing = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  #shown: TraceReport | undefined;

  protected override willUpdate(): void {
    if (this.#shown === this.trace) return;
    this.#shown = this.trace;
    this.at = 0;
    this.#play(false);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#play(false);
  }

  protected override render(): TemplateResult {
    const { cycles } = this.trace;
    const cycle = cycles[this.at];
    if (!cycle) return html``;
    const button = (to: number, label: "trace.first" | "trace.back" | "trace.step" | "trace.last", sign: string): TemplateResult =>
      html`<button type="button" class="button small" aria-label=${m(label)} title=${m(label)} ?disabled=${to === this.at} @click=${() => this.#go(to)}>${sign}</button>`;
    const last = cycles.length - 1;
    const words = m("trace.cycle", {
      cycle: String(this.at + 1), cycles: String(cycles.length), row: String(cycle.row + 1), place: String(cycle.place),
      totals: cycle.totals.map((total) => format.integer(total)).join(", "), changes: String(cycle.changes),
    });
    return html`<section class="trace" aria-label=${m("trace.title")} tabindex="0" @keydown=${this.#key}>
      <h4>${m("trace.title")}</h4>
      <div class="memory-buttons">
        ${button(0, "trace.first", "⏮")}${button(Math.max(0, this.at - 1), "trace.back", "◀")}
        <button type="button" class="button small" @click=${() => this.#play(!this.playing)}>${m(this.playing ? "trace.pause" : "trace.play")}</button>
        ${button(Math.min(last, this.at + 1), "trace.step", "▶")}${button(last, "trace.last", "⏭")}
        <span class="quiet">${m("trace.keys")}</span>
      </div>
      <p role="status" aria-live=${this.playing ? "off" : "polite"}>${words}</p>
      <div class="scroller" tabindex="0" role="region" aria-label=${m("trace.picture")}>${this.#picture()}</div>
    </section>`;
  }

  #picture(): TemplateResult {
    const { size: [, depth, outputs], bits: [, bits], signed, cells, cycles } = this.trace;
    const cycle = cycles[this.at];
    if (!cycle) return html``;
    const [width, height] = [LEFT + outputs * bits * CELL + 8, TOP + depth * CELL + 56];
    const columns = Array.from({ length: outputs * bits }, (_, column) => column);
    // Bits are drawn as they are written: the highest to the left.
    const x = (column: number): number => LEFT + (Math.floor(column / bits) * bits + (bits - 1 - (column % bits))) * CELL;
    const here = (row: number): number | undefined => cycle.inputs[row - cycle.first];
    return html`<svg class="chart trace-picture" width=${width} viewBox="0 0 ${width} ${height}" role="img" aria-label=${m("trace.picture")}>
      ${Array.from({ length: outputs }, (_, n) => svg`<text x=${LEFT + (n * bits + bits / 2) * CELL} y="12" text-anchor="middle">${m("trace.output", { n: String(n + 1) })}</text>
        <line class="rule" x1=${LEFT + n * bits * CELL} x2=${LEFT + n * bits * CELL} y1="2" y2=${height - 4} />`)}
      ${columns.map((column) => svg`<text class="small" x=${x(column) + CELL / 2} y=${TOP - 6} text-anchor="middle">${signed[1] && column % bits === bits - 1 ? "−" : ""}${column % bits}</text>`)}
      ${Array.from({ length: depth }, (_, row) => svg`<g class=${here(row) === undefined ? "off" : here(row) ? "on" : "quiet-row"}>
        <text class="input" x=${LEFT - 26} y=${TOP + row * CELL + 12}>${here(row) ?? "·"}</text>
        <line class="wire" x1=${LEFT - 14} x2=${width - 8} y1=${TOP + row * CELL + CELL / 2} y2=${TOP + row * CELL + CELL / 2} />
        ${columns.map((column) => {
          const bit = cells[row * outputs * bits + column];
          return svg`<rect class="cell ${bit && here(row) ? "one" : ""}" x=${x(column) + 1} y=${TOP + row * CELL + 1} width=${CELL - 2} height=${CELL - 2} />
            <text class="small" x=${x(column) + CELL / 2} y=${TOP + row * CELL + 12} text-anchor="middle">${bit ?? nothing}</text>`;
        })}
      </g>`)}
      <text x="0" y=${TOP + depth * CELL + 16}>${m("trace.sums")}</text>
      ${columns.map((column) => svg`<text class="sum" x=${x(column) + CELL / 2} y=${TOP + depth * CELL + 16} text-anchor="middle">${cycle.sums[column] ?? 0}</text>`)}
      <text x="0" y=${TOP + depth * CELL + 42}>${m("trace.totals")}</text>
      ${cycle.totals.map((total, n) => svg`<text class="total" x=${LEFT + (n * bits + bits / 2) * CELL} y=${TOP + depth * CELL + 42} text-anchor="middle">${format.integer(total)}</text>`)}
    </svg>`;
  }

  #go(to: number): void {
    this.#play(false);
    this.at = to;
  }

  #play(on: boolean): void {
    clearInterval(this.#timer);
    this.playing = on;
    if (!on) return;
    const last = this.trace.cycles.length - 1;
    if (this.at === last) this.at = 0;
    this.#timer = setInterval(() => {
      if (this.at < last) this.at += 1;
      else this.#play(false);
    }, PLAY_MS);
  }

  #key = (event: KeyboardEvent): void => {
    const last = this.trace.cycles.length - 1;
    const to = { ArrowLeft: this.at - 1, ArrowRight: this.at + 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#go(Math.min(last, Math.max(0, to)));
  };
}

define("mw-trace", Trace);
