// Levels: how both models hold when the sound is quiet, loud, clicked or noisy, under each normalizer; and what each
// normalizer costs.

import { extent } from "d3-array";
import { scaleLinear, scaleLog, scalePoint } from "d3-scale";
import { area, line } from "d3-shape";
import { html, nothing, svg, type TemplateResult } from "lit";
import * as format from "../../ui/format";
import type { Action, Seen } from "./slice";
import { t } from "./text";
import { type Figure, type LevelsReport, SIDES, type SideName, type SideScores, type TreatmentRow } from "../../engine/types";
import { define, PageElement } from "../../ui/base";
import { kind } from "../../ui/parts";
import "./style.css";

const WIDTH = 560;
const HEIGHT = 250;
const LEFT = 44;
const RIGHT = 16;
const TOP = 10;
const BOTTOM = 36;
/** Shown at first: what the model was trained with, nothing, and the three classics. */
const FIRST = ["reference", "none", "peak", "rms", "loudness"];

export class LevelsView extends PageElement<Action> {
  static override properties = {
    snapshot: { attribute: false }, shown: { state: true }, side: { state: true }, over: { state: true },
  };

  snapshot!: Seen;
  shown = new Set(FIRST);
  side: SideName = "b";
  /** The treatment whose interval is drawn. */
  over = "peak";

  protected override render(): TemplateResult {
    const { reports, progress } = this.snapshot.levels;
    if (!reports) return this.#before(progress);
    const { b } = reports;
    return html`<div class="levels">
      <ul class="findings">${b.findings.map((sentence) => html`<li>${sentence}</li>`)}</ul>
      <div class="levels-tools">
        <div class="chips" role="group" aria-label=${t("levels.treatments")}>
          ${b.treatments.map((row, at) => this.#chip(row, at))}
        </div>
        <div class="chips" role="group" aria-label=${t("levels.side")}>
          ${SIDES.map((side) => html`<button type="button" class="chip" aria-pressed=${side === this.side ? "true" : "false"}
            @click=${() => (this.side = side)}>${t("side.label", { side: side.toUpperCase() })}</button>`)}
        </div>
      </div>
      <div class="levels-charts">
        <figure>
          <figcaption>${t("levels.by-level", { metric: b.metric, n: format.integer(b.items) })} ${kind("measured")}</figcaption>
          ${this.#byLevel(b)}
        </figure>
        <figure>
          <figcaption>${t("levels.by-energy", { metric: b.metric, device: b.device })} ${kind("modelled")}</figcaption>
          ${this.#byEnergy(b)}
        </figure>
      </div>
      <details class="twin">
        <summary>${t("twin.summary")}</summary>
        <div class="twin-scroll">${this.#table(b)}</div>
      </details>
      <p class="quiet">${t("levels.again-why")}</p>
    </div>`;
  }

