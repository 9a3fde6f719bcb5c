// The device shelf: whether each side fits and stays under a milliwatt, in words.

import { html, nothing, type TemplateResult } from "lit";
import * as format from "../../ui/format";
import type { BenchAction, BenchView } from "../../engine/bench/view";
import { RATE } from "../../engine/bench/state";
import { t } from "./text";
import { type DeviceRow, SIDES, type SideName } from "../../engine/types";
import { define, PageElement } from "../../ui/base";
import { letter, verdict } from "../../ui/parts";
import "./style.css";

const STATES = { partial: "maybe", no: "no", borderline: "maybe" } as const;

export class Shelf extends PageElement<BenchAction> {
  static override properties = { snapshot: { attribute: false } };

  snapshot!: BenchView;

  protected override render(): TemplateResult {
    const { devices, state, a, b } = this.snapshot;
    const rows = devices.length ? devices : (b.report ?? a.report)?.devices ?? [];
    const published = this.#row("b", state.device)?.published ?? this.#row("a", state.device)?.published ?? [];
    return html`
      <section class="shelf" aria-label=${t("shelf.label")}>
        <div class="shelf-head">
          <h2>${t("shelf.label")}</h2>
          <p class="published">
            ${published.slice(0, 1).map(({ label, latency_s, energy_j, source }) => html`<span title=${source}
              >${t("shelf.published", {
                label, latency: format.text(latency_s, "s"), energy: energy_j == null ? "–" : format.text(energy_j, "J"),
              })}</span>`)}
          </p>
          <label class="rate">
            ${t("shelf.rate")}
            <input
              type="number" min=${RATE.min} max=${RATE.max} step="any" value=${format.bare(state.rate)}
              .value=${format.bare(state.rate)} @change=${this.#rate}
              @focus=${(event: FocusEvent) => (event.target as HTMLInputElement).select()}
            />
            <span>${t("shelf.per-second")}</span>
          </label>
        </div>
        <div class="devices" role="radiogroup" aria-label=${t("shelf.choose")}>
          ${rows.map(({ id, name, detail }) => this.#device(id, name, detail))}
        </div>
        <details class="whole">
          <summary>${t("shelf.whole", { name: rows.find(({ id }) => id === state.device)?.name ?? "" })}</summary>
          ${SIDES.map((side) => this.#whole(side))}
        </details>
      </section>
    `;
  }

  #row(side: SideName, id: string): DeviceRow | undefined {
    return this.snapshot[side].report?.devices.find((row) => row.id === id);
  }

  #device(id: string, name: string, detail: string): TemplateResult {
    const chosen = this.snapshot.state.device === id;
    const runtime = this.#row("b", id)?.runtime ?? this.#row("a", id)?.runtime;
    const about = runtime ? t("shelf.runtime", { runtime, detail }) : detail;
    return html`<label class="device ${chosen ? "chosen" : ""}">
      <input
        type="radio" name="device" value=${id} ?checked=${chosen} .checked=${chosen} class="visually-hidden"
        @change=${() => this.act({ do: "device", device: id })}
      />
      <span class="device-name"><span>${name}</span>${this.#bothFit(id)}</span>
      <span class="device-detail" title=${about}>${about}</span>
      ${SIDES.map((side) => this.#line(side, id))}
    </label>`;
  }

  /** The whole verdict of the chosen board, with its runtime and with TFLM, which the file is written for. */
  #whole(side: SideName): TemplateResult | typeof nothing {
    const row = this.#row(side, this.snapshot.state.device);
    if (!row) return nothing;
    const other = row.tflm?.power_sentence ?? row.tflm_missing;
    return html`<p>${letter(side)} ${row.power_sentence}${other && other !== row.power_sentence ? html`<br />${other}` : nothing}</p>`;
  }

  /** Said once where it is true of both sides; else each line says its own. */
  #bothFit(id: string): TemplateResult | typeof nothing {
    return SIDES.every((side) => this.#row(side, id)?.fits) ? verdict("yes", t("shelf.both-fit")) : nothing;
  }

  #line(side: SideName, id: string): TemplateResult {
    const row = this.#row(side, id);
    if (!row) return html`<span class="device-line">${letter(side)}<span class="quiet">–</span></span>`;
    const under = STATES[row.under_one_milliwatt as keyof typeof STATES] ?? "none";
    return html`<span class="device-line">
      ${letter(side)}
      ${row.fits
        ? html`<span class="power">
            ${row.power ? html`<span class="number">${format.figure(row.power)}</span>` : nothing}
            ${verdict(under, row.verdict)}
          </span>`
        : verdict(row.fits === false ? "no" : "none", row.fits_sentence)}
    </span>`;
  }

  #rate(event: Event): void {
    const input = event.target as HTMLInputElement;
    const rate = Number(input.value);
    if (rate > 0) this.act({ do: "rate", rate });
    input.value = format.bare(this.snapshot.state.rate);
  }
}

define("mw-shelf", Shelf);
