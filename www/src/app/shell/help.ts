// The sheet behind `?`: every command, how to read the numbers, and what the page does not do with your data.

import { html, nothing, type TemplateResult } from "lit";
import { COMMANDS, written } from "../commands";
import type { Offline } from "../snapshot";
import type { BenchAction } from "../../engine/bench/view";
import { t } from "../text";
import { define, PageElement } from "../../ui/base";
import { closeOutside } from "../../ui/dialog";
import { icon, kind } from "../../ui/parts";

/** What is said of each state of what is kept. */
const STATES = {
  starting: "help.offline-starting", kept: "help.offline-kept", partly: "help.offline-partly", saving: "help.offline-saving",
  refused: "help.offline-refused",
} as const;

export class Help extends PageElement<BenchAction> {
  static override properties = { offline: { attribute: false } };

  offline: Offline = "starting";

  open(): void {
    this.querySelector("dialog")?.showModal();
  }

  protected override render(): TemplateResult {
    return html`<dialog class="sheet" aria-labelledby="help-title" @click=${closeOutside}>
      <div class="sheet-head">
        <h2 id="help-title">${t("help.title")}</h2>
        <form method="dialog">
          <button class="button icon-only" aria-label=${t("dialog.close")}>${icon("close")}</button>
        </form>
      </div>
      <div class="sheet-body help-body">
        <section>
          <h3>${t("help.keys")}</h3>
          <table class="keys">
            <tbody>
              ${COMMANDS.map(({ keys, label, where }) => html`<tr>
                <td>${keys.map((one, at) => html`${at ? html` <span class="quiet">${t("help.or")}</span> ` : ""}${written(one).map((key) => html`<kbd>${key}</kbd>`)}`)}</td>
                <th scope="row">${t(label)}${where ? html` <span class="quiet">${t(where)}</span>` : ""}</th>
              </tr>`)}
            </tbody>
          </table>
        </section>
        <section>
          <h3>${t("help.numbers")}</h3>
          <dl class="kinds">
            <dt>${kind("measured")}</dt><dd>${t("help.measured")}</dd>
            <dt>${kind("counted")}</dt><dd>${t("help.counted")}</dd>
            <dt>${kind("modelled")}</dt><dd>${t("help.modelled")}</dd>
          </dl>
          <h3>${t("help.privacy")}</h3>
          <p>${t("help.privacy-text")}</p>
          <h3>${t("help.offline")}</h3>
          <p class="offline-what">${t(STATES[this.offline])}</p>
          ${this.offline === "saving"
            ? html`<button type="button" class="button small" @click=${() => this.act({ do: "keep-offline" })}>${t("help.offline-keep")}</button>`
            : nothing}
        </section>
      </div>
    </dialog>`;
  }
}

define("mw-help", Help);