  #before(progress: Seen["levels"]["progress"]): TemplateResult {
    const { data, card, ready } = this.snapshot;
    const soundless = this.snapshot.listen.soundless || !data;
    return html`<div class="levels levels-empty">
      <h2>${t("levels.title")}</h2>
      <p>${t("levels.what")}</p>
      ${progress
        ? html`<progress max=${progress.total || 1} .value=${progress.done} aria-label=${t("levels.playing")}></progress>
          <p class="quiet">${t("levels.progress", { done: format.integer(progress.done), total: format.integer(progress.total) })}</p>
          <button type="button" class="button" @click=${() => this.act({ do: "cancel" })}>${t("levels.stop")}</button>`
        : html`<button type="button" class="button primary" ?disabled=${!ready || soundless || !!card?.blocked}
            @click=${() => this.act({ ask: "levels", what: { levels: "play" } })}>${t("levels.play")}</button>
          <p class="quiet">${soundless ? t("levels.no-sound") : t("levels.takes", { n: format.integer(data?.test_items ?? 0) })}</p>`}
    </div>`;
  }

  #chip(row: TreatmentRow, at: number): TemplateResult {
    const pressed = this.shown.has(row.id);
    const toggle = (): void => {
      const shown = new Set(this.shown);
      if (!shown.delete(row.id)) shown.add(row.id);
      this.shown = shown;
      this.over = row.id;
    };
    const over = (): void => void (this.over = row.id);
    return html`<button type="button" class="chip" aria-pressed=${pressed ? "true" : "false"} title=${row.sentence}
      @click=${toggle} @pointerenter=${over} @focus=${over}>
      <svg class="swatch" viewBox="0 0 12 12" aria-hidden="true">${mark(at, 6, 6)}</svg>${row.label}
    </button>`;
  }

  /** The scores of the chosen side: its own report's, or where A is the original, those that B's report has of it. */
  #scores(row: TreatmentRow): SideScores | undefined {
    const { a } = this.snapshot.levels.reports ?? {};
    if (this.side === "b") return row.sides[1];
    return a ? a.treatments.find(({ id }) => id === row.id)?.sides[1] : row.sides[0];
  }

  #visible(report: LevelsReport): { row: TreatmentRow; at: number; scores: SideScores }[] {
    return report.treatments.flatMap((row, at) => {
      const scores = this.#scores(row);
      return scores && this.shown.has(row.id) ? [{ row, at, scores }] : [];
    });
  }

  #byLevel(report: LevelsReport): TemplateResult {
    const rows = this.#visible(report);
    const x = scalePoint(report.conditions.map(({ id }) => id), [LEFT + 14, WIDTH - RIGHT - 34]);
    const top = report.metric === "AUC" ? 1 : 100;
    const y = scaleLinear([0, top], [HEIGHT - BOTTOM, TOP]);
    const levels = report.conditions.filter(({ decibels }) => decibels != null).length;
    const place = (at: number): number => x(report.conditions[at]?.id ?? "") ?? 0;
    const path = line<Figure>((_, at) => place(at), ({ value }) => y(value));
    const band = area<Figure>((_, at) => place(at), ({ low, value }) => y(low ?? value), ({ high, value }) => y(high ?? value));
    return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${t("levels.by-level-label", { metric: report.metric })}>
      ${y.ticks(5).map((tick) => svg`<g class="tick"><line x1=${LEFT} x2=${WIDTH - RIGHT} y1=${y(tick)} y2=${y(tick)} />
        <text x=${LEFT - 6} y=${y(tick)} dy="0.32em" text-anchor="end">${top === 100 ? format.percent(tick / 100) : format.text(tick, "1")}</text></g>`)}
      ${report.conditions.map(({ label }, at) => svg`<text class="tick-x" x=${place(at)} y=${HEIGHT - BOTTOM + (at < levels || at % 2 ? 15 : 27)} text-anchor="middle">${label}</text>`)}
      ${rows.filter(({ row }) => row.id === this.over).map(({ at, scores }) =>
        svg`<path class="interval series-${at}" d=${band(scores.scores.slice(0, levels)) ?? ""} />`)}
      ${rows.map(({ row, at, scores }) => svg`<g class="series series-${at} ${row.id === this.over ? "over" : ""}">
        <path d=${path(scores.scores.slice(0, levels)) ?? ""} />
        ${scores.scores.map((score, condition) => svg`<g>${mark(at, place(condition), y(score.value))}<title>${`${row.label}: ${format.figure(score)} (${format.interval(score)})`}</title></g>`)}
      </g>`)}
    </svg>`;
  }

  #byEnergy(report: LevelsReport): TemplateResult {
    const rows = this.#visible(report).filter(({ row }) => row.energy);
    if (!rows.length) return html`<p class="quiet">${t("levels.no-energy", { device: report.device })}</p>`;
    const joules = rows.flatMap(({ row: { energy } }) => [energy?.low, energy?.high]).filter((value) => value != null && value > 0) as number[];
    const [least = 1e-9, most = 1e-6] = extent(joules);
    // A normalizer that does nothing costs nothing, which a logarithm cannot show: it stands at the left edge.
    const x = scaleLog([least / 3, most * 2], [LEFT + 14, WIDTH - RIGHT - 14]);
    const top = report.metric === "AUC" ? 1 : 100;
    const y = scaleLinear([0, top], [HEIGHT - BOTTOM, TOP]);
    const at = (value: number | null | undefined): number => x(Math.max(value ?? 0, least / 3));
    return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${t("levels.by-energy-label", { metric: report.metric })}>
      ${y.ticks(5).map((tick) => svg`<g class="tick"><line x1=${LEFT} x2=${WIDTH - RIGHT} y1=${y(tick)} y2=${y(tick)} />
        <text x=${LEFT - 6} y=${y(tick)} dy="0.32em" text-anchor="end">${top === 100 ? format.percent(tick / 100) : format.text(tick, "1")}</text></g>`)}
      ${x.ticks(4).filter((tick) => Number.isInteger(Math.round(Math.log10(tick) * 1e6) / 1e6)).map((tick) =>
        svg`<text class="tick-x" x=${x(tick)} y=${HEIGHT - BOTTOM + 15} text-anchor="middle">${format.text(tick, "J")}</text>`)}
      <text class="axis" x=${(LEFT + WIDTH) / 2} y=${HEIGHT - 4} text-anchor="middle">${t("levels.energy-axis")}</text>
      ${rows.map(({ row, at: index, scores }) => {
        const { energy } = row;
        const [cx, cy] = [at(energy?.value), y(scores.mean.value)];
        return svg`<g class="series series-${index} ${row.id === this.over ? "over" : ""}">
          <line class="whisker" x1=${at(energy?.low)} x2=${at(energy?.high)} y1=${cy} y2=${cy} />
          <line class="whisker" x1=${cx} x2=${cx} y1=${y(scores.mean.low ?? scores.mean.value)} y2=${y(scores.mean.high ?? scores.mean.value)} />
          ${mark(index, cx, cy)}<title>${`${row.label}: ${format.figure(scores.mean)}, ${format.figure(energy)}`}</title>
        </g>`;
      })}
    </svg>`;
  }

  #table(report: LevelsReport): TemplateResult {
    return html`<table class="data">
      <thead><tr>
        <th scope="col">${t("levels.treatment")}</th>
        ${report.conditions.map(({ label }) => html`<th scope="col">${label}</th>`)}
        <th scope="col">${t("levels.mean")}</th><th scope="col">${t("levels.operations")}</th><th scope="col">${t("levels.state")}</th>
        <th scope="col">${t("levels.lookahead")}</th><th scope="col">${t("levels.energy")}</th><th scope="col">${t("levels.budget")}</th>
        <th scope="col">${t("levels.breaks")}</th>
      </tr></thead>
      <tbody>
        ${report.treatments.map((row) => {
          const scores = this.#scores(row);
          return html`<tr><th scope="row">${row.label}</th>
            ${scores ? scores.scores.map((score) => html`<td>${format.figure(score)}</td>`) : nothing}
            <td>${format.figure(scores?.mean)}</td><td>${format.count(row.operations.value)}</td><td>${format.figure(row.state)}</td>
            <td>${format.figure(row.lookahead)}</td><td>${format.figure(row.energy)}</td><td>${format.figure(row.budget)}</td>
            <td class="words">${row.breaks}</td></tr>`;
        })}
      </tbody>
    </table>`;
  }
}

/** A series' mark: told apart by shape, not by colour alone. */
function mark(at: number, x: number, y: number): TemplateResult {
  const r = 4;
  const shapes = [
    `M${x - r},${y}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0`,
    `M${x - r},${y - r}h${2 * r}v${2 * r}h${-2 * r}Z`,
    `M${x},${y - r - 1}L${x + r + 1},${y + r - 1}H${x - r - 1}Z`,
    `M${x},${y - r - 1}L${x + r + 1},${y}L${x},${y + r + 1}L${x - r - 1},${y}Z`,
    `M${x - r},${y - r}L${x + r},${y + r}M${x - r},${y + r}L${x + r},${y - r}`,
    `M${x},${y + r + 1}L${x + r + 1},${y - r + 1}H${x - r - 1}Z`,
  ];
  return svg`<path class="mark series-${at} ${at >= shapes.length ? "hollow" : ""}" d=${shapes[at % shapes.length] ?? ""} />`;
}

define("mw-levels-view", LevelsView);
