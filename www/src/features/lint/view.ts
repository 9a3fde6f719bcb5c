// The sheet beside the download: what stands between B and a target, with changes one click away, and the lines to paste.

import { html, nothing, type TemplateResult } from "lit";
import { normal } from "../../engine/bench/recipes";
import type { Action, Seen } from "./slice";
import "./style.css";
import { t } from "./text";
import type { LintRow, Recipe } from "../../engine/types";
import { define, PageElement } from "../../ui/base";
import { closeOutside } from "../../ui/dialog";
import { icon, letter } from "../../ui/parts";

export class Lint extends PageElement<Action> {
  static override properties = { snapshot: { attribute: false }, said: { state: true } };

  snapshot!: Seen;
  said = "";

  async open(): Promise<void> {
    this.said = "";
    await this.updateComplete;
    this.querySelector("dialog")?.showModal();
  }

  protected override render(): TemplateResult {
    const { lint: { report, target, key }, state, b, bundle } = this.snapshot;
    const stale = !key?.includes(JSON.stringify(state.b)) || !key.endsWith(`,"${target}"]`);
    const chosen = report?.targets.find(({ value }) => value === target);
    return html`<dialog class="sheet lint" aria-labelledby="lint-title" @click=${closeOutside}
      @close=${() => this.act({ ask: "lint", what: { lint: "close" } })}>
      <div class="sheet-head">
        <h2 id="lint-title">${letter("b")} ${t("title")}</h2>
        <form method="dialog"><button class="button icon-only" aria-label=${t("close")}>${icon("close")}</button></form>
      </div>
      <div class="sheet-body">
        <p class="lint-target">
          <label class="picker">${t("target")}
            <select ?disabled=${!report} @change=${(event: Event) => this.act({ ask: "lint", what: { lint: "target", target: (event.target as HTMLSelectElement).value } })}>
              ${report?.targets.map(({ value, label }) => html`<option value=${value} ?selected=${value === target}>${label}</option>`)}
            </select>
          </label>
          <span class="quiet">${chosen?.sentence}</span>
        </p>
        <div role="status">${!report || stale
          ? html`<p class="quiet">${b.error ?? t("finding")}</p>`
          : report.problems.length
            ? nothing
            : html`<p class="clean"><span aria-hidden="true">✓</span> ${t("clean", { target: chosen?.label ?? "" })}</p>`}</div>
        ${report && report.problems.length
          ? html`<ul class="problems" ?inert=${stale}>${report.problems.map((row) => this.#problem(row))}</ul>`
          : nothing}
        ${report && report.resolver.length ? this.#resolver(report.resolver.join("\n")) : nothing}
        <p class="lint-actions">
          <button type="button" class="button primary" ?disabled=${!b.report} @click=${() => this.act({ do: "download" })}>${icon("down")}<span>${t("download")}</span></button>
          <button type="button" class="button small" ?disabled=${!b.report || bundle.running} @click=${() => this.act({ ask: "bundle", what: { bundle: "make" } })}>${icon("box")}<span>${t("bundle")}</span></button>
        </p>
      </div>
    </dialog>`;
  }

  #problem({ severity, sentence, places, fix, recipe }: LintRow): TemplateResult {
    const [first = ""] = places;
    const where = places.length > 1 ? t("places", { first, n: String(places.length - 1) }) : first;
    const change = (): void =>
      this.act({ do: "recipe", side: "b", recipe: normal(this.snapshot.transforms, recipe as Recipe), settled: true });
    return html`<li class="remark ${severity}">
      <p><strong>${t(`is.${severity as "info"}`)}</strong> <span title=${places.join(", ")}>${where}</span>: ${sentence}.</p>
      ${recipe
        ? html`<button type="button" class="button small" aria-label=${t("mend-what", { fix })} @click=${change}>${t("mend")}</button>`
        : nothing}
      <p class="quiet">${fix}${recipe ? "" : `. ${t("hand")}`}</p>
    </li>`;
  }

  #resolver(lines: string): TemplateResult {
    const copy = (): void => {
      navigator.clipboard.writeText(lines).then(() => (this.said = t("copied")), () => (this.said = t("not-copied")));
    };
    return html`<section aria-label=${t("resolver")}>
      <h3>${t("resolver")}</h3>
      <p class="quiet">${t("resolver-what")}</p>
      <pre tabindex="0">${lines}</pre>
      <p class="lint-actions"><button type="button" class="button small" @click=${copy}>${t("copy")}</button> <span role="status" class="quiet">${this.said}</span></p>
    </section>`;
  }
}

define("mw-lint", Lint);
