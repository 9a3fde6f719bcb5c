// Bytes: where the bytes of the file go, and how the working memory is laid out over time.

import { max } from "d3-array";
import { scaleBand, scaleLinear } from "d3-scale";
import { stack } from "d3-shape";
import { html, svg, type TemplateResult } from "lit";
import * as format from "../../ui/format";
import type { BenchView } from "../../engine/bench/view";
import { t } from "./text";
import { type ArenaBuffer, type Report, SIDES, type SideName } from "../../engine/types";
import { define, PageElement } from "../../ui/base";
import { kind, letter } from "../../ui/parts";
import "./style.css";

const WIDTH = 800;
const ARENA_HEIGHT = 150;

export class BytesView extends PageElement {
  static override properties = { snapshot: { attribute: false } };

  snapshot!: BenchView;

  protected override render(): TemplateResult {
    const { a, b } = this.snapshot;
    const reports = { a: a.report, b: b.report };
    const parts = (b.report ?? a.report)?.flash ?? [];
    return html`
      <div class="bytes">
        <section>
          <h2>${t("bytes.flash")} ${kind("counted")}</h2>
          ${this.#flash(reports)}
          <table class="facts-table parts-table">
            <thead><tr><td></td>${SIDES.map((side) => html`<th scope="col">${letter(side)}</th>`)}<th scope="col">${t("bytes.what")}</th></tr></thead>
            <tbody>
              ${parts.map(({ part, sentence }, at) => html`<tr>
                <th scope="row"><svg class="swatch" viewBox="0 0 10 10" aria-hidden="true"><rect class="part part-${at}" width="10" height="10" /></svg> ${part}</th>
                ${SIDES.map((side) => html`<td>${format.figure(reports[side]?.flash.find((row) => row.part === part)?.bytes)}</td>`)}
                <td class="quiet">${sentence}</td>
              </tr>`)}
            </tbody>
          </table>
        </section>
        <section>
          <h2>${t("bytes.ram")} ${kind((b.report ?? a.report)?.memory.arena.kind ?? "counted")}</h2>
          <div class="arenas">${SIDES.map((side) => this.#arena(side, reports))}</div>
        </section>
      </div>
    `;
  }

  /** Both files as stacked bars over the same scale. */
  #flash(reports: Record<SideName, Report | undefined>): TemplateResult {
    const names = (reports.b ?? reports.a)?.flash.map(({ part }) => part) ?? [];
    const rows = SIDES.map((side) =>
      Object.fromEntries(names.map((name) => [name, reports[side]?.flash.find(({ part }) => part === name)?.bytes.value ?? 0])));
    const series = stack<Record<string, number>>().keys(names)(rows);
    const x = scaleLinear([0, max(series.flatMap((part) => part.map(([, end]) => end))) || 1], [0, WIDTH]);
    return html`<div class="flash-bars">
      ${SIDES.map((side, row) => html`<div class="flash-bar">
        ${letter(side)}
        <svg viewBox="0 0 ${WIDTH} 22" preserveAspectRatio="none" role="img"
          aria-label=${t("bytes.flash-side", { side: side.toUpperCase(), size: format.figure(reports[side]?.strip.flash) })}>
          ${series.map((part, at) => {
            const [start, end] = part[row] ?? [0, 0];
            return svg`<rect class="part part-${at}" x=${x(start)} width=${Math.max(0, x(end) - x(start))} height="22"><title>${part.key}</title></rect>`;
          })}
        </svg>
        <span class="number">${format.figure(reports[side]?.strip.flash)}</span>
      </div>`)}
    </div>`;
  }

  #arena(side: SideName, reports: Record<SideName, Report | undefined>): TemplateResult {
    const memory = reports[side]?.memory;
    if (!memory) return html`<div class="arena">${letter(side)}</div>`;
    const everything = SIDES.flatMap((name) => reports[name]?.memory.buffers ?? []);
    const y = scaleLinear([0, max(everything, end) || 1], [ARENA_HEIGHT, 0]);
    const steps = (max(memory.buffers, ({ last_node }) => last_node) ?? 0) + 1;
    const x = scaleBand(Array.from({ length: steps }, (_, step) => step), [0, WIDTH / 2]).paddingInner(0.04);
    return html`<div class="arena">
      <p>${letter(side)} <span class="number">${format.figure(memory.arena)}</span> <span class="quiet">${t("bytes.persistent", { size: format.figure(memory.persistent) })}</span></p>
      <svg viewBox="0 0 ${WIDTH / 2} ${ARENA_HEIGHT}" preserveAspectRatio="none" role="img"
        aria-label=${t("bytes.arena-side", { side: side.toUpperCase(), n: String(memory.buffers.length), steps: String(steps) })}>
        ${memory.buffers.map((buffer) => {
          const left = x(buffer.first_node) ?? 0;
          const right = (x(buffer.last_node) ?? left) + x.bandwidth();
          return svg`<rect class="buffer-${side}" x=${left} width=${right - left} y=${y(end(buffer))} height=${y(buffer.offset_bytes) - y(end(buffer))}><title>${describe(buffer)}</title></rect>`;
        })}
      </svg>
      <p class="axis-words" aria-hidden="true"><span>${t("bytes.first")}</span><span>${t("bytes.last", { n: String(steps - 1) })}</span></p>
      <details class="twin">
        <summary>${t("twin.summary")}</summary>
        <div class="twin-scroll">
          <table class="data">
            <thead><tr><th scope="col">${t("bytes.buffer")}</th><th scope="col">${t("bytes.offset")}</th><th scope="col">${t("bytes.size")}</th><th scope="col">${t("bytes.nodes")}</th></tr></thead>
            <tbody>
              ${memory.buffers.map((buffer) => html`<tr>
                <th scope="row">${buffer.name}</th><td>${format.integer(buffer.offset_bytes)}</td>
                <td>${format.integer(buffer.bytes)}</td><td>${buffer.first_node}–${buffer.last_node}</td>
              </tr>`)}
            </tbody>
          </table>
        </div>
      </details>
    </div>`;
  }
}

function end({ offset_bytes, bytes }: ArenaBuffer): number {
  return offset_bytes + bytes;
}

function describe(buffer: ArenaBuffer): string {
  return t("bytes.buffer-title", {
    name: buffer.name, size: format.text(buffer.bytes, "B"), first: String(buffer.first_node), last: String(buffer.last_node),
  });
}

define("mw-bytes-view", BytesView);
