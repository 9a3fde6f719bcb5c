// Under the layers: why B lost, what its repairs bought, and what changes of its recipe bring.

import { html, nothing, type TemplateResult } from "lit";
import * as format from "../../ui/format";
import { normal } from "../../engine/bench/recipes";
import type { Snapshot } from "../../app/snapshot";
import "./style.css";
import { filled } from "../../ui/text";
import type { Brought, Diagnosis } from "./slice";
import type { CoverageRow, DiagnosedLayer, Recipe, RemedyRow } from "../../engine/types";
import { define, PageElement } from "../../ui/base";
import { kind } from "../../ui/parts";

const TEXTS = {
  "title": "Why B lost",
  "start": "Diagnose B",
  "again": "Diagnose again",
  "stop": "Stop",
  "stale": "This speaks of another recipe than B’s.",
  "what": "Runs both sides layer by layer: what a layer loses alone is told from what it was passed, and remedies are tried.",
  "running": "Diagnosing…",
  "repairs": "Repairs",
  "repair": "Repair in B’s recipe",
  "bought": "What it bought",
  "leave-out": "Leave out",
  "without": "Without it",
  "unrepaired": "B’s recipe has no repairs: ranges with the least error, equalized channels, rounding that makes up and bits by layer are some.",
  "remedies": "Remedies",
  "remedy": "Change of the recipe",
  "brought": "What it brought",
  "flash": "With it",
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
  "chance": " (within chance)",
  "agreement": "same answers",
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
  #tried(rows: readonly RemedyRow[], measured: Diagnosis["brought"], running: boolean, names: Record<"what" | "row" | "gain" | "flash" | "use", keyof typeof TEXTS>): TemplateResult {
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
