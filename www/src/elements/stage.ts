// The stage: one view at a time, chosen by tabs.

import { html, nothing, type TemplateResult } from "lit";
import type { Snapshot } from "../snapshot";
import { type View, VIEWS } from "../state";
import { t } from "../text";
import { define, PageElement } from "./base";
import "./layers-view";
import "./listen-view";
import "./weights-view";

/** Views that are loaded when they are first looked at: a first visit does not need them. */
const LATER: Partial<Record<View, () => Promise<unknown>>> = {
  layers: () => import("./diagnosis-view"),
  bytes: () => import("./bytes-view"),
  tradeoff: () => import("./tradeoff-view"),
  levels: () => import("./levels-view"),
  train: () => import("./train-view"),
  memory: () => import("./memory-view"),
  hardware: () => import("./hardware-view"),
};

export class Stage extends PageElement {
  static override properties = { snapshot: { attribute: false } };

  snapshot!: Snapshot;

  /** Listening and levels need a model that hears. */
  get #views(): readonly View[] {
    const { card } = this.snapshot;
    return card && !card.front_end ? VIEWS.filter((view) => view !== "listen" && view !== "levels") : VIEWS;
  }

  protected override render(): TemplateResult {
    const { state, wanted, card } = this.snapshot;
    const views = this.#views;
    const view = views.includes(state.view) ? state.view : (views[0] ?? "weights");
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
            : html`${card?.blocked ? html`<p class="remark blocks">${card.blocked}</p>` : nothing}${this.#view(view)}`}
        </div>
      </section>
    `;
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
    LATER[this.snapshot.state.view]?.().catch(() => {
      this.act({ do: "view", view: "listen" });
      this.act({ do: "missing" });
    });
    // Only the row of tabs scrolls, never the page.
    const tab = this.querySelector<HTMLElement>("[role=tab][aria-selected=true]");
    const row = tab?.parentElement;
    if (!tab || !row) return;
    const [left, right] = [tab.offsetLeft - row.offsetLeft, tab.offsetLeft - row.offsetLeft + tab.offsetWidth];
    if (left < row.scrollLeft) row.scrollLeft = left;
    else if (right > row.scrollLeft + row.clientWidth) row.scrollLeft = right - row.clientWidth;
  }

  #key(event: KeyboardEvent): void {
    const views = this.#views;
    const at = views.indexOf(this.snapshot.state.view);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: views.length - 1 }[event.key];
    const view = to === undefined ? undefined : views[(to + views.length) % views.length];
    if (!view) return;
    event.preventDefault();
    this.act({ do: "view", view });
    this.querySelector<HTMLElement>(`#tab-${view}`)?.focus();
  }
}

define("mw-stage", Stage);
