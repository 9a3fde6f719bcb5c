// The gallery: what is built in, and reference models that their host keeps.

import { html, nothing, type TemplateResult } from "lit";
import { BUILT_IN } from "../../engine/bench/samples";
import * as format from "../../ui/format";
import { hostOf, type Reference, REFERENCES } from "./references";
import type { Snapshot } from "../snapshot";
import type { BenchAction } from "../../engine/bench/view";
import { t } from "../text";
import { define, PageElement } from "../../ui/base";
import { closeOutside } from "../../ui/dialog";
import { icon } from "../../ui/parts";

export class Samples extends PageElement<BenchAction> {
  static override properties = { snapshot: { attribute: false }, asked: { state: true } };

  snapshot!: Snapshot;
  /** The reference whose host is being asked for. */
  asked: Reference | undefined;

  open(): void {
    this.asked = undefined;
    this.querySelector("dialog")?.showModal();
  }

  protected override render(): TemplateResult {
    const size = this.snapshot.a.report?.model;
    return html`<dialog class="sheet samples" aria-labelledby="samples-title" @click=${closeOutside}>
      <div class="sheet-head">
        <h2 id="samples-title">${t("samples.title")}</h2>
        <form method="dialog">
          <button class="button icon-only" aria-label=${t("dialog.close")}>${icon("close")}</button>
        </form>
      </div>
      <div class="sheet-body">
        <h3>${t("samples.built-in")}</h3>
        ${BUILT_IN.map(({ id, label, sentence }) => html`<button
          type="button" class="sample" data-sample=${id} @click=${() => this.#take(id)}
        >
          <strong>${label}</strong>
          <span class="quiet">${sentence}</span>
          ${size && this.snapshot.state.model === id
            ? html`<span class="number">${format.figure(size.file)}</span>`
            : nothing}
        </button>`)}
        <h3>${t("samples.references")}</h3>
        <p class="quiet">${t("samples.references-what")}</p>
        <ul class="references">
          ${REFERENCES.map((row) => html`<li>
            <button type="button" class="sample" aria-expanded=${this.asked === row ? "true" : "false"}
              @click=${() => (this.asked = this.asked === row ? undefined : row)}>
              <strong>${row.name}</strong>
              <span class="quiet">${hostOf(row.folder)}</span>
              <span class="number">${format.text(row.bytes, "B")}</span>
            </button>
            ${this.asked === row ? confirm(row) : nothing}
          </li>`)}
        </ul>
      </div>
    </dialog>`;
  }

  #take(id: string): void {
    this.querySelector("dialog")?.close();
    this.act({ do: "sample", id });
  }
}

function confirm(row: Reference): TemplateResult {
  return html`<div class="confirm">
    <p>${t("samples.confirm", { host: hostOf(row.folder) })}</p>
    <p class="hash">SHA-256 ${row.sha256}</p>
    <a class="button primary" href=${row.folder} target="_blank" rel="noopener noreferrer">
      ${t("samples.go", { host: hostOf(row.folder) })}
    </a>
  </div>`;
}

define("mw-samples", Samples);
