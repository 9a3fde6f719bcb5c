// What both models answer to the chosen clip: their bars mirrored about the middle, so that a difference is seen.

import { html, nothing, svg, type TemplateResult } from "lit";
import * as format from "./format";
import { t } from "./text";
import { define, PageElement } from "./base";
import { letter } from "./parts";

const WIDTH = 300;
/** More labels than this stand closer together, so that all are seen at once. */
const DENSE = 6;

type Side = "a" | "b";
const SIDES: readonly Side[] = ["a", "b"];

interface Bar {
  label: string;
  value: number;
  /** Of the bar's length. */
  fraction: number;
}

/** What one model answers. */
interface Said {
  label: string;
  /** How long it took on this machine. */
  here_ms?: format.Figure | null | undefined;
  bars: readonly Bar[];
}

export class Answers extends PageElement {
  static override properties = {
    answers: { attribute: false }, errors: { attribute: false }, thresholds: { attribute: false }, live: { attribute: false },
  };

  answers: Partial<Record<Side, Said | undefined>> = {};
  /** Why there is no answer. */
  errors: Partial<Record<Side, string | undefined>> = {};
  /** Whether a bar has a line that normal sound stays below. */
  thresholds = false;
  /** Whether it is what is said at this moment, and changes all the time. */
  live = false;

  protected override render(): TemplateResult {
    const [a, b] = SIDES.map((side) => this.answers[side]);
    const labels = [...new Set([...(a?.bars ?? []), ...(b?.bars ?? [])].map(({ label }) => label))];
    const disagree = a && b && a.label !== b.label;
    return html`
      <div class="answers" role="group" aria-label=${t("answers.label")}>
        <div class="answers-head">
          ${this.#said("a")}
          <span class="agree ${disagree ? "no" : ""}" role=${this.live ? nothing : "status"}>
            ${a && b
              ? disagree
                ? html`<span class="unequal" aria-hidden="true">≠</span> ${t("answers.disagree")}`
                : html`<span aria-hidden="true">=</span> ${t("answers.agree")}`
              : nothing}
          </span>
          ${this.#said("b")}
        </div>
        <table class="mirror ${labels.length > DENSE ? "dense" : ""}">
          <caption class="visually-hidden">${t("answers.label")}</caption>
          <colgroup><col class="col-number" /><col /><col class="col-label" /><col /><col class="col-number" /></colgroup>
          <tbody>
            ${labels.map((label) => this.#row(label))}
          </tbody>
        </table>
        ${this.thresholds && labels.length
          ? html`<p class="threshold-words">${t("answers.threshold")}</p>`
          : nothing}
      </div>
    `;
  }

  #said(side: Side): TemplateResult {
    const answer = this.answers[side];
    const error = this.errors[side];
    return html`<span class="said ${side}">
      ${letter(side)}
      <strong>${answer?.label ?? "–"}</strong>
      ${answer?.here_ms ? html`<span class="quiet">${t("answers.here", { time: format.figure(answer.here_ms) })}</span>` : nothing}
      ${error ? html`<span class="remark blocks">${error}</span>` : nothing}
    </span>`;
  }

  #row(label: string): TemplateResult {
    const [a, b] = SIDES.map((side) => bar(this.answers[side], label));
    const top = SIDES.some((side) => this.answers[side]?.label === label);
    return html`<tr class=${top ? "top" : ""}>
      <td class="number">${a ? format.real(round(a.value)) : "–"}</td>
      <td class="bar-cell">${picture("a", a, this.thresholds)}</td>
      <th scope="row">${label}</th>
      <td class="bar-cell">${picture("b", b, this.thresholds)}</td>
      <td class="number">${b ? format.real(round(b.value)) : "–"}</td>
    </tr>`;
  }
}

function bar(answer: Said | undefined, label: string): Bar | undefined {
  return answer?.bars.find((bar) => bar.label === label);
}

/** Three decimals are what the eye can use beside a bar. */
function round(value: number): number {
  return Number(value.toFixed(3));
}

function picture(side: Side, bar: Bar | undefined, threshold: boolean): TemplateResult {
  const length = Math.max(0, Math.min(1, bar?.fraction ?? 0)) * WIDTH;
  return html`<svg class="bar" viewBox="0 0 ${WIDTH} 10" preserveAspectRatio="none" aria-hidden="true">
    <rect class="track" width=${WIDTH} height="10" />
    <rect class="fill-${side}" x=${side === "a" ? WIDTH - length : 0} width=${length} height="10" />
    ${threshold ? svg`<line class="threshold" x1=${WIDTH / 2} x2=${WIDTH / 2} y1="0" y2="10" />` : nothing}
  </svg>`;
}

define("mw-answers", Answers);
