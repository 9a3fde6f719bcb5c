// Hardware: every platform by power and throughput, the one-milliwatt line, the open model, and MLPerf Tiny's scoreboard.

import { extent } from "d3-array";
import { scaleLog } from "d3-scale";
import { html, nothing, svg, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import * as format from "../format";
import type { Snapshot } from "../snapshot";
import { t } from "../text";
import type { HardwareReport, PlatformRow, ScoreboardReport } from "../types";
import { define, PageElement } from "./base";

const [WIDTH, HEIGHT] = [720, 420];
const [LEFT, RIGHT, TOP, BOTTOM] = [72, 12, 12, 34];

export class HardwareViewElement extends PageElement {
  static override properties = { snapshot: { attribute: false }, chosen: { state: true } };

  snapshot!: Snapshot;
  chosen = "";

  protected override render(): TemplateResult {
    const { hardware: { report, scoreboard }, memory } = this.snapshot;
    if (!report) return html`<p class="quiet">${memory.error ?? t("memory.running")}</p>`;
    return html`<div class="hardware">
      <figure class="scroller" tabindex="0"><figcaption>${t("hardware.what", { model: report.model, rate: format.real(report.rate) })}</figcaption>${this.#chart(report)}</figure>
      ${this.#details(report)}
      <details class="twin"><summary>${t("twin.summary")}</summary>${table(report)}</details>
      ${scoreboard ? this.#scores(scoreboard) : nothing}
    </div>`;
  }

  #chart(report: HardwareReport): TemplateResult {
    const drawn = report.platforms.filter(({ power, operations }) => power && operations);
    const [least = 1e-4, most = 100] = extent(drawn.flatMap(({ power }) => power ?? []));
    const [slow = 1e6, fast = 1e14] = extent(drawn.map(({ operations }) => operations ?? 1));
    const needed = report.platforms.find(({ here }) => here)?.here?.needed.value ?? slow;
    const x = scaleLog([Math.min(least, report.milliwatt / 10), most * 2], [LEFT, WIDTH - RIGHT]);
    const y = scaleLog([Math.min(slow, needed) / 2, fast * 2], [HEIGHT - BOTTOM, TOP]);
    const [wx0 = 0, wx1 = 1] = x.domain();
    const powers = (ticks: number[]): number[] => ticks.filter((tick) => Number.isInteger(Math.round(Math.log10(tick) * 1e6) / 1e6));
    return html`<svg class="chart platforms" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="group" aria-label=${t("hardware.label")}>
      ${powers(y.ticks()).filter((_, at) => at % 2 === 0).map((tick) => svg`<g class="tick"><line x1=${LEFT} x2=${WIDTH - RIGHT} y1=${y(tick)} y2=${y(tick)} />
        <text x=${LEFT - 6} y=${y(tick)} dy="0.32em" text-anchor="end">${format.count(tick)}</text></g>`)}
      ${powers(x.ticks()).map((tick) => svg`<text class="tick-x" x=${x(tick)} y=${HEIGHT - BOTTOM + 15} text-anchor="middle">${format.text(tick, "W")}</text>`)}
      <text class="axis" x=${(LEFT + WIDTH) / 2} y=${HEIGHT - 4} text-anchor="middle">${t("hardware.axes")}</text>
      <clipPath id="platform-field"><rect x=${LEFT} y=${TOP} width=${WIDTH - LEFT - RIGHT} height=${HEIGHT - TOP - BOTTOM} /></clipPath>
      <g clip-path="url(#platform-field)">
        ${report.lines.map((line) => svg`<line class="efficiency" x1=${x(wx0)} y1=${y(wx0 * line)} x2=${x(wx1)} y2=${y(wx1 * line)} />`)}
        <line class="milliwatt" x1=${x(report.milliwatt)} x2=${x(report.milliwatt)} y1=${TOP} y2=${HEIGHT - BOTTOM} />
        <line class="needed" x1=${LEFT} x2=${WIDTH - RIGHT} y1=${y(needed)} y2=${y(needed)} />
      </g>
      <text class="milliwatt-name" x=${x(report.milliwatt) + 4} y=${TOP + 10}>${t("hardware.milliwatt")}</text>
      <text class="needed-name" x=${WIDTH - RIGHT - 4} y=${y(needed) - 5} text-anchor="end">${t("hardware.needed", { model: report.model })}</text>
      ${drawn.map((row) => this.#point(row, x, y))}
      ${drawn.map(({ name, here }) => here?.power && here.holds !== false
        ? svg`<path class="here" d="M${x(here.power.value) - 4},${y(needed) - 4}l8,8m0,-8l-8,8"><title>${`${name}: ${here.sentence}`}</title></path>` : nothing)}
    </svg>`;
  }

  #point(row: PlatformRow, x: (power: number) => number, y: (operations: number) => number): TemplateResult {
    const [low = 1, high = low] = row.power ?? [];
    const [cx, cy] = [x(Math.sqrt(low * high)), y(row.operations ?? 1)];
    const choose = (): void => void (this.chosen = row.id);
    const key = (event: KeyboardEvent): void => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        choose();
      }
    };
    return svg`<g class="platform ${row.kind} ${row.class} ${row.id === this.chosen ? "over" : ""}" role="button" tabindex="0"
      aria-label=${t("hardware.point", { name: row.name, kind: t(row.kind === "measured" ? "hardware.measured" : "hardware.peak") })} @click=${choose} @keydown=${key}>
      <line x1=${x(low)} x2=${x(high)} y1=${cy} y2=${cy} />
      ${row.kind === "measured" ? svg`<circle cx=${cx} cy=${cy} r="5" />` : svg`<path d="M${cx},${cy - 6}l6,6l-6,6l-6,-6Z" />`}
      <title>${row.name}</title>
    </g>`;
  }

  #details(report: HardwareReport): TemplateResult {
    const row = report.platforms.find(({ id }) => id === this.chosen);
    if (!row) return html`<p class="quiet">${t("hardware.choose")}</p>`;
    return html`<div class="platform-details" role="status"><strong>${row.name}</strong> (${row.vendor}, ${row.precision},
      ${t(row.kind === "measured" ? "hardware.measured" : "hardware.peak")}): ${row.note} ${row.here?.sentence ?? ""}
      <span class="quiet">${t("hardware.source", { source: row.source })}</span></div>`;
  }

  #scores(board: ScoreboardReport): TemplateResult {
    const { benchmark } = this.snapshot.hardware;
    const rows = board.rows.filter((row) => row.benchmark === benchmark || (benchmark === "own" && row.benchmark === "own"));
    const sorted = [...rows].sort((one, other) => (one.energy?.value ?? one.energy_j ?? Infinity) - (other.energy?.value ?? other.energy_j ?? Infinity));
    return html`<section aria-label=${t("hardware.scores")}>
      <h3>${t("hardware.scores")}</h3>
      <label>${t("hardware.benchmark")}
        <select @change=${(event: Event) => this.act({ do: "memory", what: { memory: "score", benchmark: (event.target as HTMLSelectElement).value } })}>
          ${board.benchmarks.map(([id, name]) => html`<option value=${id} .selected=${live(id === benchmark)}>${name}</option>`)}
        </select>
      </label>
      ${board.notes.map((note) => html`<p class="quiet">${note}</p>`)}
      <div class="scroller" tabindex="0" role="region" aria-label=${t("hardware.scores")}><table class="data">
        <thead><tr>${(["hardware.round", "hardware.system", "hardware.runtime", "hardware.precision", "hardware.kind", "memory.time", "memory.energy"] as const)
          .map((key) => html`<th scope="col">${t(key)}</th>`)}</tr></thead>
        <tbody>${sorted.map((row) => html`<tr class=${row.kind} title=${row.source}>
          <td>${row.round || "–"}</td><th scope="row">${row.organisation} ${row.system}</th><td class="words">${row.runtime}</td><td>${row.precision}</td>
          <td>${t(row.kind === "modelled" ? "kind.modelled" : "hardware.published")}</td>
          <td>${row.latency ? `${format.figure(row.latency)} (${format.interval(row.latency)})` : row.latency_s ? format.text(row.latency_s, "s") : "–"}</td>
          <td>${row.energy ? `${format.figure(row.energy)} (${format.interval(row.energy)})` : row.energy_j ? format.text(row.energy_j, "J") : "–"}</td>
        </tr>`)}</tbody>
      </table></div>
    </section>`;
  }
}

function table({ platforms }: HardwareReport): TemplateResult {
  return html`<div class="scroller" tabindex="0" role="region" aria-label=${t("hardware.label")}><table class="data">
    <thead><tr>${(["hardware.system", "hardware.kind", "hardware.operations", "hardware.power", "hardware.precision", "hardware.your-model"] as const)
      .map((key) => html`<th scope="col">${t(key)}</th>`)}</tr></thead>
    <tbody>${platforms.map((row) => html`<tr title=${row.source}><th scope="row">${row.name}</th>
      <td>${t(row.kind === "measured" ? "hardware.measured" : "hardware.peak")}</td>
      <td>${row.operations ? format.count(row.operations) : "–"}</td>
      <td>${row.power ? [...new Set(row.power)].map((watts) => format.text(watts, "W")).join(" … ") : "–"}</td>
      <td>${row.precision}</td><td class="words">${row.here?.sentence ?? "–"}</td></tr>`)}</tbody>
  </table></div>`;
}

define("mw-hardware-view", HardwareViewElement);
