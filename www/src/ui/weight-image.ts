// A layer's weights as an image, pixel for weight.

import { html, type TemplateResult } from "lit";
import { define, PageElement } from "./base";

/** Red, green, blue and opacity of each pixel, row by row. */
interface Pixels {
  width: number;
  height: number;
  rgba: ArrayLike<number>;
}

export class WeightImage extends PageElement {
  static override properties = { view: { attribute: false }, label: { attribute: false } };

  view: Pixels | undefined;
  label = "";
  #drawn: Pixels | undefined;

  protected override render(): TemplateResult {
    return html`<canvas role="img" aria-label=${this.label} width="1" height="1"></canvas>`;
  }

  protected override updated(): void {
    const { view } = this;
    if (view === this.#drawn) return;
    const canvas = this.querySelector("canvas");
    const context = canvas?.getContext("2d");
    if (!canvas || !context) return;
    this.#drawn = view;
    canvas.width = view?.width ?? 1;
    canvas.height = view?.height ?? 1;
    if (!view) return;
    const pixels = Uint8ClampedArray.from(view.rgba);
    context.putImageData(new ImageData(pixels, view.width, view.height), 0, 0);
  }
}

define("mw-weight-image", WeightImage);
