// Weights: one layer as an image, the original's left of the divider, the candidate's right of it.

import { html, nothing, type TemplateResult } from "lit";
import * as format from "../../ui/format";
import { chosen, numberOf, type Pair, pairs } from "../../engine/bench/pairs";
import type { BenchAction, BenchView } from "../../engine/bench/view";
import { load, store } from "../../ui/remembered";
import { t } from "./text";
import { SIDES, type SideName } from "../../engine/types";
import { define, PageElement } from "../../ui/base";
import { icon, letter } from "../../ui/parts";
import "../../ui/histogram";
import "./two-up";
import "../../ui/weight-image";
import "./style.css";

export class WeightsView extends PageElement<BenchAction> {
  static override properties = { snapshot: { attribute: false }, coached: { state: true } };

  snapshot!: BenchView;
  /** Whether the divider has been used, now or in an earlier visit. */
  coached = load("coached", false);

  protected override render(): TemplateResult {
    const { a, b, state } = this.snapshot;
    const rows = pairs(a.report, b.report).filter((pair) => (pair.a ?? pair.b)?.weights_shape);
    const pair = chosen(rows, state.layer);
    const at = pair ? rows.indexOf(pair) : 0;
    const label = t("weights.divider");
    if (!rows.length) return html`<p class="remark">${a.report ? t("weights.none") : (a.error ?? t("strip.pending"))}</p>`;
    return html`
      <div class="weights">
        <div class="stage-tools">
          <label class="picker">${t("weights.layer")}
            <select @change=${(event: Event) => this.act({ do: "layer", layer: (event.target as HTMLSelectElement).value })}>
              ${rows.map((row) => html`<option value=${row.key} ?selected=${row === pair}>${title(row)}</option>`)}
            </select>
          </label>
          <button type="button" class="button icon-only" aria-label=${t("weights.previous")} ?disabled=${at <= 0}
            @click=${() => this.#go(rows[at - 1])}>${icon("left")}</button>
          <button type="button" class="button icon-only" aria-label=${t("weights.next")} ?disabled=${at >= rows.length - 1}
            @click=${() => this.#go(rows[at + 1])}>${icon("right")}</button>
          <span class="spring"></span>
          <span class="quiet">${a.weights?.layout ?? b.weights?.layout ?? ""}</span>
        </div>
        <div class="two-up-frame">
          <two-up label=${label} .describe=${describe} @moved=${this.#moved}>
            <mw-weight-image class="pane-a" .view=${a.weights} .label=${t("weights.image", { side: "A" })}></mw-weight-image>
            <mw-weight-image class="pane-b" .view=${b.weights} .label=${t("weights.image", { side: "B" })}></mw-weight-image>
          </two-up>
          <span class="corner left" aria-hidden="true">${letter("a")}</span>
          <span class="corner right" aria-hidden="true">${letter("b")}</span>
          ${this.coached ? nothing : html`<p class="coach">${t("weights.coach")}</p>`}
        </div>
        <div class="weights-below">
          ${this.#facts("a")}
          <mw-histogram .a=${a.weights} .b=${b.weights}></mw-histogram>
          ${this.#facts("b")}
        </div>
      </div>
    `;
  }

  #go(pair: Pair | undefined): void {
    if (pair) this.act({ do: "layer", layer: pair.key });
  }

  #moved(): void {
    if (this.coached) return;
    this.coached = true;
    store("coached", true);
  }

  #facts(side: SideName): TemplateResult {
    const view = this.snapshot[side].weights;
    return html`<dl class="weights-facts ${side}">
      <dt class="visually-hidden">${t("weights.side")}</dt><dd>${letter(side)} ${view?.dtype ?? "–"}</dd>
      ${view
        ? html`<dt>${t("weights.range")}</dt><dd>${format.real(view.min)} … ${format.real(view.max)}</dd>
            <dt>${t("weights.distinct")}</dt><dd>${format.integer(view.distinct)}</dd>`
        : nothing}
    </dl>`;
  }
}

function describe(a: number, b: number): string {
  return t("weights.position", { a: String(a), b: String(b) });
}

function title(row: Pair): string {
  const layer = SIDES.map((side) => row[side]).find((layer) => layer !== undefined);
  return layer ? `${numberOf(row)}  ${layer.op}  ${layer.weights_shape ? format.shape(layer.weights_shape) : ""}` : "";
}

define("mw-weights-view", WeightsView);
