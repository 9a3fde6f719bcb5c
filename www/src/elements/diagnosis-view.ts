// Under the layers: why B lost, and what changes of its recipe bring.

import { html, nothing, type TemplateResult } from "lit";
import * as format from "../format";
import { normal } from "../recipes";
import type { Snapshot } from "../snapshot";
import "../styles/diagnosis-view.css";
import { filled } from "../text";
import type { CoverageRow, Delta, DiagnosedLayer, Recipe, RemedyRow, Strip } from "../types";
import { define, PageElement } from "./base";
import { kind } from "./parts";

const TEXTS = {
  "title": "Why B lost",
  "start": "Diagnose B",
  "again": "Diagnose again",
  "stop": "Stop",
  "stale": "This speaks of another recipe than B’s.",
  "what": "Runs both sides layer by layer: what a layer loses alone is told from what it was passed, and remedies are tried.",
  "running": "Diagnosing…",
  "remedies": "Remedies",
  "remedy": "Change of the recipe",
  "brought": "What it brought",
  "flash": "Flash",
  "untried": "not tried",
  "trying": "trying…",
  "use": "Use in B",
  "none": "No change of this recipe is offered: training with its rounding in place may bring back what was lost.",
  "layers": "Layer by layer",
  "layer": "Layer",
  "local": "Alone",
  "accumulated": "With what came before",
  "cosine": "Cosine",
  "shift": "Shift",
  "saturated": "Cut off",
  "used": "Range used",
  "spread": "Channels’ spread",
  "dead": "Dead channels",
  "exact": "exact",
  "times": "{times} times the middle channel",
  "delta": "{value} {what}",
} as const;

const t = (key: keyof typeof TEXTS, values: Record<string, string> = {}): string => filled(TEXTS[key], values);

const FIGURES = ["local", "accumulated", "cosine", "shift", "saturated", "used", "spread", "dead"] as const;

export class DiagnosisViewElement extends PageElement {
  static override properties = { snapshot: { attribute: false } };

  snapshot!: Snapshot;

  protected override render(): TemplateResult {
    const { diagnosis: { report, running, key }, state, data, b } = this.snapshot;
    const isStale = key !== undefined && !key.endsWith(`,${JSON.stringify(state.b)}]`);
    const ask = (diagnose: "start" | "stop") => (): void => this.act({ do: "diagnose", what: { diagnose } });
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
            ${this.#remedies(report.remedies)}
            ${layers(report.layers)}`
        : nothing}
    </section>`;
  }

  #remedies(rows: readonly RemedyRow[]): TemplateResult {
    if (!rows.length) return html`<p>${t("none")}</p>`;
    const { diagnosis: { brought, running }, transforms } = this.snapshot;
    const use = (recipe: unknown): void => this.act({ do: "recipe", side: "b", recipe: normal(transforms, recipe as Recipe), settled: true });
    const next = brought.length;
    return html`<div class="scroller" tabindex="0" role="region" aria-label=${t("remedies")}><table class="data remedies">
      <thead><tr><th scope="col">${t("remedy")}</th><th scope="col">${t("brought")}</th><th scope="col">${t("flash")}</th><td></td></tr></thead>
      <tbody>${rows.map(({ sentence, recipe }, at) => html`<tr>
        <th scope="row">${sentence}</th>
        <td>${brought[at] ? gained(brought[at]) : running && at === next ? t("trying") : t("untried")}</td>
        <td>${brought[at] ? format.figure(brought[at].strip.flash) : "–"}</td>
        <td><button type="button" class="button small" @click=${() => use(recipe)}>${t("use")}</button></td>
      </tr>`)}</tbody>
    </table></div>`;
  }
}

/** The score that a remedy brought, and the flash that it cost. */
function gained({ strip, deltas }: { strip: Strip; deltas: Delta[] }): string {
  const said = (of: "score" | "flash", what: string, unit: string): string[] => {
    const delta = deltas.find((delta) => delta.of === of);
    return delta ? [t("delta", { value: format.delta(delta, unit), what })] : [];
  };
  const score = strip.score?.unit ?? "";
  return [...said("score", score === "%" ? "points" : "", score), ...said("flash", "flash", "B")].join(", ");
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
    const exact = !figure && (name === "local" || name === "accumulated");
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
