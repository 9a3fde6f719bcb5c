// The result strip: six numbers, always in the same order, each with its kind and its footnote.

import { html, nothing, type TemplateResult } from "lit";
import * as format from "../../ui/format";
import { nameOf } from "../../engine/bench/recipes";
import type { BenchView } from "../../engine/bench/view";
import type { RecipeView } from "../recipe/index";
import { t } from "./text";
import { type Delta, type Figure, type FigureKind, SIDES, type SideName, STRIP_FIELDS, type StripField } from "../../engine/types";
import { define, PageElement } from "../../ui/base";
import { kind, letter, value } from "../../ui/parts";
import { placeUnder } from "../../ui/place";
import "./style.css";

export type Seen = BenchView & { recipe: RecipeView };

export class Strip extends PageElement {
  static override properties = { snapshot: { attribute: false } };

  snapshot!: Seen;

  protected override render(): TemplateResult {
    return html`
      <section class="strip" aria-label=${t("strip.label")}>
        <table role="table">
          <thead role="rowgroup">
            <tr role="row">
              <td role="cell"></td>
              ${STRIP_FIELDS.map((field) => this.#head(field))}
            </tr>
          </thead>
          <tbody role="rowgroup">
            ${SIDES.map((side) => this.#row(side))}
            <tr class="row-delta" role="row">
              <th scope="row" role="rowheader"><span class="letter delta" aria-hidden="true">Δ</span><span class="row-name">${t("strip.delta")}</span></th>
              ${STRIP_FIELDS.map((field) => this.#delta(field))}
            </tr>
          </tbody>
        </table>
        ${STRIP_FIELDS.map((field) => this.#note(field))}
      </section>
    `;
  }

