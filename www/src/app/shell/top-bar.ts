// The top bar: the model, what can be opened, undo and redo, sharing and downloading.

import { html, nothing, type TemplateResult } from "lit";
import { BUILT_IN, builtIn, titleOf } from "../../engine/bench/samples";
import * as format from "../../ui/format";
import { reference } from "./references";
import type { BenchAction } from "../../engine/bench/view";
import type { Action, Snapshot } from "../snapshot";
import { t } from "../text";
import { wants } from "../views";
import type { ModelCard } from "../../engine/types";
import { define, PageElement } from "../../ui/base";
import { icon, type IconName } from "../../ui/parts";
import { placeUnder } from "../../ui/place";

export class TopBar extends PageElement<Action> {
  static override properties = { snapshot: { attribute: false } };

  snapshot!: Snapshot;

  protected override render(): TemplateResult {
    const { canUndo, canRedo, state, data, a } = this.snapshot;
    // While another model is being opened, what is known of the one before is not said of it.
    const card = a.report || a.error || a.untrained ? this.snapshot.card : undefined;
    const name = titleOf(state);
    const warnings = card?.remarks.filter(({ severity }) => severity !== "info").length ?? 0;
    return html`
      <header class="top-bar">
        <h1 class="brand">
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <rect class="brand-a" x="2" y="4" width="9" height="16" rx="2" />
            <rect class="brand-b" x="13" y="12" width="9" height="8" rx="2" />
          </svg>
          <span>Milliwatt</span>
        </h1>
        <button class="chip model-chip" type="button" popovertarget="model-menu">
          <span class="model-name" title=${name}>${name}</span>
          ${card ? html`<span class="quiet">${format.figure(card.file)}</span>` : nothing}
          ${warnings ? html`<span class="count warn">${t("model.warnings", { n: String(warnings) })}</span>` : nothing}
          ${icon("down_small")}
        </button>
        <div id="model-menu" class="menu" popover @toggle=${placeUnder}>${this.#menu(name, card, data?.name)}</div>
        <nav class="tools" aria-label=${t("bar.tools")}>
          ${this.#button("choose", "open", t("bar.open"), true)}
          ${this.#button("samples", "grid", t("bar.samples"), true)}
          <span class="spring"></span>
          ${this.#button("undo", "undo", t("bar.undo"), false, !canUndo)}
          ${this.#button("redo", "redo", t("bar.redo"), false, !canRedo)}
          <span class="gap"></span>
          ${this.#button("share", "link", t("bar.share"), true)}
          <button
            type="button" class="button primary" ?disabled=${!this.snapshot.b.report}
            @click=${() => this.act({ do: "download" })}
          >
            ${icon("down")}<span>${t("bar.download")}</span>
          </button>
          <button
            type="button" class="button icon-only" data-does="lint" aria-label=${t("bar.lint")} title=${t("bar.lint")}
            ?disabled=${!this.snapshot.b.report} @click=${this.#lint}
          >${icon("check")}</button>
          <button
            type="button" class="button icon-only" data-does="bundle" aria-label=${t("bar.bundle")} title=${t("bar.bundle")}
            ?disabled=${!this.snapshot.b.report || this.snapshot.bundle.running} @click=${() => this.act({ ask: "bundle", what: { bundle: "make" } })}
          >${icon("box")}</button>
          <span class="gap"></span>
          <button
            type="button" class="button icon-only" data-does="help" aria-label=${t("bar.help")} title=${t("bar.help")}
            @click=${() => this.act({ do: "help" })}
          >
            <span aria-hidden="true">?</span>
          </button>
          ${this.#button("theme", "theme", t("bar.theme"), false)}
        </nav>
      </header>
    `;
  }

  #lint = (): void => this.act({ ask: "lint", what: { lint: "open" } });

  #button(does: (BenchAction & { do: "choose" | "samples" | "undo" | "redo" | "share" | "theme" })["do"], shape: IconName,
    label: string, words: boolean, disabled = false): TemplateResult {
    return html`<button
      type="button" class="button ${words ? "" : "icon-only"}" data-does=${does} ?disabled=${disabled}
      aria-label=${label} title=${label} @click=${() => this.act({ do: does })}
    >
      ${icon(shape)}${words ? html`<span>${label}</span>` : nothing}
    </button>`;
  }

  #menu(name: string, card: ModelCard | undefined, data: string | undefined): TemplateResult | typeof nothing {
    if (!card) return nothing;
    const known = reference(card.sha256);
    const port = (ports: ModelCard["inputs"]): string =>
      ports.map(({ dtype, shape }) => `${dtype} ${format.shape(shape)}`).join(", ");
    return html`
      <h2>${name}</h2>
      <dl class="facts">
        <dt>${t("model.file")}</dt><dd>${format.figure(card.file)}</dd>
        <dt>${t("model.parameters")}</dt><dd>${format.integer(card.parameters.value)}</dd>
        <dt>${t("model.macs")}</dt><dd>${format.integer(card.macs.value)}</dd>
        <dt>${t("model.input")}</dt><dd>${port(card.inputs)}</dd>
        <dt>${t("model.output")}</dt><dd>${port(card.outputs)}</dd>
        ${card.front_end ? html`<dt>${t("model.front-end")}</dt><dd>${card.front_end}</dd>` : nothing}
        <dt>${t("model.data")}</dt><dd>${data ?? t("model.no-data", { wants: wants(card) })}</dd>
        <dt>SHA-256</dt><dd class="hash">${card.sha256}</dd>
      </dl>
      ${known ? html`<p class="remark info">${t("model.known", { name: known.name })}</p>` : nothing}
      ${card.remarks.map(({ severity, sentence }) => html`<p class="remark ${severity}">${sentence}</p>`)}
      ${card.dropped.length
        ? html`<p class="remark info">${t("model.dropped", { what: format.together(card.dropped) })}</p>`
        : nothing}
      <div class="menu-actions">
        <button type="button" class="button" ?disabled=${!this.snapshot.b.report || this.snapshot.bundle.running} @click=${() => this.act({ ask: "bundle", what: { bundle: "make" } })}>
          ${t("model.bundle")}
        </button>
        <button type="button" class="button" ?disabled=${!this.snapshot.b.report} @click=${this.#lint}>${t("model.lint")}</button>
        <button type="button" class="button" @click=${() => this.act({ do: "choose" })}>${t("bar.open")}</button>
        ${builtIn(this.snapshot.state.model)
          ? nothing
          : html`<button type="button" class="button" @click=${() => this.act({ do: "sample", id: BUILT_IN[0].id })}>
              ${t("model.back")}
            </button>
            <button type="button" class="button" data-does="forget" title=${t("kept.what")} @click=${() => this.act({ do: "forget-files" })}>
              ${t("kept.forget")}
            </button>`}
      </div>
    `;
  }
}

define("mw-top-bar", TopBar);
