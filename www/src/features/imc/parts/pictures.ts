// What both the network and the product show: costs side by side, where the energy goes, where the weights lie.

import { scaleLinear } from "d3-scale";
import { html, nothing, svg, type TemplateResult } from "lit";
import * as format from "../../../ui/format";
import { m } from "../text";
import type { CostRow, EnergyPart, JouleRow, PlacedTile } from "../../../engine/types";

/** Time and energy, row by row; `first` are rows of another kind before them. */
export function choices(rows: readonly CostRow[], first: TemplateResult | typeof nothing = nothing): TemplateResult {
  return html`<div class="scroller" tabindex="0" role="region" aria-label=${m("memory.where")}><table class="data memory-choices">
    <thead><tr><th scope="col">${m("memory.where")}</th><th scope="col">${m("memory.time")}</th><th scope="col">${m("memory.energy")}</th></tr></thead>
    <tbody>${first}${rows.map(({ name, latency, energy }) => html`<tr><th scope="row">${name}</th>
      <td title=${latency?.note ?? ""}>${format.figure(latency)} ${latency ? html`<span class="quiet">${format.interval(latency)}</span>` : nothing}</td>
      <td title=${energy?.note ?? ""}>${format.figure(energy)} ${energy ? html`<span class="quiet">${format.interval(energy)}</span>` : nothing}</td></tr>`)}</tbody>
  </table></div>`;
}

/** Where a joule goes, as one bar and its words. */
export function parts(all: readonly EnergyPart[]): TemplateResult {
  const there = all.filter(({ energy }) => energy.value > 0);
  const x = scaleLinear([0, there.reduce((sum, { energy }) => sum + energy.value, 0)], [0, 400]);
  let at = 0;
  return html`<svg class="chart" viewBox="0 0 400 34" role="img" aria-label=${m("memory.parts")}>
    ${there.map(({ label, energy }, index) => {
      const from = at;
      at += energy.value;
      return svg`<rect class="series-${index + 2} part" x=${x(from)} y="4" width=${Math.max(0.5, x(at) - x(from))} height="26"><title>${`${label}: ${format.figure(energy)}`}</title></rect>`;
    })}
  </svg>
  <ul class="legend">${there.map(({ label, energy, in_macro }, index) => html`<li>
    <span class="swatch series-${index + 2}"></span>${label} <span class="quiet">${format.figure(energy)}${in_macro ? "" : ` · ${m("memory.around")}`}</span></li>`)}</ul>`;
}

/** What a map is drawn from. */
interface Mapped {
  /** Rows of the array. */
  rows: number;
  placements: readonly PlacedTile[];
  label: string;
  /** What a tile belongs to. */
  name: (tile: PlacedTile) => string;
}

/** Where each tile of weights lies: one rectangle for each array-full. */
export function map({ rows, placements, label, name }: Mapped): TemplateResult {
  const shown = Math.min(12, Math.max(1, ...placements.map((tile) => tile.array + 1)));
  const across = Math.min(shown, 6);
  const [wide, high] = [400 / across, (400 / across) * Math.min(2, rows / Math.max(1, outputs(placements)))];
  const down = Math.ceil(shown / across);
  const x = scaleLinear([0, Math.max(1, outputs(placements))], [1, wide - 1]);
  const y = scaleLinear([0, rows], [1, high - 1]);
  return html`<svg class="chart" viewBox="0 0 400 ${high * down}" role="img" aria-label=${label}>
    ${Array.from({ length: shown }, (_, at) => svg`<g transform="translate(${(at % across) * wide} ${Math.floor(at / across) * high})">
      <rect class="array" x="1" y="1" width=${wide - 2} height=${high - 2} />
      ${placements.filter((tile) => tile.array === at).map((tile) => svg`<rect class="series-${(tile.layer % 9) + 2} tile"
        x=${x(tile.output)} y=${y(tile.row)} width=${x(tile.outputs) - x(0)} height=${y(tile.rows) - y(0)}>
        <title>${`${name(tile)}: ${tile.rows} × ${tile.outputs}`}</title></rect>`)}
    </g>`)}
  </svg>
  <p class="quiet">${label}</p>`;
}

const outputs = (placements: readonly PlacedTile[]): number => Math.max(1, ...placements.map((tile) => tile.output + tile.outputs));

/** Where a joule goes: the processor's row on its scale, those of the array on a finer one, where they can be told apart. */
export function joules(rows: readonly JouleRow[]): TemplateResult {
  const names = [...new Set(rows.flatMap(({ parts }) => parts.map(({ part }) => part)))];
  const labels = new Map(rows.flatMap(({ parts }) => parts.map(({ part, label }) => [part, label] as const)));
  const processor = (row: JouleRow): boolean => row.id === "processor";
  return html`<div class="joules">${rows.map((row) => {
    const { name, parts, total } = row;
    const most = Math.max(...rows.filter((other) => processor(other) === processor(row)).map((other) => other.total.value));
    const x = scaleLinear([0, most], [0, 400]);
    let at = 0;
    const words = parts.filter(({ energy }) => energy.value > 0).map(({ label, energy }) => `${label} ${format.figure(energy)}`).join(", ");
    return html`<span>${name}</span>
      <svg viewBox="0 0 400 18" preserveAspectRatio="none" role="img" aria-label=${`${name}: ${words}`}>${parts.map(({ part, label, energy }) => {
        const from = at;
        at += energy.value;
        return svg`<rect class="series-${names.indexOf(part) + 2} part" x=${x(from)} y="1" width=${x(at) - x(from)} height="16"><title>${`${label}: ${format.figure(energy)}`}</title></rect>`;
      })}</svg>
      <span title=${total.note ?? ""}>${format.figure(total)} <span class="quiet">${format.interval(total)}</span></span>`;
  })}</div>
  <ul class="legend">${names.map((part, at) => html`<li><span class="swatch series-${at + 2}"></span>${labels.get(part) ?? part}</li>`)}</ul>
  ${rows.map(({ remark }) => (remark ? html`<p class="quiet">${remark}</p>` : nothing))}`;
}
