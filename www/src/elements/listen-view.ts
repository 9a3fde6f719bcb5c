// Listen: a clip as a spectrogram, and what both models say to it.

import { html, nothing, type TemplateResult } from "lit";
import * as format from "../format";
import type { Snapshot } from "../snapshot";
import { t } from "../text";
import { define, PageElement } from "./base";
import { icon } from "./parts";
import "./answers";
import "./spectrogram";

/** Test items offered as chips at once; the arrows reach all. */
const CHIPS = 6;

export class ListenView extends PageElement {
  static override properties = { snapshot: { attribute: false } };

  snapshot!: Snapshot;
  #panel: HTMLElement | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    // Space on the stage records, as long as no control in it has the focus.
    this.#panel = this.closest<HTMLElement>(".stage-panel");
    this.#panel?.addEventListener("keydown", this.#space);
    this.#panel?.addEventListener("keyup", this.#space);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#panel?.removeEventListener("keydown", this.#space);
    this.#panel?.removeEventListener("keyup", this.#space);
  }

  #space = (event: KeyboardEvent): void => {
    if (event.key !== " " || event.target !== this.#panel) return;
    event.preventDefault();
    if (!event.repeat) this.act({ do: "record", on: event.type === "keydown" });
  };

  protected override render(): TemplateResult {
    const { listening, card, data, ready } = this.snapshot;
    const { clip, spectrogram, recording, playing } = listening;
    const keyword = card?.task === "classification";
    return html`
      <div class="listen">
        ${listening.soundless && !clip
          ? html`<p class="remark">${t("listen.no-sound")}</p>`
          : html`<mw-spectrogram .view=${spectrogram}></mw-spectrogram>`}
        <div class="transport">
          <button
            type="button" class="button icon-only play" ?disabled=${!clip}
            aria-label=${playing ? t("listen.stop") : t("listen.play")} @click=${() => this.act({ do: "play" })}
          >${icon(playing ? "stop" : "play")}</button>
          <button
            type="button" class="button record ${recording ? "live" : ""}" aria-pressed=${recording ? "true" : "false"}
            ?disabled=${!ready} @pointerdown=${(event: PointerEvent) => this.#press(event, true)}
            @pointerup=${(event: PointerEvent) => this.#press(event, false)}
            @click=${this.#click}
          >
            ${icon("mic")}<span>${recording ? t("listen.recording") : keyword ? t("listen.speak") : t("listen.record")}</span>
          </button>
          <span class="clip-name">
            ${clip ? html`<strong>${clip.name}</strong>` : nothing}
            ${clip?.label ? html`<span class="truth">${t("listen.truth", { label: clip.label })}</span>` : nothing}
          </span>
          <span class="spring"></span>
          ${data && !listening.soundless ? this.#stepper(Number(listening.id), data.test_items) : nothing}
        </div>
        ${this.#chips()}
        <mw-answers .snapshot=${this.snapshot}></mw-answers>
      </div>
    `;
  }

  #stepper(at: number, items: number): TemplateResult {
    const step = (by: number): void =>
      this.act({ do: "clip", id: String(Number.isNaN(at) ? 0 : (at + by + items) % items) });
    return html`<span class="stepper">
      <button type="button" class="button icon-only" aria-label=${t("listen.previous")} @click=${() => step(-1)}>${icon("left")}</button>
      <span class="stepper-text">${Number.isNaN(at)
        ? t("listen.items", { n: format.integer(items) })
        : t("listen.item", { at: format.integer(at + 1), n: format.integer(items) })}</span>
      <button type="button" class="button icon-only" aria-label=${t("listen.next")} @click=${() => step(1)}>${icon("right")}</button>
    </span>`;
  }

  #chips(): TemplateResult {
    const { listening, data, b } = this.snapshot;
    const chip = (id: string, label: string, flipped = false): TemplateResult => html`<button
      type="button" class="chip ${flipped ? "flipped" : ""}" aria-pressed=${listening.id === id ? "true" : "false"}
      @click=${() => this.act({ do: "clip", id })}
    >${flipped ? html`<span class="unequal" aria-hidden="true">≠</span>` : nothing}${label}</button>`;
    const shown = listening.soundless ? 0 : Math.min(CHIPS, data?.test_items ?? 0);
    const items = Array.from({ length: shown }, (_, item) => String(item));
    const flips = listening.soundless ? [] : b.report?.evaluation?.flips ?? [];
    return html`<div class="chips" role="group" aria-label=${t("listen.clips")}>
      ${listening.own.map(({ id, name }) => chip(id, name))}
      ${items.map((item) => chip(item, t("listen.clip", { n: String(Number(item) + 1) })))}
      ${flips.length ? html`<span class="chips-label">${t("listen.flips", { n: format.integer(flips.length) })}</span>` : nothing}
      ${flips.slice(0, CHIPS).map(({ item, name }) => chip(String(item), name || String(item + 1), true))}
    </div>`;
  }

  #press(event: PointerEvent, on: boolean): void {
    if (event.button !== 0) return;
    if (on) (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    this.act({ do: "record", on });
  }

  /** A click without a pointer: Enter or Space on the button, or a screen reader. */
  #click(event: MouseEvent): void {
    if (event.detail === 0) this.act({ do: "record", on: true });
  }
}

define("mw-listen-view", ListenView);
