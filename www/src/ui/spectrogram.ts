// A picture of sound: time to the right, frequency upwards, loudness as brightness.

import { html, nothing, type TemplateResult } from "lit";
import * as format from "./format";
import { t } from "./text";

import { define, PageElement } from "./base";

/** Levels from 0 to 255, row by row, the highest frequency in the first. */
interface Sound {
  width: number;
  height: number;
  levels: ArrayLike<number>;
  seconds: number;
  top_hz: number;
}

/** From quiet to loud: dark blue over magenta to light yellow, rising evenly in lightness. */
const RAMP = [[10, 13, 26], [44, 22, 84], [108, 33, 112], [178, 56, 92], [231, 108, 60], [250, 178, 72], [253, 242, 189]];

/** Above one, quiet noise stays dark and what stands out of it is seen. */
const CONTRAST = 1.8;

export class Spectrogram extends PageElement {
  static override properties = { view: { attribute: false } };

  view: Sound | undefined;
  #drawn: Sound | undefined;

  protected override render(): TemplateResult {
    const { view } = this;
    const ticks = view ? [0, 0.25, 0.5, 0.75, 1] : [];
    return html`<figure class="spectrogram">
      <div class="spectrogram-axis" aria-hidden="true">
        ${view
          ? html`<span>${format.integer(view.top_hz / 1000)} kHz</span><span>0</span>`
          : nothing}
      </div>
      <canvas role="img" aria-label=${view
        ? t("listen.picture", { seconds: format.real(view.seconds), top: format.integer(view.top_hz) })
        : t("listen.no-picture")}></canvas>
      <div class="spectrogram-time" aria-hidden="true">
        ${ticks.map((tick) => html`<span>${format.seconds(tick * (view?.seconds ?? 0))}</span>`)}
      </div>
    </figure>`;
  }

  protected override updated(): void {
    const { view } = this;
    if (!view || view === this.#drawn) return;
    const canvas = this.querySelector("canvas");
    const context = canvas?.getContext("2d");
    if (!canvas || !context) return;
    this.#drawn = view;
    canvas.width = view.width;
    canvas.height = view.height;
    const image = context.createImageData(view.width, view.height);
    for (let at = 0; at < view.levels.length; at++) {
      image.data.set(colour(((view.levels[at] ?? 0) / 255) ** CONTRAST), at * 4);
    }
    context.putImageData(image, 0, 0);
  }
}

/** The colour of a level from 0 to 1: red, green, blue and opacity, 0 to 255. */
export function colour(level: number): number[] {
  const at = level * (RAMP.length - 1);
  const low = RAMP[Math.floor(at)] ?? [];
  const high = RAMP[Math.ceil(at)] ?? low;
  return [...low.map((channel, index) => channel + ((high[index] ?? 0) - channel) * (at % 1)), 255];
}

define("mw-spectrogram", Spectrogram);
