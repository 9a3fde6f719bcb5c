// Two matrices: where they come from, and what their product takes on this machine, on the boards, and in the array.

import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import * as format from "../../../ui/format";
import { dropped, read } from "../../../ui/files";
import type { Measured, MemoryAction } from "../slice";
import { m } from "../text";
import type { MatrixSource } from "../../../engine/worker/memory-host";
import type { Action, Seen } from "../slice";
import { t } from "../../../ui/text";
import type { CostRow, InputFile, MatmulReport, MatrixCard, Rule } from "../../../engine/types";
import { define, PageElement } from "../../../ui/base";
import { choices, map, parts } from "./pictures";
import "./trace";

const SIZES = [[64, 64, 64], [128, 256, 64], [1024, 1024, 64]] as const;
const RULES: readonly Rule[] = ["normal", "uniform", "sparse", "small", "rectified", "identity", "ones", "ramp"];
const NAMES = ["A", "B"] as const;
const MOST = 4096;

export class Matrices extends PageElement<Action> {
  static override properties = { snapshot: { attribute: false }, over: { state: true } };

  snapshot!: Seen;
  over = false;
  /** What is set for A and B; a small product, which can be watched, to begin with. */
  #made = [{ rule: "small" as Rule, rows: 4, columns: 8 }, { rule: "small" as Rule, rows: 8, columns: 4 }];

  protected override render(): TemplateResult {
    const { matrices } = this.snapshot.memory;
    const { cards, bits, report, trace, running, error } = matrices;
    const bit = (which: 0 | 1): TemplateResult => html`<label>${m("matrices.bits", { name: NAMES[which] })}
      <input type="number" min="1" max="16" step="1" .value=${live(String(bits[which]))} @change=${(event: Event) => {
        const number = Number((event.target as HTMLInputElement).value);
        this.#act({ memory: "bits", bits: which ? [bits[0], number] : [number, bits[1]] });
      }} /></label>`;
    return html`<section class="memory-matrices ${this.over ? "over" : ""}" aria-label=${m("memory.matrices")}
      @dragover=${() => (this.over = true)} @dragleave=${() => (this.over = false)} @drop=${this.#drop}>
      <h3>${m("memory.matrices")}</h3>
      <p class="quiet">${m("memory.matrices-what")}</p>
      <div class="memory-buttons">
        <label class="button small">${m("memory.choose")}<input class="visually-hidden" type="file" multiple accept=".npy,.npz,.csv,.txt" @change=${this.#choose} /></label>
        ${SIZES.map((size) => html`<button type="button" class="button small" @click=${() => this.#act({ memory: "random", size })}>
          ${m("memory.random", { size: `${size[0]} × ${size[1]} · ${size[1]} × ${size[2]}` })}
        </button>`)}
      </div>
      <div class="memory-pictures">${([0, 1] as const).map((which) => this.#source(which, cards[which]))}</div>
      <div class="memory-controls">${bit(0)}${bit(1)}</div>
      ${error ? html`<p class="remark blocks">${error}</p>` : nothing}
      ${running && !report ? html`<p class="quiet">${m("memory.running")}</p>` : nothing}
      ${report ? this.#product(report) : nothing}
      ${trace ? html`<mw-trace .trace=${trace}></mw-trace>` : report ? html`<p class="quiet">${m("trace.large")}</p>` : nothing}
    </section>`;
  }

  #source(which: 0 | 1, card: MatrixCard | undefined): TemplateResult {
    const made = this.#made[which];
    if (!made) return html``;
    const name = NAMES[which];
    const make = (change: Partial<typeof made>): void => {
      Object.assign(made, change);
      this.requestUpdate();
    };
    const side = (field: "rows" | "columns"): TemplateResult => html`<input type="number" min="1" max=${MOST} step="1" aria-label=${m(`matrices.${field}`, { name })}
      .value=${live(String(made[field]))} @change=${(event: Event) => make({ [field]: Number((event.target as HTMLInputElement).value) })} />`;
    const layers = this.snapshot.memory.report?.layers ?? [];
    const take = (source: MatrixSource): void => this.#act({ memory: "matrix", which, source });
    return html`<fieldset class="matrix"><legend>${name}</legend>
      <p>${card
        ? m("matrices.card", { name: card.name, rows: String(card.rows), columns: String(card.columns), dtype: card.dtype, zeros: format.figure(card.zeros) })
        : html`<span class="quiet">${m("matrices.none")}</span>`}</p>
      <div class="memory-buttons">
        <label>${m("matrices.made")} <select aria-label=${m("matrices.rule", { name })} @change=${(event: Event) => make({ rule: (event.target as HTMLSelectElement).value as Rule })}>
          ${RULES.map((rule) => html`<option value=${rule} .selected=${live(rule === made.rule)}>${m(`rule.${rule}`)}</option>`)}
        </select></label>
        <span>${side("rows")} × ${side("columns")}</span>
        <button type="button" class="button small" @click=${() => take({ from: "made", ...made })}>${m("matrices.make", { name })}</button>
      </div>
      ${which === 1 && layers.length ? html`<label>${m("matrices.layer")} <select @change=${(event: Event) => {
        const node = (event.target as HTMLSelectElement).value;
        if (node) take({ from: "layer", node: Number(node) });
      }}><option value="">–</option>${layers.map(({ node, name, size }) => html`<option value=${node}>${name} ${node}: ${size[0]} × ${size[1]}</option>`)}</select></label>` : nothing}
      <details><summary>${m("matrices.paste")}</summary>
        <textarea rows="4" spellcheck="false" aria-label=${m("matrices.text", { name })} placeholder="1 2 3&#10;4 5 6"
          @change=${(event: Event) => take({ from: "text", text: (event.target as HTMLTextAreaElement).value })}></textarea>
      </details>
    </fieldset>`;
  }

