// What the cost models are worth: goals, what was reached on chips and boards left out, and why.

import { html, nothing, type TemplateResult } from "lit";
import * as format from "../../../ui/format";
import type { MemoryAction, MemoryView } from "../slice";
import { m } from "../text";
import type { WorthRow } from "../../../engine/types";

export function worth({ worth }: MemoryView, act: (what: MemoryAction) => void): TemplateResult {
  const ask = (event: Event): void => {
    if ((event.target as HTMLDetailsElement).open) act({ memory: "worth" });
  };
  return html`<details class="memory-worth" @toggle=${ask}><summary>${m("worth.title")}</summary>
    ${worth ? table(worth) : html`<p class="quiet">${m("memory.running")}</p>`}
  </details>`;
}

function table(rows: readonly WorthRow[]): TemplateResult {
  return html`<div class="scroller" tabindex="0" role="region" aria-label=${m("worth.title")}><table class="data">
    <thead><tr>${(["worth.what", "worth.goal", "worth.found", "worth.is-met"] as const).map((key) => html`<th scope="col">${m(key)}</th>`)}</tr></thead>
    <tbody>${rows.map(({ what, goal, found, met, why }) => html`<tr><th scope="row">${what}${why ? html` <span class="quiet">${why}.</span>` : nothing}</th><td>${format.figure(goal)}</td><td>${format.figure(found)}</td>
      <td>${m(met ? "worth.met" : "worth.not-met")}</td></tr>`)}</tbody></table></div>
    <p class="quiet">${m("worth.all")}</p>`;
}
