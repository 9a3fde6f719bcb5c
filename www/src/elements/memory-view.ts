// In-memory compute: B's candidate in an array of memory that multiplies, beside the processor; and two matrices.

import { scaleLinear } from "d3-scale";
import { html, nothing, svg, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import * as format from "../format";
import { read } from "../files";
import type { Snapshot } from "../snapshot";
import { t } from "../text";
import type { CostRow, EnergyPart, ImcReport, MatmulReport, PlacedTile } from "../types";
import { define, PageElement } from "./base";

const SIZES = [[64, 64, 64], [128, 256, 64], [1024, 1024, 64]] as const;

export class MemoryViewElement extends PageElement {
  static override properties = { snapshot: { attribute: false } };

  snapshot!: Snapshot;

  protected override render(): TemplateResult {
    const { memory } = this.snapshot;
    const { report, error, running } = memory;
    return html`<div class="memory">
      ${this.#controls()}
      ${error ? html`<p class="remark blocks">${error}</p>` : nothing}
      ${report ? this.#network(report) : running ? html`<p class="quiet">${t("memory.running")}</p>` : nothing}
      ${this.#matrices()}
    </div>`;
  }

  #controls(): TemplateResult {
    const { memory } = this.snapshot;
    const chosen = memory.macros.find(({ id }) => id === memory.array);
    const number = (event: Event): number => Number((event.target as HTMLInputElement).value);
    return html`<div class="memory-controls">
      <label>${t("memory.macro")}
        <select @change=${(event: Event) => this.act({ do: "memory", what: { memory: "macro", id: (event.target as HTMLSelectElement).value } })}>
          ${memory.macros.filter(({ digital }) => digital).map(({ id, name }) => html`<option value=${id} .selected=${live(id === memory.array)}>${name}</option>`)}
        </select>
      </label>
      <label>${t("memory.supply")}
        <input type="number" min="0.4" max="1.3" step="0.05" .value=${live(String(memory.supply ?? chosen?.supply ?? ""))}
          @change=${(event: Event) => this.act({ do: "memory", what: { memory: "supply", volts: number(event) } })} />
      </label>
      <label>${t("memory.count")}
        <input type="number" min="1" max="256" step="1" .value=${live(String(memory.count ?? chosen?.count ?? ""))}
          @change=${(event: Event) => this.act({ do: "memory", what: { memory: "count", macros: number(event) } })} />
      </label>
      ${chosen
        ? html`<p class="quiet">${t("memory.card", { rows: String(chosen.rows), columns: String(chosen.columns), node: format.real(chosen.node), capacity: format.figure(chosen.capacity), energy: format.figure(chosen.mac_energy) })}
            <strong>${chosen.label}</strong>: ${chosen.sentence}</p>`
        : nothing}
    </div>`;
  }

  #network(report: ImcReport): TemplateResult {
    return html`<section aria-label=${t("memory.network")}>
      <h3>${t("memory.network")}</h3>
      ${choices(report.choices)}
      <ul class="findings">${report.findings.map((sentence) => html`<li>${sentence}</li>`)}</ul>
      <div class="memory-pictures">
        <figure><figcaption>${t("memory.parts")}</figcaption>${parts(report.parts)}</figure>
        <figure><figcaption>${t("memory.map")}</figcaption>${map(report)}</figure>
      </div>
      <p class="quiet">${[
        report.same_bytes ? t("memory.same", { same: String(report.same_bytes[1]), of: String(report.same_bytes[0]) }) : "",
        report.score ? t("memory.score", { score: format.figure(report.score) }) : "",
        t("memory.efficiency", { own: format.figure(report.efficiency[0]), system: format.figure(report.efficiency[1]) }),
      ].filter(Boolean).join(" ")}</p>
      <div class="scroller" tabindex="0" role="region" aria-label=${t("memory.layers")}><table class="data">
        <thead><tr>${(["memory.layer", "memory.tiles", "memory.utilisation", "memory.time", "memory.energy-macro", "memory.energy-system", "memory.energy-cpu", "memory.better"] as const)
          .map((key) => html`<th scope="col">${t(key)}</th>`)}</tr></thead>
        <tbody>${report.layers.map((layer) => html`<tr>
          <th scope="row">${layer.name} ${layer.node}</th><td>${layer.tiles}${layer.copies > 1 ? ` × ${layer.copies}` : ""}</td>
          <td>${format.figure(layer.utilisation)}</td><td>${format.figure(layer.latency)}</td><td>${format.figure(layer.macro_energy)}</td>
          <td>${format.figure(layer.system_energy)}</td><td>${format.figure(layer.processor.energy)}</td>
          <td class="words">${layer.better === "macro" ? t("memory.in-array") : t("memory.on-cpu")}</td>
        </tr>`)}</tbody>
      </table></div>
    </section>`;
  }

  #matrices(): TemplateResult {
    const { matrices } = this.snapshot.memory;
    const take = (event: Event): void => {
      const input = event.target as HTMLInputElement;
      if (!input.files) return;
      void read(input.files).then((files) => this.act({ do: "memory", what: { memory: "matrices", files } }));
    };
    return html`<section class="memory-matrices" aria-label=${t("memory.matrices")}>
      <h3>${t("memory.matrices")}</h3>
      <p class="quiet">${t("memory.matrices-what")}</p>
      <div class="memory-buttons">
        <label class="button small">${t("memory.choose")}<input class="visually-hidden" type="file" multiple accept=".npy" @change=${take} /></label>
        ${SIZES.map((size) => html`<button type="button" class="button small" @click=${() => this.act({ do: "memory", what: { memory: "random", size } })}>
          ${t("memory.random", { size: `${size[0]} × ${size[1]} · ${size[1]} × ${size[2]}` })}
        </button>`)}
      </div>
      ${matrices ? html`<p>${t("memory.product", { a: matrices.a, b: matrices.b })}</p>` : nothing}
      ${matrices?.report ? product(matrices.report) : nothing}
    </section>`;
  }
}

