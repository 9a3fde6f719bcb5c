// Hardware: every platform by power and throughput, the one-milliwatt line, the open model, and MLPerf Tiny's scoreboard.

import { extent } from "d3-array";
import { scaleLog } from "d3-scale";
import { html, nothing, svg, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { titleOf } from "../../engine/bench/samples";
import * as format from "../../ui/format";
import type { Action, Seen } from "./slice";
import { m } from "./text";
import type { HardwareReport, PlatformRow, ScoreboardReport } from "../../engine/types";
import { define, PageElement } from "../../ui/base";
import "./style.css";

const FIELDS = ["round", "core", "kind"] as const;
const [WIDTH, HEIGHT] = [720, 420];
const [LEFT, RIGHT, TOP, BOTTOM] = [72, 12, 12, 34];

type Field = "round" | "core" | "kind";
type Only = Partial<Record<Field, string>>;

export class HardwareViewElement extends PageElement<Action> {
  static override properties = { snapshot: { attribute: false }, chosen: { state: true }, only: { state: true } };

  snapshot!: Seen;
  chosen = "";
  /** What the scoreboard is narrowed to. */
  only: Only = {};

  protected override render(): TemplateResult {
    const { memory } = this.snapshot;
    const { report, scoreboard } = memory.hardware;
    if (!report) return html`<p class="quiet">${memory.error ?? m("hardware.running")}</p>`;
    return html`<div class="hardware">
      <figure class="scroller" tabindex="0"><figcaption>${m("hardware.what", { model: titleOf(this.snapshot.state), rate: format.real(report.rate) })}</figcaption>${this.#chart(report)}</figure>
      ${this.#details(report)}
      <details class="twin"><summary>${m("twin.summary")}</summary>${table(report)}</details>
      ${scoreboard ? this.#scores(scoreboard) : nothing}
    </div>`;
  }

  #chart(report: HardwareReport): TemplateResult {
    const drawn = report.platforms.filter(({ power, operations }) => power && operations);
    const own = report.platforms.filter(({ here }) => here?.power && here.holds !== false);
    const [least = 1e-4, most = 100] = extent([
      ...drawn.flatMap(({ power, system }) => [...(power ?? []), ...(system ? [system.value] : [])]),
      ...own.flatMap(({ here }) => here?.power?.value ?? []),
    ]);
    const [slow = 1e6, fast = 1e14] = extent(drawn.map(({ operations }) => operations ?? 1));
    const needed = report.platforms.find(({ here }) => here)?.here?.needed.value ?? slow;
    const x = scaleLog([Math.min(least / 2, report.milliwatt / 10), most * 2], [LEFT, WIDTH - RIGHT]);
    const y = scaleLog([Math.min(slow, needed) / 2, fast * 2], [HEIGHT - BOTTOM, TOP]);
    const [wx0 = 0, wx1 = 1] = x.domain();
    // The lines are named low in the field, where few platforms are.
    const named = 8 * Math.min(slow, needed);
    const powers = (ticks: number[]): number[] => ticks.filter((tick) => Number.isInteger(Math.round(Math.log10(tick) * 1e6) / 1e6));
    return html`<svg class="chart platforms" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="group" aria-label=${m("hardware.label")}>
      ${powers(y.ticks()).filter((_, at) => at % 2 === 0).map((tick) => svg`<g class="tick"><line x1=${LEFT} x2=${WIDTH - RIGHT} y1=${y(tick)} y2=${y(tick)} />
        <text x=${LEFT - 6} y=${y(tick)} dy="0.32em" text-anchor="end">${format.rate(tick)}</text></g>`)}
      ${powers(x.ticks()).map((tick) => svg`<text class="tick-x" x=${x(tick)} y=${HEIGHT - BOTTOM + 15} text-anchor="middle">${format.text(tick, "W")}</text>`)}
      <text class="axis" x=${(LEFT + WIDTH) / 2} y=${HEIGHT - 4} text-anchor="middle">${m("hardware.axes")}</text>
      <clipPath id="platform-field"><rect x=${LEFT} y=${TOP} width=${WIDTH - LEFT - RIGHT} height=${HEIGHT - TOP - BOTTOM} /></clipPath>
      <g clip-path="url(#platform-field)">
        ${report.lines.map((line) => svg`<line class="efficiency" x1=${x(wx0)} y1=${y(wx0 * line)} x2=${x(wx1)} y2=${y(wx1 * line)} />`)}
        <line class="milliwatt" x1=${x(report.milliwatt)} x2=${x(report.milliwatt)} y1=${TOP} y2=${HEIGHT - BOTTOM} />
        <line class="needed" x1=${LEFT} x2=${WIDTH - RIGHT} y1=${y(needed)} y2=${y(needed)} />
      </g>
      ${report.lines.map((line) => svg`<text class="efficiency-name" x=${x(named / line) + 5} y=${y(named) + 3}>${m("hardware.line", { rate: format.rate(line) })}</text>`)}
      <text class="milliwatt-name" x=${x(report.milliwatt) + 4} y=${TOP + 10}>${m("hardware.milliwatt")}</text>
      <text class="needed-name" x=${WIDTH - RIGHT - 4} y=${y(needed) - 5} text-anchor="end">${m("hardware.needed", { model: titleOf(this.snapshot.state) })}</text>
      ${drawn.map((row) => this.#point(row, x, y))}
      ${own.map(({ name, here }) => here?.power
        ? svg`<path class="here" d="M${x(here.power.value) - 4},${y(needed) - 4}l8,8m0,-8l-8,8"><title>${`${name}: ${here.sentence}`}</title></path>` : nothing)}
    </svg>`;
  }

  #point(row: PlatformRow, x: (power: number) => number, y: (operations: number) => number): TemplateResult {
    const [low = 1, high = low] = row.power ?? [];
    const [cx, cy] = [x(Math.sqrt(low * high)), y(row.operations ?? 1)];
    const around = row.system && x(row.system.value);
    const choose = (): void => void (this.chosen = row.id);
    const key = (event: KeyboardEvent): void => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        choose();
      }
    };
    return svg`<g class="platform ${row.kind} ${row.class} ${row.id === this.chosen ? "over" : ""}" role="button" tabindex="0"
      aria-label=${m("hardware.point", { name: row.name, kind: kind(row) })} @click=${choose} @keydown=${key}>
      <line x1=${x(low)} x2=${x(high)} y1=${cy} y2=${cy} />
      ${around == null ? nothing : svg`<line class="around" x1=${cx} x2=${around} y1=${cy} y2=${cy} /><rect x=${around - 4} y=${cy - 4} width="8" height="8" />`}
      ${row.kind === "measured" ? svg`<circle cx=${cx} cy=${cy} r="5" />`
        : row.kind === "modelled" ? svg`<path class="modelled" d="M${cx},${cy - 6}l6,11h-12Z" />` : svg`<path d="M${cx},${cy - 6}l6,6l-6,6l-6,-6Z" />`}
      <title>${row.name}</title>
    </g>`;
  }

  #details(report: HardwareReport): TemplateResult {
    const row = report.platforms.find(({ id }) => id === this.chosen);
    if (!row) return html`<p class="quiet">${m("hardware.choose")}</p>`;
    return html`<div class="platform-details" role="status"><strong>${row.name}</strong> (${row.vendor}, ${row.precision},
      ${kind(row)}): ${row.note}. ${row.here?.sentence ?? ""}
      ${row.system ? m("hardware.system-power", { power: format.figure(row.system), interval: format.interval(row.system), note: row.system.note ?? "" }) : nothing}
      <span class="quiet">${m("hardware.source", { source: row.source })}</span></div>`;
  }

  #scores(board: ScoreboardReport): TemplateResult {
    const { benchmark } = this.snapshot.memory.hardware;
    const there = board.rows.filter((row) => row.benchmark === benchmark);
    const rows = there.filter((row) => FIELDS.every((field) => !this.only[field] || row[field] === this.only[field]));
    const sorted = [...rows].sort((one, other) => (one.energy?.value ?? one.energy_j ?? Infinity) - (other.energy?.value ?? other.energy_j ?? Infinity));
    return html`<section aria-label=${m("hardware.scores")}>
      <h3>${m("hardware.scores")}</h3>
      <div class="memory-buttons"><label>${m("hardware.benchmark")}
        <select @change=${(event: Event) => this.act({ ask: "memory", what: { memory: "score", benchmark: (event.target as HTMLSelectElement).value } })}>
          ${board.benchmarks.map(([id, name]) => html`<option value=${id} .selected=${live(id === benchmark)}>${name}</option>`)}
        </select>
      </label>
      ${FIELDS.map((field) => {
        const values = [...new Set(there.map((row) => row[field]))].filter(Boolean).sort();
        return html`<label>${m(`hardware.only-${field}`)} <select data-only=${field} @change=${(event: Event) =>
          (this.only = { ...this.only, [field]: (event.target as HTMLSelectElement).value })}>
          <option value="">${m("hardware.all")}</option>
          ${values.map((value) => html`<option value=${value} .selected=${live(value === this.only[field])}>${value}</option>`)}
        </select></label>`;
      })}
      </div>
      <p role="status">${m("hardware.shown", { shown: String(rows.length), all: String(there.length) })}</p>
      ${board.notes.map((note) => html`<p class="quiet">${note}</p>`)}
      <div class="scroller" tabindex="0" role="region" aria-label=${m("hardware.scores")}><table class="data">
        <thead><tr>${(["hardware.round", "hardware.system", "hardware.runtime", "hardware.precision", "hardware.kind", "hardware.time", "hardware.energy"] as const)
          .map((key) => html`<th scope="col">${m(key)}</th>`)}</tr></thead>
        <tbody>${sorted.map((row) => html`<tr class=${row.kind} title=${row.source}>
          <td>${row.round || "–"}</td><th scope="row">${row.organisation} ${row.system}<br /><span class="quiet">${row.core}</span></th><td class="words">${row.runtime}</td><td>${row.precision}</td>
          <td>${row.kind === "modelled" ? m("kind.modelled") : m("hardware.published")}</td>
          <td>${row.latency ? `${format.figure(row.latency)} (${format.interval(row.latency)})` : row.latency_s ? format.text(row.latency_s, "s") : "–"}</td>
          <td>${row.energy ? `${format.figure(row.energy)} (${format.interval(row.energy)})` : row.energy_j ? format.text(row.energy_j, "J") : "–"}</td>
        </tr>`)}</tbody>
      </table></div>
    </section>`;
  }
}

function kind({ kind }: PlatformRow): string {
  return kind === "modelled" ? m("kind.modelled") : m(kind === "measured" ? "hardware.measured" : "hardware.peak");
}

function table({ platforms }: HardwareReport): TemplateResult {
  return html`<div class="scroller" tabindex="0" role="region" aria-label=${m("hardware.label")}><table class="data">
    <thead><tr>${(["hardware.system", "hardware.kind", "hardware.operations", "hardware.power", "hardware.precision", "hardware.your-model"] as const)
      .map((key) => html`<th scope="col">${m(key)}</th>`)}</tr></thead>
    <tbody>${platforms.map((row) => html`<tr title=${row.source}><th scope="row">${row.name}</th>
      <td>${kind(row)}</td>
      <td>${row.operations ? format.rate(row.operations) : "–"}</td>
      <td>${row.power ? [...new Set(row.power)].map((watts) => format.text(watts, "W")).join(" … ") : "–"}${row.system
        ? m("hardware.with", { power: format.figure(row.system) }) : ""}</td>
      <td>${row.precision}</td><td class="words">${row.here?.sentence ?? "–"}</td></tr>`)}</tbody>
  </table></div>`;
}

define("mw-hardware-view", HardwareViewElement);
