// Under the layers: why B lost, what its repairs bought, and what changes of its recipe bring.

import { html, nothing, type TemplateResult } from "lit";
import * as format from "../../ui/format";
import { normal } from "../../engine/bench/recipes";
import type { Action, Seen } from "./slice";
import "./style.css";
import { type Key, t } from "./text";
import type { Brought, Diagnosis } from "./slice";
import type { CoverageRow, DiagnosedLayer, Recipe, RemedyRow } from "../../engine/types";
import { define, PageElement } from "../../ui/base";
import { kind } from "../../ui/parts";

const FIGURES = ["local", "accumulated", "cosine", "shift", "saturated", "used", "spread", "dead"] as const;

export class DiagnosisViewElement extends PageElement<Action> {
  static override properties = { snapshot: { attribute: false } };

  snapshot!: Seen;

  protected override render(): TemplateResult {
    const { diagnosis: { report, running, key }, state, data, b } = this.snapshot;
    const isStale = key !== undefined && !key.endsWith(`,${JSON.stringify(state.b)}]`);
    const ask = (diagnose: "start" | "stop") => (): void => this.act({ ask: "diagnosis", what: { diagnose } });
    return html`<section class="diagnosis" aria-label=${t("title")}>
      <h3>${t("title")}</h3>
      <p class="diagnosis-start">
        ${running
          ? html`<button type="button" class="button small" @click=${ask("stop")}>${t("stop")}</button>`
          : html`<button type="button" class="button small" ?disabled=${!data || !b.complete || !state.b.steps.length} @click=${ask("start")}>${t(report ? "again" : "start")}</button>`}
        <span class="quiet">${running && !report ? t("running") : t("what")}</span>
      </p>
      ${report
        ? html`${isStale ? html`<p class="quiet">${t("stale")}</p>` : nothing}
            <p role="status"><strong>${report.sentence}.</strong> ${report.desktop}.</p>
            ${covered(report.coverage)}
            ${this.#repairs(report.repairs)}
            ${this.#remedies(report.remedies)}
            ${layers(report.layers)}`
        : nothing}
    </section>`;
  }

  #repairs(rows: readonly RemedyRow[]): TemplateResult {
    if (!rows.length) return html`<p>${t("unrepaired")}</p>`;
    const { bought, running } = this.snapshot.diagnosis;
    return this.#tried(rows, bought, running, { what: "repairs", row: "repair", gain: "bought", flash: "without", use: "leave-out" });
  }

  #remedies(rows: readonly RemedyRow[]): TemplateResult {
    if (!rows.length) return html`<p>${t("none")}</p>`;
    const { bought, brought, running, report } = this.snapshot.diagnosis;
    // Repairs are left out before remedies are tried.
    const isTheirTurn = running && bought.length === report?.repairs.length;
    return this.#tried(rows, brought, isTheirTurn, { what: "remedies", row: "remedy", gain: "brought", flash: "flash", use: "use" });
  }

  /** Other recipes, what lies between each and B, and a button that takes it. */
  #tried(rows: readonly RemedyRow[], measured: Diagnosis["brought"], running: boolean, names: Record<"what" | "row" | "gain" | "flash" | "use", Key>): TemplateResult {
    const { transforms } = this.snapshot;
    const use = (recipe: unknown): void => this.act({ do: "recipe", side: "b", recipe: normal(transforms, recipe as Recipe), settled: true });
    return html`<div class="scroller" tabindex="0" role="region" aria-label=${t(names.what)}><table class="data ${names.what}">
      <thead><tr><th scope="col">${t(names.row)}</th><th scope="col">${t(names.gain)}</th><th scope="col">${t(names.flash)}</th><td></td></tr></thead>
      <tbody>${rows.map(({ sentence, recipe }, at) => html`<tr>
        <th scope="row">${sentence}</th>
        <td>${measured[at] ? gained(measured[at]) : running && at === measured.length ? t("trying") : t("untried")}</td>
        <td>${measured[at] ? reached(measured[at]) : "–"}</td>
        <td><button type="button" class="button small" @click=${() => use(recipe)}>${t(names.use)}</button></td>
      </tr>`)}</tbody>
    </table></div>`;
  }
}

/** What a recipe reaches: its score and its flash. */
function reached({ strip }: Brought): string {
  return [strip.score, strip.flash].flatMap((figure) => (figure ? [format.figure(figure)] : [])).join(", ");
}

/** The score and the answers that a change brought, and the flash that it cost. */
function gained({ strip, deltas }: Brought): string {
  const said = (of: "score" | "agreement" | "flash", what: string, unit: string): string[] => {
    const delta = deltas.find((delta) => delta.of === of);
    const unclear = of === "score" && delta?.verdict === "unclear" ? t("chance") : "";
    return delta ? [t("delta", { value: format.delta(delta, unit), what }) + unclear] : [];
  };
  const score = strip.score?.unit ?? "";
  return [
    ...said("score", score === "%" ? "points" : "", score),
    ...said("agreement", t("agreement"), "%"),
    ...said("flash", "flash", "B"),
  ].join(", ");
}

/** How well the ranges hold what they were measured on, and who stands out. */
function covered(rows: readonly CoverageRow[]): TemplateResult {
  const said = ({ value, unit, kind: name }: CoverageRow["figure"], text: string): TemplateResult =>
    html`${unit === "1" ? t("times", { times: format.real(value) }) : text} ${kind(name)}`;
  return html`<dl class="facts coverage">${rows.map(({ what, figure }) => html`<dt>${what}</dt><dd title=${figure.note}>${said(figure, format.figure(figure))}</dd>`)}</dl>`;
}

function layers(rows: readonly DiagnosedLayer[]): TemplateResult {
  const cell = (row: DiagnosedLayer, name: (typeof FIGURES)[number]): TemplateResult => {
    const figure = row[name];
    const exact = !figure && ((name === "local" && row.fed) || name === "accumulated");
    return html`<td title=${figure?.note ?? ""}>${exact ? t("exact") : format.figure(figure)}</td>`;
  };
  return html`<div class="scroller" tabindex="0" role="region" aria-label=${t("layers")}><table class="data">
    <thead><tr><th scope="col">${t("layer")}</th>${FIGURES.map((name) => html`<th scope="col">${t(name)}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr class=${row.is_worst ? "worst" : ""}>
      <th scope="row" title=${row.name}>${row.node} ${row.op}</th>${FIGURES.map((name) => cell(row, name))}
    </tr>`)}</tbody>
  </table></div>`;
}

define("mw-diagnosis-view", DiagnosisViewElement);
