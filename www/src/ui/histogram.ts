// How a layer's weights are spread: A above the line, B below it, over the same axis.

import { max } from "d3-array";
import { scaleLinear, scaleSqrt } from "d3-scale";
import { html, nothing, svg, type TemplateResult } from "lit";
import * as format from "./format";
import { t } from "./text";
import { define, PageElement } from "./base";

/** How many weights lie between two edges. */
interface Bins {
  bin_counts: readonly number[];
  bin_edges: readonly number[];
}

const SIDES = ["a", "b"] as const;
const WIDTH = 600;
const HALF = 34;
const AXIS = 14;

export class Histogram extends PageElement {
  static override properties = { a: { attribute: false }, b: { attribute: false } };

  a: Bins | undefined;
  b: Bins | undefined;

  protected override render(): TemplateResult | typeof nothing {
    const views = SIDES.map((side) => this[side]).filter((view) => view !== undefined);
    if (!views.length) return nothing;
    const reach = Math.max(...views.flatMap(({ bin_edges }) => [-(bin_edges[0] ?? 0), bin_edges.at(-1) ?? 0]));
    const x = scaleLinear([-reach, reach], [0, WIDTH]);
    return html`<figure class="histogram">
      <svg
        viewBox="0 0 ${WIDTH} ${HALF * 2 + AXIS}" role="img" preserveAspectRatio="none"
        aria-label=${t("histogram.label")}
      >
        ${SIDES.map((side) => this.#bars(side, x))}
        <line class="axis" x1="0" x2=${WIDTH} y1=${HALF} y2=${HALF} />
      </svg>
      <div class="histogram-axis" aria-hidden="true">
        <span>${format.real(-reach)}</span><span>0</span><span>${format.real(reach)}</span>
      </div>
      <details class="twin">
        <summary>${t("twin.summary")}</summary>
        <div class="twin-scroll">${this.#table()}</div>
      </details>
    </figure>`;
  }

  #bars(side: "a" | "b", x: (value: number) => number) {
    const view = this[side];
    if (!view) return nothing;
    // Square roots, so that the many zeros of a pruned layer do not flatten all the rest.
    const y = scaleSqrt([0, max(view.bin_counts) ?? 1], [0, HALF - 1]);
    return svg`${view.bin_counts.map((count, at) => {
      const left = x(view.bin_edges[at] ?? 0);
      const width = Math.max(0.5, x(view.bin_edges[at + 1] ?? 0) - left - 0.6);
      const height = y(count);
      return svg`<rect class="fill-${side}" x=${left} width=${width} height=${height} y=${side === "a" ? HALF - height : HALF} />`;
    })}`;
  }

  #table(): TemplateResult {
    return html`${SIDES.map((side) => {
      const view = this[side];
      if (!view) return nothing;
      return html`<table class="data">
        <caption>${t("histogram.side", { side: side.toUpperCase() })}</caption>
        <thead><tr><th scope="col">${t("histogram.from")}</th><th scope="col">${t("histogram.to")}</th><th scope="col">${t("histogram.count")}</th></tr></thead>
        <tbody>
          ${view.bin_counts.map((count, at) => html`<tr>
            <td>${format.real(view.bin_edges[at] ?? 0)}</td><td>${format.real(view.bin_edges[at + 1] ?? 0)}</td>
            <td>${format.integer(count)}</td>
          </tr>`)}
        </tbody>
      </table>`;
    })}`;
  }
}

define("mw-histogram", Histogram);
