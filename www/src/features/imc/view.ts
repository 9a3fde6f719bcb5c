// In-memory compute: B's candidate in an array of memory that multiplies, beside the processor; and two matrices.

import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import * as format from "../../ui/format";
import type { Action, Seen } from "./slice";
import { m } from "./text";
import type { ImcReport } from "../../engine/types";
import { define, PageElement } from "../../ui/base";
import { chips } from "./parts/chips";
import "./parts/editor";
import "./parts/matrices";
import { choices, joules, map, parts } from "./parts/pictures";
import { worth } from "./parts/worth";
import "./style.css";

export class MemoryViewElement extends PageElement<Action> {
  static override properties = { snapshot: { attribute: false } };

  snapshot!: Seen;

  protected override render(): TemplateResult {
    const { memory } = this.snapshot;
    const { report, error, running } = memory;
    return html`<div class="memory">
      ${this.#controls()}
      ${error ? html`<p class="remark blocks">${error}</p>` : nothing}
      ${report ? this.#network(report) : running ? html`<p class="quiet">${m("memory.running")}</p>` : nothing}
      ${report ? chips(memory, (what) => this.act({ ask: "memory", what })) : nothing}
      <mw-script-editor .snapshot=${this.snapshot}></mw-script-editor>
      ${worth(memory, (what) => this.act({ ask: "memory", what }))}
      <mw-matrices .snapshot=${this.snapshot}></mw-matrices>
    </div>`;
  }

  #controls(): TemplateResult {
    const { memory } = this.snapshot;
    const chosen = memory.macros.find(({ id }) => id === memory.array);
    const number = (event: Event): number => Number((event.target as HTMLInputElement).value);
    return html`<div class="memory-controls">
      <label>${m("memory.macro")}
        <select @change=${(event: Event) => this.act({ ask: "memory", what: { memory: "macro", id: (event.target as HTMLSelectElement).value } })}>
          ${memory.macros.filter(({ digital }) => digital).map(({ id, name }) => html`<option value=${id} .selected=${live(id === memory.array)}>${name}</option>`)}
        </select>
      </label>
      <label>${m("memory.supply")}
        <input type="number" min="0.4" max="1.3" step="0.05" .value=${live(String(memory.supply ?? chosen?.supply ?? ""))}
          @change=${(event: Event) => this.act({ ask: "memory", what: { memory: "supply", volts: number(event) } })} />
      </label>
      <label>${m("memory.count")}
        <input type="number" min="1" max="256" step="1" .value=${live(String(memory.count ?? chosen?.count ?? ""))}
          @change=${(event: Event) => this.act({ ask: "memory", what: { memory: "count", macros: number(event) } })} />
      </label>
      ${chosen
        ? html`<p class="quiet">${m("memory.card", { rows: String(chosen.rows), columns: String(chosen.columns), node: format.real(chosen.node), capacity: format.figure(chosen.capacity), energy: format.figure(chosen.mac_energy) })}
            <strong>${chosen.label}</strong>: ${chosen.sentence}</p>`
        : nothing}
    </div>`;
  }

  #modelBit(): TemplateResult {
    const { modelBit } = this.snapshot.memory;
    const enter = (event: Event): void => {
      const input = event.target as HTMLInputElement;
      if (!input.reportValidity()) return;
      this.act({ ask: "memory", what: { memory: "model-bit", ...(input.value !== "" && { picojoules: Number(input.value) }) } });
    };
    return html`<p class="model-bit"><label>${m("joule.bit")}
      <input type="number" min="0" max="10000" step="any" placeholder=${m("joule.unknown")} .value=${live(modelBit === undefined ? "" : String(modelBit))} @change=${enter} /></label>
      <span class="quiet">${m("joule.bit-note")}</span></p>`;
  }

  #network(report: ImcReport): TemplateResult {
    return html`<section aria-label=${m("memory.network")}>
      <h3>${m("memory.network")}</h3>
      ${choices(report.choices)}
      <ul class="findings">${report.findings.map((sentence) => html`<li>${sentence}</li>`)}</ul>
      <figure class="memory-joules"><figcaption>${m("joule.title")}. ${m("joule.what")}</figcaption>${joules(report.joules)}
        ${this.#modelBit()}</figure>
      <div class="memory-pictures">
        <figure><figcaption>${m("memory.parts")}</figcaption>${parts(report.parts)}</figure>
        <figure><figcaption>${m("memory.map")}</figcaption>${map({
          rows: report.array.rows,
          placements: report.placements,
          label: m("memory.map-label", { taken: String(report.arrays[0]), there: String(report.arrays[1]) }),
          name: ({ layer }) => `${report.layers[layer]?.name ?? ""} ${report.layers[layer]?.node ?? ""}`,
        })}</figure>
      </div>
      <p class="quiet">${[
        report.same_bytes ? m("memory.same", { same: String(report.same_bytes[1]), of: String(report.same_bytes[0]) }) : "",
        report.score ? m("memory.score", { score: format.figure(report.score) }) : "",
        m("memory.efficiency", { own: format.figure(report.efficiency[0]), system: format.figure(report.efficiency[1]) }),
      ].filter(Boolean).join(" ")}</p>
      <div class="scroller" tabindex="0" role="region" aria-label=${m("memory.layers")}><table class="data">
        <thead><tr>${(["memory.layer", "memory.tiles", "memory.utilisation", "memory.time", "memory.energy-macro", "memory.energy-system", "memory.energy-cpu", "memory.better"] as const)
          .map((key) => html`<th scope="col">${m(key)}</th>`)}</tr></thead>
        <tbody>${report.layers.map((layer) => html`<tr>
          <th scope="row">${layer.name} ${layer.node}</th><td>${layer.tiles}${layer.copies > 1 ? ` × ${layer.copies}` : ""}</td>
          <td>${format.figure(layer.utilisation)}</td><td>${format.figure(layer.latency)}</td><td>${format.figure(layer.macro_energy)}</td>
          <td>${format.figure(layer.system_energy)}</td><td>${format.figure(layer.processor.energy)}</td>
          <td class="words">${layer.better === "macro" ? m("memory.in-array") : m("memory.on-cpu")}</td>
        </tr>`)}</tbody>
      </table></div>
    </section>`;
  }
}

define("mw-memory-view", MemoryViewElement);