  #product(report: MatmulReport): TemplateResult {
    const { measured } = this.snapshot.memory.matrices;
    const rows: CostRow[] = [
      { id: "macro", name: report.array.name, latency: report.latency, energy: report.system_energy } as CostRow,
      ...report.processors,
    ];
    return html`<div class="memory-buttons"><button type="button" class="button small" @click=${() => this.#act({ memory: "measure" })}>${m("matrices.measure")}</button></div>
      ${choices(rows)}
      ${measured ? html`<table class="data memory-measured"><thead><tr><th scope="col">${m("matrices.here")}</th><th scope="col">${m("memory.time")}</th></tr></thead>
        <tbody>${measured.map(here)}</tbody></table>` : nothing}
      <p>${m("memory.facts", {
        size: report.size.join(" × "), cycles: format.count(report.cycles.value), macs: format.count(report.macs.value),
        use: format.figure(report.utilisation), own: format.figure(report.macro_energy),
        error: report.largest_error.value === 0 ? m("memory.exact") : m("memory.error", { error: format.figure(report.relative_error) }),
      })}</p>
      <ul class="findings">${report.break_even.map(({ sentence }) => html`<li>${sentence}</li>`)}</ul>
      <div class="memory-pictures">
        <figure><figcaption>${m("memory.parts")}</figcaption>${parts(report.parts)}</figure>
        <figure><figcaption>${m("matrices.map")}</figcaption>${map({
          rows: report.array.rows,
          placements: report.placements,
          label: m("matrices.tiles", { tiles: String(report.placements.length), rows: String(report.array.rows) }),
          name: ({ tile }) => m("matrices.tile", { tile: String(tile + 1) }),
        })}</figure>
      </div>`;
  }

  #act(what: MemoryAction): void {
    this.act({ ask: "memory", what });
  }

  #take(files: Promise<InputFile[]>): void {
    void files.then((files) => this.#act({ memory: "matrices", files }));
  }

  #choose = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    if (input.files?.length) this.#take(read([...input.files]));
    input.value = "";
  };

  /** Arrays that are dropped here are A and B, and not inputs of the model. */
  #drop = (event: DragEvent): void => {
    this.over = false;
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    this.#take(dropped(event.dataTransfer).then(read));
  };
}

function here({ id, seconds, error }: Measured): TemplateResult {
  return html`<tr><th scope="row">${m(`measured.${id}`)}</th>
    <td>${seconds === undefined ? m("measured.none", { why: error ?? "" }) : `${format.text(seconds, "s")} · ${t("kind.measured")}`}</td></tr>`;
}

define("mw-matrices", Matrices);
