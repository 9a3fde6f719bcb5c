// Layers: one row for each layer, mirrored bars of the chosen metric, and the inspector of the chosen row.

import { max } from "d3-array";
import { scaleLinear } from "d3-scale";
import { html, nothing, type TemplateResult } from "lit";
import * as format from "../../ui/format";
import { chosen, numberOf, type Pair, pairs } from "../../engine/bench/pairs";
import type { BenchAction, BenchView } from "../../engine/bench/view";
import type { Diagnosis } from "../diagnosis/index";
import { type Metric, METRICS } from "../../engine/bench/state";
import { t } from "./text";
import { type Figure, type LayerRow, SIDES, type SideName } from "../../engine/types";
import { define, PageElement } from "../../ui/base";
import { letter } from "../../ui/parts";
import "./inspector";
import "./style.css";

const WIDTH = 200;

/** What it reads: the diagnosis stands under the layers. */
export type Seen = BenchView & { diagnosis: Diagnosis };

export class LayersView extends PageElement<BenchAction> {
  static override properties = { snapshot: { attribute: false }, filter: { state: true } };

  snapshot!: Seen;
  filter = "";

  protected override render(): TemplateResult {
    const { a, b, state } = this.snapshot;
    const all = pairs(a.report, b.report);
    const pair = chosen(all, state.layer);
    const rows = this.#sorted(all.filter((row) => matches(row, this.filter)));
    const x = scaleLinear([0, max(all.flatMap((row) => SIDES.map((side) => size(row[side], state.metric)))) || 1], [0, WIDTH]);
    return html`
      <div class="layers">
        <div class="layers-main">
          <div class="stage-tools">
            <label class="picker">${t("layers.metric")}
              <select @change=${(event: Event) => this.act({ do: "metric", metric: (event.target as HTMLSelectElement).value as Metric })}>
                ${METRICS.map((metric) => html`<option value=${metric} ?selected=${metric === state.metric}>${t(`metric.${metric}`)}</option>`)}
              </select>
            </label>
            <label class="check">
              <input type="checkbox" class="switch" role="switch" ?checked=${state.worst} .checked=${state.worst}
                @change=${(event: Event) => this.act({ do: "worst", worst: (event.target as HTMLInputElement).checked })} />
              ${state.metric === "sqnr" ? t("layers.worst") : t("layers.largest")}
            </label>
            <span class="spring"></span>
            <input class="filter" type="search" placeholder=${t("layers.filter")} aria-label=${t("layers.filter")}
              @input=${(event: Event) => (this.filter = (event.target as HTMLInputElement).value)} />
          </div>
          <div class="layers-scroll" tabindex="0" role="region" aria-label=${t("layers.label")}>
            <table class="mirror layers-table" @keydown=${this.#key}>
              <caption class="visually-hidden">${t("layers.caption", { metric: t(`metric.${state.metric}`) })}</caption>
              <colgroup><col class="col-layer" /><col class="col-number" /><col /><col /><col class="col-number" /></colgroup>
              <thead>
                <tr>
                  <th scope="col">${t("layers.layer")}</th>
                  <th scope="col" colspan="2" class="col-a">${letter("a")} ${t(`metric.${state.metric}`)}</th>
                  <th scope="col" colspan="2" class="col-b">${letter("b")} ${t(`metric.${state.metric}`)}</th>
                </tr>
              </thead>
              <tbody>
                ${rows.map((row) => this.#row(row, row === pair, x))}
              </tbody>
            </table>
            ${rows.length ? nothing : html`<p class="quiet no-rows">${all.length ? t("layers.none") : (a.error ?? b.error ?? t("strip.pending"))}</p>`}
            <details class="twin">
              <summary>${t("layers.twin")}</summary>
              <div class="twin-scroll">${this.#twin(all)}</div>
            </details>
            <mw-diagnosis-view .snapshot=${this.snapshot}></mw-diagnosis-view>
          </div>
        </div>
        <mw-inspector .snapshot=${this.snapshot} .pair=${pair}></mw-inspector>
      </div>
    `;
  }