function choices(rows: readonly CostRow[]): TemplateResult {
  return html`<table class="data memory-choices">
    <thead><tr><th scope="col">${t("memory.where")}</th><th scope="col">${t("memory.time")}</th><th scope="col">${t("memory.energy")}</th></tr></thead>
    <tbody>${rows.map(({ name, latency, energy }) => html`<tr><th scope="row">${name}</th>
      <td title=${latency?.note ?? ""}>${format.figure(latency)} ${latency ? html`<span class="quiet">${format.interval(latency)}</span>` : nothing}</td>
      <td title=${energy?.note ?? ""}>${format.figure(energy)} ${energy ? html`<span class="quiet">${format.interval(energy)}</span>` : nothing}</td></tr>`)}</tbody>
  </table>`;
}

/** Where a joule goes, as one bar and its words. */
function parts(all: readonly EnergyPart[]): TemplateResult {
  const there = all.filter(({ energy }) => energy.value > 0);
  const x = scaleLinear([0, there.reduce((sum, { energy }) => sum + energy.value, 0)], [0, 400]);
  let at = 0;
  return html`<svg class="chart" viewBox="0 0 400 34" role="img" aria-label=${t("memory.parts")}>
    ${there.map(({ label, energy }, index) => {
      const from = at;
      at += energy.value;
      return svg`<rect class="series-${index + 2} part" x=${x(from)} y="4" width=${Math.max(0.5, x(at) - x(from))} height="26"><title>${`${label}: ${format.figure(energy)}`}</title></rect>`;
    })}
  </svg>
  <ul class="legend">${there.map(({ label, energy, in_macro }, index) => html`<li>
    <span class="swatch series-${index + 2}"></span>${label} <span class="quiet">${format.figure(energy)}${in_macro ? "" : ` · ${t("memory.around")}`}</span></li>`)}</ul>`;
}

/** Where each tile of weights lies: one rectangle for each array-full. */
function map({ array, placements, arrays, layers }: ImcReport): TemplateResult {
  const shown = Math.min(12, Math.max(1, ...placements.map((tile) => tile.array + 1)));
  const across = Math.min(shown, 6);
  const [wide, high] = [400 / across, (400 / across) * Math.min(2, array.rows / Math.max(1, outputs(placements)))];
  const down = Math.ceil(shown / across);
  const x = scaleLinear([0, Math.max(1, outputs(placements))], [1, wide - 1]);
  const y = scaleLinear([0, array.rows], [1, high - 1]);
  return html`<svg class="chart" viewBox="0 0 400 ${high * down}" role="img" aria-label=${t("memory.map-label", { taken: String(arrays[0]), there: String(arrays[1]) })}>
    ${Array.from({ length: shown }, (_, at) => svg`<g transform="translate(${(at % across) * wide} ${Math.floor(at / across) * high})">
      <rect class="array" x="1" y="1" width=${wide - 2} height=${high - 2} />
      ${placements.filter((tile) => tile.array === at).map((tile) => svg`<rect class="series-${(tile.layer % 9) + 2} tile"
        x=${x(tile.output)} y=${y(tile.row)} width=${x(tile.outputs) - x(0)} height=${y(tile.rows) - y(0)}>
        <title>${`${layers[tile.layer]?.name ?? ""} ${layers[tile.layer]?.node ?? ""}: ${tile.rows} × ${tile.outputs}`}</title></rect>`)}
    </g>`)}
  </svg>
  <p class="quiet">${t("memory.map-label", { taken: String(arrays[0]), there: String(arrays[1]) })}</p>`;
}

const outputs = (placements: readonly PlacedTile[]): number => Math.max(1, ...placements.map((tile) => tile.output + tile.outputs));

function product(report: MatmulReport): TemplateResult {
  const rows: CostRow[] = [
    { id: "macro", name: report.array.name, latency: report.latency, energy: report.system_energy } as CostRow,
    ...report.processors,
  ];
  return html`${choices(rows)}
    <p>${t("memory.facts", {
      size: report.size.join(" × "), cycles: format.count(report.cycles.value), macs: format.count(report.macs.value),
      use: format.figure(report.utilisation), own: format.figure(report.macro_energy),
      error: report.largest_error.value === 0 ? t("memory.exact") : t("memory.error", { error: format.figure(report.relative_error) }),
    })}</p>
    <ul class="findings">${report.break_even.map(({ sentence }) => html`<li>${sentence}</li>`)}</ul>
    ${parts(report.parts)}`;
}

define("mw-memory-view", MemoryViewElement);
