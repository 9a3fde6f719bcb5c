// The status line: what the comparison says, in one sentence; or what is being worked on, with Cancel.

import { html, nothing, type TemplateResult } from "lit";
import * as format from "../../ui/format";
import type { Snapshot } from "../snapshot";
import type { BenchAction } from "../../engine/bench/view";
import { t } from "../text";
import { SIDES } from "../../engine/types";
import { define, PageElement } from "../../ui/base";

export class Status extends PageElement<BenchAction> {
  static override properties = { snapshot: { attribute: false } };

  snapshot!: Snapshot;

  protected override render(): TemplateResult {
    const { comparison, late, ready, version, wanted, stopped } = this.snapshot;
    const sentence = wanted ? t("wanted.title", { name: wanted.name }) : (comparison?.sentence ?? "");
    return html`
      <footer class="status">
        <p class="sentence" role="status" aria-live="polite">${sentence}</p>
        ${late ? this.#work() : nothing}
        <p class="engine quiet">${ready ? t("status.ready", { version }) : stopped ? t("status.stopped") : t("status.starting")}</p>
      </footer>
    `;
  }

  #work(): TemplateResult {
    const working = SIDES.flatMap((side) => {
      const progress = this.snapshot[side].progress;
      return progress ? [{ side, ...progress }] : [];
    });
    return html`<div class="work">
      ${working.map(({ side, phase, detail, done, total }) => {
        const words = detail || t(`phase.${phase}`);
        return html`<span class="job">
          <span>${side.toUpperCase()}: ${words}${total ? ` ${format.integer(done)}/${format.integer(total)}` : "…"}</span>
          ${total
            ? html`<progress max=${total} value=${done} .value=${done} aria-label=${words}></progress>`
            : html`<progress aria-label=${words}></progress>`}
        </span>`;
      })}
      <button type="button" class="button small" @click=${() => this.act({ do: "cancel" })}>
        ${t("status.cancel")}
      </button>
    </div>`;
  }
}

define("mw-status", Status);
