// Everything about one layer, A beside B.

import { html, nothing, type TemplateResult } from "lit";
import * as format from "../../ui/format";
import { numberOf, type Pair } from "../../engine/bench/pairs";
import type { BenchView } from "../../engine/bench/view";
import { type Key, t } from "./text";
import { type LayerRow, SIDES, type WeightsView } from "../../engine/types";
import { define, PageElement } from "../../ui/base";
import { letter } from "../../ui/parts";
import "../../ui/histogram";

type Row = [label: Key, of: (layer: LayerRow, weights: WeightsView | undefined) => string | undefined];

const ROWS: readonly Row[] = [
  ["inspector.output", (layer) => format.shape(layer.output_shape)],
  ["inspector.weights", (layer) => layer.weights_shape ? format.shape(layer.weights_shape) : undefined],
  ["inspector.type", (layer) => layer.weights_dtype ?? undefined],
  ["metric.weight_bytes", (layer) => format.figure(layer.weight_bytes)],
  ["metric.activation_bytes", (layer) => format.figure(layer.activation_bytes)],
  ["metric.macs", (layer) => format.count(layer.macs.value)],
  ["metric.latency", (layer) => layer.latency ? format.figure(layer.latency) : undefined],
  ["metric.energy", (layer) => layer.energy ? format.figure(layer.energy) : undefined],
  ["metric.sqnr", (layer) => layer.identical ? t("layers.identical") : layer.sqnr ? format.figure(layer.sqnr) : undefined],
  ["inspector.sparsity", (layer) => layer.sparsity ? format.figure(layer.sparsity) : undefined],
  ["inspector.scale", (_, weights) => weights && list(weights.scale)],
  ["inspector.zero-point", (_, weights) => weights && list(weights.zero_point)],
  ["weights.range", (_, weights) => weights && `${format.real(weights.min)} … ${format.real(weights.max)}`],
  ["weights.distinct", (_, weights) => weights && format.integer(weights.distinct)],
];

export class Inspector extends PageElement {
  static override properties = { snapshot: { attribute: false }, pair: { attribute: false } };

  snapshot!: BenchView;
  pair: Pair | undefined;

  protected override render(): TemplateResult | typeof nothing {
    const { pair, snapshot } = this;
    const layer = pair?.a ?? pair?.b;
    if (!pair || !layer) return nothing;
    const weights = SIDES.map((side) => {
      const view = snapshot[side].weights;
      return view?.node === pair[side]?.node ? view : undefined;
    });
    const [a, b] = weights;
    return html`
      <section class="inspector" aria-label=${t("inspector.label")}>
        <h2>${numberOf(pair)} ${layer.op}</h2>
        <p class="quiet inspector-name" title=${layer.name}>${layer.name}</p>
        <table class="facts-table">
          <thead><tr><td></td>${SIDES.map((side) => html`<th scope="col">${letter(side)}</th>`)}</tr></thead>
          <tbody>
            ${ROWS.map(([label, of]) => {
              const texts = SIDES.map((side, at) => {
                const row = pair[side];
                return row ? of(row, weights[at]) : undefined;
              });
              if (texts.every((text) => text === undefined)) return nothing;
              return html`<tr>
                <th scope="row">${t(label)}</th>
                ${texts.map((text) => html`<td>${text ?? "–"}</td>`)}
              </tr>`;
            })}
          </tbody>
        </table>
        <mw-histogram .a=${a} .b=${b}></mw-histogram>
      </section>
    `;
  }
}

/** One value, or the first and last of many. */
function list(values: readonly number[]): string | undefined {
  const [first] = values;
  if (first === undefined) return undefined;
  if (values.length === 1) return format.real(first);
  if (values.every((value) => value === first)) return `${format.real(first)} ×${values.length}`;
  return `${format.real(Math.min(...values))} … ${format.real(Math.max(...values))}`;
}

define("mw-inspector", Inspector);
