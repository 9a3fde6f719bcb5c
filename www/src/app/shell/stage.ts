// The stage: one view at a time, chosen by tabs.

import { html, nothing, type TemplateResult } from "lit";
import type { Action, Snapshot } from "../snapshot";
import { t } from "../text";
import type { Tab } from "../features";
import { fitting, viewsOf, wants } from "../views";
import { define, PageElement } from "../../ui/base";

export class Stage extends PageElement<Action> {
  static override properties = { snapshot: { attribute: false } };

  snapshot!: Snapshot;

  /** The view that is shown: the chosen one, or the first that the model has. */
  get #shown(): Tab {
    return fitting(this.snapshot.state.view, this.snapshot.card);
  }

  protected override render(): TemplateResult {
    const { wanted, card } = this.snapshot;
    const views = viewsOf(card);
    const view = this.#shown;
    return html`
      <section class="stage" aria-label=${t("stage.label")}>
        <div class="tabs" role="tablist" aria-label=${t("stage.label")} @keydown=${this.#key}>
          ${views.map(({ id, label }) => html`<button
            type="button" role="tab" id="tab-${id}" aria-controls="stage-panel"
            aria-selected=${id === view.id ? "true" : "false"} tabindex=${id === view.id ? "0" : "-1"}
            @click=${() => this.act({ do: "view", view: id })}
          >${label}</button>`)}
        </div>
        <div class="stage-panel" id="stage-panel" role="tabpanel" aria-labelledby="tab-${view.id}" tabindex="0">
          ${wanted
            ? html`<div class="wanted">
                <h2>${t("wanted.title", { name: wanted.name })}</h2>
                <p>${t("wanted.text")}</p>
                <p class="hash">${wanted.sha256}</p>
                <button type="button" class="button primary" @click=${() => this.act({ do: "choose" })}>
                  ${t("bar.open")}
                </button>
              </div>`
            : html`${card?.blocked ? html`<p class="remark blocks">${card.blocked}</p>` : nothing}${this.#needs()}${view.view(this.snapshot)}`}
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

  protected override updated(): void {
    const shown = this.#shown;
    if (!("load" in shown)) return;
    shown.load().catch(() => {
      this.act({ do: "view", view: fitting("", this.snapshot.card).id });
      this.act({ do: "missing" });
    });
  }

  #key(event: KeyboardEvent): void {
    const views = viewsOf(this.snapshot.card);
    const at = views.findIndex(({ id }) => id === this.#shown.id);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: views.length - 1 }[event.key];
    const view = to === undefined ? undefined : views[(to + views.length) % views.length];
    if (!view) return;
    event.preventDefault();
    this.act({ do: "view", view: view.id });
    this.querySelector<HTMLElement>(`#tab-${view.id}`)?.focus();
  }
}

define("mw-stage", Stage);