  #figure(side: SideName, field: StripField): Figure | undefined {
    return this.snapshot[side].report?.strip[field] ?? undefined;
  }

  #title(field: StripField): string {
    const { a, b } = this.snapshot;
    const metric = (b.report?.evaluation ?? a.report?.evaluation)?.metric;
    if (field !== "score") return t(`strip.${field}`);
    return metric ? metric[0]?.toUpperCase() + metric.slice(1) : t("strip.score");
  }

  #head(field: StripField): TemplateResult {
    const shared = this.#kind(field);
    return html`<th scope="col" role="columnheader">
      <span class="head">
        <span class="head-title">${this.#title(field)}</span>
        ${shared ? kind(shared) : nothing}
        <button
          type="button" class="about" popovertarget="note-${field}"
          aria-label=${t("strip.about", { what: this.#title(field) })}
        ><span aria-hidden="true">?</span></button>
      </span>
    </th>`;
  }

  /** The kind of a column's numbers, where both sides' are of the same. */
  #kind(field: StripField): FigureKind | undefined {
    const [a, b] = SIDES.map((side) => this.#figure(side, field)?.kind);
    return a && b && a !== b ? undefined : (a ?? b);
  }

  #row(side: SideName): TemplateResult {
    const { presets, recipe: { saved }, transforms, state } = this.snapshot;
    const view = this.snapshot[side];
    return html`<tr class="row-${side} ${view.progress && !view.complete ? "pending" : ""}" role="row">
      <th scope="row" role="rowheader">${letter(side)}<span class="row-name" title=${nameOf([...presets, ...saved], transforms, state[side])}>${nameOf([...presets, ...saved], transforms, state[side])}</span></th>
      ${STRIP_FIELDS.map((field) => this.#cell(side, field))}
    </tr>`;
  }

  #cell(side: SideName, field: StripField): TemplateResult {
    const figure = this.#figure(side, field);
    if (!figure) return html`<td class="empty" role="cell"><span class="missing">${this.#missing(side, field)}</span></td>`;
    const band = format.interval(figure);
    const same = figure.kind === this.#kind(field);
    return html`<td role="cell" data-kind=${figure.kind} data-field=${field} aria-describedby="note-${field}-${side}">
      <span class="cell">
        ${value(figure)}${band ? html`<span class="band">${band}</span>` : nothing}${field === "ram" ? this.#cmsis(side) : this.#tflm(side, field)}
        ${same ? html`<span class="visually-hidden">${t(`kind.${figure.kind}`)}</span>` : kind(figure.kind)}
      </span>
    </td>`;
  }

  /** The strip's RAM is that of reference kernels; on a Cortex-M most take others. */
  #cmsis(side: SideName): TemplateResult | typeof nothing {
    const figure = this.snapshot[side].report?.strip.ram_cmsis_nn;
    return figure ? html`<span class="band" title=${figure.note}>${t("strip.cmsis", { size: format.figure(figure) })}</span>` : nothing;
  }

  /** Time and energy are those of the board's published runtime; the file is written for TFLM. */
  #tflm(side: SideName, field: StripField): TemplateResult | typeof nothing {
    const strip = this.snapshot[side].report?.strip;
    const figure = field === "latency" ? strip?.latency_tflm : field === "energy" ? strip?.energy_tflm : undefined;
    return figure ? html`<span class="band" title=${figure.note}>${t("strip.tflm", { value: format.figure(figure) })}</span>` : nothing;
  }

  /** Why a number is not there. */
  #missing(side: SideName, field: StripField): string {
    const view = this.snapshot[side];
    if (view.error || view.untrained) return "–";
    if (!view.report) return t("strip.pending");
    if (field !== "score" && field !== "agreement") return t("strip.unknown");
    if (view.progress && !view.complete) return t("strip.pending");
    return this.snapshot.data ? t("strip.not-measured") : t("strip.needs-data");
  }

  /** The same for the footnote: the device says why it has no figure. */
  #why(side: SideName, field: StripField): string {
    const { state } = this.snapshot;
    const row = this.snapshot[side].report?.devices.find(({ id }) => id === state.device);
    const priced = field === "latency" || field === "energy";
    return (priced && row?.power_sentence) || this.#missing(side, field);
  }

  #change(field: StripField): Delta | undefined {
    return this.snapshot.comparison?.deltas.find((delta) => delta.of === field);
  }

  #delta(field: StripField): TemplateResult {
    const change = this.#change(field);
    const unit = this.#figure("b", field)?.unit ?? this.#figure("a", field)?.unit ?? "";
    if (!change) return html`<td class="empty" role="cell"><span class="missing">–</span></td>`;
    return html`<td role="cell" data-verdict=${change.verdict}>
      <span class="cell">
        <span class="number">${format.delta(change, unit)}</span>
        ${unit === "%" ? html`<span class="unit">${t("unit.points")}</span>` : nothing}
        ${this.#verdict(change)}
      </span>
    </td>`;
  }

  #verdict({ verdict }: Delta): TemplateResult | typeof nothing {
    switch (verdict) {
      case "better":
        return html`<span class="tag better"><span aria-hidden="true">✓</span> ${t("delta.better")}</span>`;
      case "worse":
        return html`<span class="tag worse"><span aria-hidden="true">✗</span> ${t("delta.worse")}</span>`;
      case "unclear":
        return html`<span class="tag"><span aria-hidden="true">≈</span> ${t("delta.unclear")}</span>`;
      default:
        return html`<span class="tag"><span aria-hidden="true">=</span> ${t("delta.same")}</span>`;
    }
  }

  #note(field: StripField): TemplateResult {
    return html`<div id="note-${field}" class="note" popover @toggle=${placeUnder}>
      <h3>${this.#title(field)}</h3>
      <p class="quiet">${t(`strip.${field}-what`)}</p>
      ${SIDES.map((side) => {
        const figure = this.#figure(side, field);
        return html`<div class="note-side" id="note-${field}-${side}">
          ${letter(side)}
          ${figure ? footnote(figure) : html`<p>${this.#why(side, field)}</p>`}
        </div>`;
      })}
      ${this.#change(field)?.test ? html`<p class="note-test">${this.#change(field)?.test}.</p>` : nothing}
    </div>`;
  }
}

/** Everything that makes a number honest, in words. */
function footnote(figure: Figure): TemplateResult {
  const band = format.interval(figure);
  const { unit } = format.quantity(figure.value, figure.unit);
  const range = { low: band.split("–")[0] ?? "", high: band.split("–")[1] ?? "", unit };
  return html`<div>
    <p><strong>${format.figure(figure)}</strong>${kind(figure.kind)}</p>
    <p>${figure.note}</p>
    ${band
      ? html`<p>${t(figure.kind === "measured" ? "note.interval" : "note.band", range)}</p>`
      : nothing}
    ${figure.n == null ? nothing : html`<p>${t("note.n", { n: format.integer(figure.n) })}</p>`}
    ${figure.source ? html`<p>${t("note.source", { source: figure.source })}</p>` : nothing}
  </div>`;
}

define("mw-strip", Strip);
