// A small editor: code with its line numbers, a button that runs it, and what it says.

import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { EXAMPLES } from "../examples";
import { m } from "../text";
import type { Action, Seen } from "../slice";
import { define, PageElement } from "../../../ui/base";

export class ScriptEditor extends PageElement<Action> {
  static override properties = { snapshot: { attribute: false }, code: { state: true }, example: { state: true } };

  snapshot!: Seen;
  code = EXAMPLES[0]?.code ?? "";
  example = EXAMPLES[0]?.id ?? "";

  protected override render(): TemplateResult {
    const { script } = this.snapshot.memory;
    const wrong = script?.error?.at;
    const lines = this.code.split("\n").map((_, at) => at + 1);
    return html`<section class="editor" aria-label=${m("script.title")}>
      <h3>${m("script.title")}</h3>
      <p class="quiet">${m("script.what")}</p>
      <div class="memory-buttons">
        <label>${m("script.example")} <select @change=${this.#choose}>
          ${EXAMPLES.map(({ id, name }) => html`<option value=${id} .selected=${live(id === this.example)}>${name}</option>`)}
        </select></label>
        <button type="button" class="button small primary" @click=${this.#run}>${m("script.run")}</button>
        ${script?.running ? html`<button type="button" class="button small" @click=${() => this.act({ ask: "memory", what: { memory: "stop-script" } })}>${m("script.stop")}</button>` : nothing}
      </div>
      <div class="editor-text">
        <div class="editor-lines" aria-hidden="true">${lines.map((line) => html`<div class=${line === wrong ? "wrong" : ""}>${line}</div>`)}</div>
        <textarea aria-label=${m("script.code")} aria-describedby="script-error" aria-invalid=${wrong ? "true" : "false"} spellcheck="false" autocapitalize="off" autocomplete="off" wrap="off"
          rows=${Math.min(24, lines.length)} .value=${live(this.code)} @input=${this.#type} @keydown=${this.#key}
          @scroll=${(event: Event) => this.querySelector(".editor-lines")?.scrollTo(0, (event.target as HTMLElement).scrollTop)}></textarea>
      </div>
      <p id="script-error" class=${script?.error ? "remark blocks" : ""} role="alert">${script?.error
        ? wrong ? m("script.error-at", { line: String(wrong), error: script.error.message }) : script.error.message
        : nothing}</p>
      <div class="editor-said" role="log" aria-label=${m("script.output")} tabindex="0">${script?.lines.length
        ? script.lines.map((line) => html`<div>${line}</div>`)
        : html`<span class="quiet">${script?.running ? m("memory.running") : m("script.nothing")}</span>`}</div>
    </section>`;
  }

  #choose = (event: Event): void => {
    const found = EXAMPLES.find(({ id }) => id === (event.target as HTMLSelectElement).value);
    if (found) [this.example, this.code] = [found.id, found.code];
  };

  #type = (event: Event): void => {
    this.code = (event.target as HTMLTextAreaElement).value;
  };

  #key = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    this.#run();
  };

  #run = (): void => {
    this.act({ ask: "memory", what: { memory: "script", code: this.code } });
  };
}

define("mw-script-editor", ScriptEditor);