  /** The layer that hurts most comes first: the lowest signal to noise, or the largest cost on either side. */
  #sorted(rows: Pair[]): Pair[] {
    const { metric, worst } = this.snapshot.state;
    if (!worst) return rows;
    const rank = (row: Pair): number => {
      const values = SIDES.map((side) => figure(row[side], metric)?.value).filter((value) => value != null);
      if (!values.length) return Infinity;
      return metric === "sqnr" ? Math.min(...values) : -Math.max(...values);
    };
    return [...rows].sort((one, other) => rank(one) - rank(other));
  }

  #row(row: Pair, selected: boolean, x: (value: number) => number): TemplateResult {
    const { metric } = this.snapshot.state;
    const layer = row.a ?? row.b;
    const bar = (side: SideName): TemplateResult => {
      const length = Math.max(0, x(size(row[side], metric)));
      return html`<svg class="bar" viewBox="0 0 ${WIDTH} 12" preserveAspectRatio="none" aria-hidden="true">
        <rect class="fill-${side}" x=${side === "a" ? WIDTH - length : 0} width=${length} height="12" />
      </svg>`;
    };
    const choose = (): void => this.act({ do: "layer", layer: row.key });
    return html`<tr class=${selected ? "selected" : ""} @click=${choose}>
      <th scope="row">
        <button type="button" class="layer-name" aria-pressed=${selected ? "true" : "false"} title=${layer?.name ?? ""}>
          <span class="layer-at">${numberOf(row)}</span>
          <span class="layer-op">${layer?.op}</span>
          <span class="layer-shape">${layer ? format.shape(layer.output_shape) : ""}</span>
          ${row.a && row.b ? nothing : html`<span class="only">${t("layers.only", { side: row.a ? "A" : "B" })}</span>`}
        </button>
      </th>
      <td class="number">${cell(row.a, metric)}</td>
      <td class="bar-cell bar-a">${bar("a")}</td>
      <td class="bar-cell bar-b">${bar("b")}</td>
      <td class="number">${cell(row.b, metric)}</td>
    </tr>`;
  }

  #twin(rows: Pair[]): TemplateResult {
    return html`<table class="data">
      <thead>
        <tr>
          <th scope="col">${t("layers.layer")}</th><th scope="col">${t("layers.side")}</th>
          ${METRICS.map((metric) => html`<th scope="col">${t(`metric.${metric}`)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.flatMap((row) => SIDES.map((side) => {
          const layer = row[side];
          return layer
            ? html`<tr><th scope="row">${layer.node} ${layer.op}</th><td>${side.toUpperCase()}</td>${METRICS.map((metric) => html`<td>${cell(layer, metric)}</td>`)}</tr>`
            : nothing;
        }))}
      </tbody>
    </table>`;
  }

  #key(event: KeyboardEvent): void {
    const table = event.currentTarget as HTMLElement;
    const buttons = [...table.querySelectorAll<HTMLElement>(".layer-name")];
    const at = buttons.indexOf(event.target as HTMLElement);
    if (event.key === "/") {
      event.preventDefault();
      this.querySelector<HTMLElement>(".filter")?.focus();
    }
    const to = { ArrowUp: at - 1, ArrowDown: at + 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    buttons[to]?.focus();
  }
}

function figure(layer: LayerRow | undefined, metric: Metric): Figure | undefined {
  return layer?.[metric] ?? undefined;
}

function size(layer: LayerRow | undefined, metric: Metric): number {
  const value = figure(layer, metric)?.value ?? 0;
  return Number.isFinite(value) ? value : 0;
}

function cell(layer: LayerRow | undefined, metric: Metric): string {
  if (metric === "sqnr" && layer?.identical) return t("layers.identical");
  const value = figure(layer, metric);
  if (!value) return "–";
  return metric === "macs" ? format.count(value.value) : format.figure(value);
}

function matches(row: Pair, filter: string): boolean {
  const wanted = filter.trim().toLowerCase();
  return SIDES.some((side) => `${row[side]?.op ?? ""} ${row[side]?.name ?? ""}`.toLowerCase().includes(wanted));
}

define("mw-layers-view", LayersView);
