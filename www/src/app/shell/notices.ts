// Short messages in the corner. They never take the focus; errors stay until they are dismissed.

import { html, nothing, type TemplateResult } from "lit";
import type { Ask, BenchAction, Notice } from "../../engine/bench/view";
import { t } from "../text";
import { define, PageElement } from "../../ui/base";
import { icon } from "../../ui/parts";

export class Notices extends PageElement<BenchAction | Ask> {
  static override properties = { notices: { attribute: false } };

  notices: readonly Notice[] = [];

  protected override render(): TemplateResult {
    return html`<div class="notices" role="log" aria-label=${t("notice.label")}>
      ${this.notices.map(({ id, kind, text, action }) => html`<div class="notice ${kind}">
        <p>${kind === "info" ? nothing : html`<strong>${t(`notice.${kind}`)}</strong> `}${text}</p>
        ${action
          ? html`<button type="button" class="button small" @click=${() => {
              this.act({ do: "dismiss", id });
              this.act(action.act);
            }}>${action.label}</button>`
          : nothing}
        <button type="button" class="button icon-only" aria-label=${t("notice.dismiss")}
          @click=${() => this.act({ do: "dismiss", id })}>${icon("close")}</button>
      </div>`)}
    </div>`;
  }
}

define("mw-notices", Notices);
