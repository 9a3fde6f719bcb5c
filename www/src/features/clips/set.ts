// The line under the clips: the own set, and how the data is split.

import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import * as format from "../../ui/format";
import type { Action, OwnAction, Seen } from "./slice";
import { hasSet } from "../../engine/bench/samples";
import { MOST_SEED, OWN } from "../../engine/bench/state";
import { t } from "./text";
import { define, PageElement } from "../../ui/base";
import { icon } from "../../ui/parts";

export class OwnSet extends PageElement<Action> {
  static override properties = { snapshot: { attribute: false }, soundless: { attribute: false } };

  snapshot!: Seen;
  /** The set that is tested on holds no sound. */
  soundless = false;

  protected override render(): TemplateResult | typeof nothing {
    const { state, clips: own, data } = this.snapshot;
    const clips = own.clips.length;
    const files = !hasSet(state.data) && state.data !== "" && data;
    if (!clips && !files) return nothing;
    const button = (what: OwnAction, label: string, pressed?: boolean): TemplateResult => html`<button
      type="button" class="button small own-${what.own}" aria-pressed=${pressed === undefined ? nothing : String(pressed)}
      @click=${() => this.act({ ask: "clips", what })}
    >${what.own === "save" ? icon("down") : nothing}${label}</button>`;
    return html`<div class="own-set" role="group" aria-label=${t("own.set")}>
      ${clips
        ? html`<span><strong>${t("own.set")}</strong> ${format.integer(clips)}${own.unsaved
            ? html` <span class="unsaved">${t("own.unsaved", { n: format.integer(own.unsaved) })}</span>`
            : nothing}</span>
            ${button({ own: "use" }, t("own.use"), state.data === OWN)}
            ${button({ own: "save" }, t("own.save"))}`
        : nothing}
      ${files && state.data !== OWN && !this.soundless ? button({ own: "take" }, t("own.take")) : nothing}
      ${files ? this.#split() : nothing}
    </div>`;
  }

  #split(): TemplateResult {
    const { state, data } = this.snapshot;
    return html`<span class="spring"></span>
      <span class="quiet" id="split-what">${t("own.split", {
        calibrating: format.integer(data?.calibration_items ?? 0), testing: format.integer(data?.test_items ?? 0),
      })}</span>
      <label class="seed">${t("own.seed")} <input
        type="number" min="0" max=${MOST_SEED} step="1" .value=${live(String(state.seed))} aria-describedby="split-what"
        @change=${(event: Event) => this.act({ do: "seed", seed: Number((event.target as HTMLInputElement).value) })}
      /></label>`;
  }
}

define("mw-own-set", OwnSet);
