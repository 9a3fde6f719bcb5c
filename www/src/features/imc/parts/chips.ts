// Chips that compute on charge: their circuit, a button that runs them, and the score of each.

import { scaleLinear } from "d3-scale";
import { html, nothing, svg, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import * as format from "../../../ui/format";
import type { Circuit, MemoryAction, MemoryView } from "../slice";
import { m } from "../text";
import type { ChipScores } from "../../../engine/types";

const [WIDTH, HEIGHT] = [400, 64];
/** Room for half of a label beside the first and the last line. */
const SIDE = 28;

export function chips({ circuit, optimise, chips }: MemoryView, act: (what: MemoryAction) => void): TemplateResult {
  const knob = (field: keyof Circuit, least: number, most: number): TemplateResult => html`<label>${m(`chips.${field}`)}
    <input type="number" min=${least} max=${most} step=${least} .value=${live(String(circuit[field]))}
      @change=${(event: Event) => act({ memory: "circuit", circuit: { [field]: Number((event.target as HTMLInputElement).value) } })} />
  </label>`;
  const { scores, running = false, error } = chips ?? {};
  return html`<section class="memory-chips" aria-label=${m("chips.title")}>
    <h3>${m("chips.title")}</h3>
    <p class="quiet">${m("chips.what")}</p>
    <div class="memory-controls">
      ${knob("adc_bits", 1, 14)}${knob("dac_bits", 1, 8)}${knob("unit_ff", 0.1, 100)}
      <label class="check"><input type="checkbox" .checked=${live(optimise)} @change=${(event: Event) => act({ memory: "optimise", on: (event.target as HTMLInputElement).checked })} />
        ${m("chips.optimise")}</label>
      <button type="button" class="button small" @click=${() => act({ memory: running ? "stop" : "chips" })}>${m(running ? "chips.stop" : "chips.run")}</button>
    </div>
    ${error ? html`<p class="remark blocks">${error}</p>` : nothing}
    <div role="status">${scores ? outcome(scores, chips?.circuit.adc_bits ?? 0) : running ? html`<p class="quiet">${m("chips.choosing")}</p>` : nothing}</div>
  </section>`;
}

function outcome(scores: ChipScores, bits: number): TemplateResult {
  return html`<p>${m("chips.outcome", {
      metric: scores.metric, mean: format.figure(scores.mean), interval: format.interval(scores.mean), n: String(scores.chips.length), wanted: String(scores.wanted),
      items: String(scores.items), exact: format.figure(scores.exact), bits: String(bits),
    })}</p>
    ${picture(scores)}
    ${scores.energy.length ? html`<p>${m("chips.energy", Object.fromEntries(scores.energy.flatMap(({ part, energy }) =>
      [[part, format.figure(energy)], [`${part}Band`, format.interval(energy)]])))}</p>` : nothing}
    <p class="quiet">${m("chips.ranges", { ranges: scores.ranges, clipped: format.figure(scores.clipped) })}</p>`;
}

/** Every chip's score as a dot, their mean and its spread, and the exact score as a line. */
function picture({ chips, mean, exact }: ChipScores): TemplateResult {
  const unit = mean.unit;
  const x = scaleLinear([0, unit === "%" ? 100 : 1], [SIDE, WIDTH - SIDE]);
  const [low, high] = [mean.low ?? mean.value, mean.high ?? mean.value];
  return html`<svg class="chart chips" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${m("chips.picture", { scores: chips.map((score) => format.text(score, unit)).join(", ") })}>
    ${x.ticks(5).map((tick) => svg`<line class="grid" x1=${x(tick)} x2=${x(tick)} y1="4" y2=${HEIGHT - 18} /><text x=${x(tick)} y=${HEIGHT - 4} text-anchor="middle">${format.text(tick, unit)}</text>`)}
    <line class="needed" x1=${x(exact.value)} x2=${x(exact.value)} y1="4" y2=${HEIGHT - 18}><title>${m("chips.exact", { exact: format.figure(exact) })}</title></line>
    <line class="spread" x1=${x(Math.max(low, x.domain()[0] ?? 0))} x2=${x(Math.min(high, x.domain()[1] ?? 1))} y1="14" y2="14" />
    <circle class="mean" cx=${x(mean.value)} cy="14" r="5" />
    ${chips.map((score, at) => svg`<circle class="chip" cx=${x(score)} cy="34" r="4"><title>${m("chips.one", { seed: String(at + 1), score: format.text(score, unit) })}</title></circle>`)}
  </svg>`;
}
