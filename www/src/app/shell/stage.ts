// The stage: one view at a time, chosen by tabs.

import { html, nothing, type TemplateResult } from "lit";
import type { Snapshot } from "../snapshot";
import type { View } from "../state";
import { t } from "../../ui/text";
import { fitting, viewsOf, wants } from "../views";
import { define, PageElement } from "../../ui/base";
import "../../features/layers/view";
import "../../features/listen/view";
import "../../features/weights/view";

/** Views that are loaded when they are first looked at: a first visit does not need them. */
const LATER: Partial<Record<View, () => Promise<unknown>>> = {
  layers: () => import("../../features/diagnosis/view"),
  bytes: () => import("../../features/bytes/view"),
  tradeoff: () => import("../../features/tradeoff/view"),
  levels: () => import("../../features/levels/view"),
  train: () => import("../../features/train/view"),
  memory: () => import("../../features/imc/view"),
  hardware: () => import("../../features/hardware/view"),
};

export class Stage extends PageElement {
  static override properties = { snapshot: { attribute: false } };

  snapshot!: Snapshot;

  /** The view that is shown: the chosen one, or the first that the model has. */
  get #shown(): View {
    return fitting(this.snapshot.state.view, this.snapshot.card);
  }

  protected override render(): TemplateResult {
    const { wanted, card } = this.snapshot;
    const views = viewsOf(card);
    const view = this.#shown;
    return html`
      <section class="stage" aria-label=${t("stage.label")}>
        <div class="tabs" role="tablist" aria-label=${t("stage.label")} @keydown=${this.#key}>
          ${views.map((name) => html`<button
            type="button" role="tab" id="tab-${name}" aria-controls="stage-panel"
            aria-selected=${name === view ? "true" : "false"} tabindex=${name === view ? "0" : "-1"}
            @click=${() => this.act({ do: "view", view: name })}
          >${t(`view.${name}`)}</button>`)}
        </div>
        <div class="stage-panel" id="stage-panel" role="tabpanel" aria-labelledby="tab-${view}" tabindex="0">
          ${wanted
            ? html`<div class="wanted">
                <h2>${t("wanted.title", { name: wanted.name })}</h2>
                <p>${t("wanted.text")}</p>
                <p class="hash">${wanted.sha256}</p>
                <button type="button" class="button primary" @click=${() => this.act({ do: "choose" })}>
                  ${t("bar.open")}
                </button>
              </div>`
            : html`${card?.blocked ? html`<p class="remark blocks">${card.blocked}</p>` : nothing}${this.#needs()}${this.#view(view)}`}
        </div>
      </section>
    `;
  }

  /** Without inputs a model that hears nothing has nothing to answer: what it takes, and where to get it. */
  #needs(): TemplateResult | typeof nothing {
    const { card, data, a } = this.snapshot;
    if (!card || card.front_end || card.blocked || data || !a.report) return nothing;
    return html`<p class="needs"><span>${wants(card)}</span>
      <button type="button" class="button small" @click=${() => this.act({ do: "choose" })}>${t("bar.open")}</button></p>`;
  }

  #view(view: View): TemplateResult {
    const { snapshot } = this;
    switch (view) {
      case "listen":
        return html`<mw-listen-view .snapshot=${snapshot}></mw-listen-view>`;
      case "weights":
        return html`<mw-weights-view .snapshot=${snapshot}></mw-weights-view>`;
      case "layers":
        return html`<mw-layers-view .snapshot=${snapshot}></mw-layers-view>`;
      case "bytes":
        return html`<mw-bytes-view .snapshot=${snapshot}></mw-bytes-view>`;
      case "tradeoff":
        return html`<mw-tradeoff-view .snapshot=${snapshot}></mw-tradeoff-view>`;
      case "levels":
        return html`<mw-levels-view .snapshot=${snapshot}></mw-levels-view>`;
      case "train":
        return html`<mw-train-view .snapshot=${snapshot}></mw-train-view>`;
      case "memory":
        return html`<mw-memory-view .snapshot=${snapshot}></mw-memory-view>`;
      case "hardware":
        return html`<mw-hardware-view .snapshot=${snapshot}></mw-hardware-view>`;
    }
  }

  protected override updated(): void {
    LATER[this.#shown]?.().catch(() => {
      this.act({ do: "view", view: viewsOf(this.snapshot.card)[0] ?? "weights" });
      this.act({ do: "missing" });
    });
  }

  #key(event: KeyboardEvent): void {
    const views = viewsOf(this.snapshot.card);
    const at = views.indexOf(this.#shown);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: views.length - 1 }[event.key];
    const view = to === undefined ? undefined : views[(to + views.length) % views.length];
    if (!view) return;
    event.preventDefault();
    this.act({ do: "view", view });
    this.querySelector<HTMLElement>(`#tab-${view}`)?.focus();
  }
}

define("mw-stage", Stage);
