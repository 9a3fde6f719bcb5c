// The rolling picture of what is heard now. Where motion is not wanted it stands, and is written over from the left.

import { html, type TemplateResult } from "lit";
import { t } from "./text";
import { define, PageElement } from "../../ui/base";
import { colour } from "../../ui/spectrogram";

/** Columns across: six seconds. */
const COLUMNS = 300;
export const SECONDS = 6;
const CONTRAST = 1.5;

export class Rolling extends PageElement {
  #waiting: Uint8Array[] = [];
  #next = 0;
  #frame = 0;

  /** Takes a column in; it is drawn with the next frame. */
  add(levels: Uint8Array): void {
    this.#waiting.push(levels);
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  protected override render(): TemplateResult {
    return html`<canvas width=${COLUMNS} height="128" role="img" aria-label=${t("live.picture", { seconds: String(SECONDS) })}></canvas>`;
  }

  #draw(): void {
    this.#frame = 0;
    const columns = this.#waiting.splice(0).slice(-COLUMNS);
    const canvas = this.querySelector("canvas");
    const context = canvas?.getContext("2d");
    if (!canvas || !context || !columns.length) return;
    const stands = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!stands) {
      context.globalCompositeOperation = "copy";
      context.drawImage(canvas, -columns.length, 0);
      context.globalCompositeOperation = "source-over";
      this.#next = COLUMNS - columns.length;
    }
    for (const levels of columns) {
      const image = context.createImageData(1, levels.length);
      levels.forEach((level, row) => image.data.set(colour((level / 255) ** CONTRAST), row * 4));
      context.putImageData(image, this.#next, 0);
      this.#next = (this.#next + 1) % COLUMNS;
    }
    if (stands) context.clearRect(this.#next, 0, 2, canvas.height);
  }
}

define("mw-rolling", Rolling);
