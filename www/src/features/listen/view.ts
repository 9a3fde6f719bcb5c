// Listen: a clip as a spectrogram, and what both models say to it.

import { html, nothing, type TemplateResult } from "lit";
import * as format from "../../ui/format";
import type { Action, Seen } from "./slice";
import { OWN } from "../../engine/bench/state";
import { t } from "./text";
import { define, PageElement } from "../../ui/base";
import { icon } from "../../ui/parts";
import "../../ui/answers";
import "../clips/index";
import "../live/index";
import "../../ui/spectrogram";
import "./style.css";

/** Test items offered as chips at once; the arrows reach all. */
const CHIPS = 6;

export class ListenView extends PageElement<Action> {
  static override properties = { snapshot: { attribute: false } };

  snapshot!: Seen;
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
    if (!event.repeat && this.snapshot.live.phase === "off") this.act({ ask: "listen", what: { listen: "record", on: event.type === "keydown" } });
  };

  protected override render(): TemplateResult {
    const { listen: listening, card, data, ready, live, clips: own, a, b } = this.snapshot;
    const { clip, spectrogram, recording, playing } = listening;
    const keyword = card?.task === "classification";
    const mine = own.clips.find(({ id }) => id === listening.id);
    if (live.phase === "on") {
      return html`<div class="listen">
        <div class="transport">${this.#toggle()}
          <button type="button" class="button keep" @click=${() => this.act({ ask: "live", what: { live: "keep" } })}>
            ${icon("save")}<span>${keyword ? t("live.keep-word") : t("live.keep")}</span>
          </button>
        </div>
        <mw-live-view .snapshot=${this.snapshot} .feed=${live.feed}></mw-live-view>
      </div>`;
    }
    return html`
      <div class="listen">
        ${listening.soundless && !clip
          ? html`<p class="remark">${t("listen.no-sound")}</p>`
          : html`<mw-spectrogram .view=${spectrogram}></mw-spectrogram>`}
        ${mine ? html`<mw-clip-editor .snapshot=${this.snapshot} .clip=${mine} .wave=${listening.wave}></mw-clip-editor>` : nothing}
        <div class="transport">
          <button
            type="button" class="button icon-only play" ?disabled=${!clip}
            aria-label=${playing ? t("listen.stop") : t("listen.play")} @click=${() => this.act({ ask: "listen", what: { listen: "play" } })}
          >${icon(playing ? "stop" : "play")}</button>
          <button
            type="button" class="button record ${recording ? "live" : ""}" aria-pressed=${recording ? "true" : "false"}
            ?disabled=${!ready || live.phase !== "off"} @pointerdown=${(event: PointerEvent) => this.#press(event, true)}
            @pointerup=${(event: PointerEvent) => this.#press(event, false)}
            @click=${this.#click}
          >
            ${icon("mic")}<span>${recording ? t("listen.recording") : keyword ? t("listen.speak") : t("listen.record")}</span>
          </button>
          ${this.#toggle()}
          <span class="clip-name">
            ${clip ? html`<strong>${clip.name}</strong>` : nothing}
            ${clip?.label ? html`<span class="truth">${t("listen.truth", { label: clip.label })}</span>` : nothing}
          </span>
          <span class="spring"></span>
          ${data && !listening.soundless ? this.#stepper(Number(listening.id), data.test_items) : nothing}
        </div>
        ${this.#chips()}
        <mw-own-set .snapshot=${this.snapshot} .soundless=${listening.soundless}></mw-own-set>
        <mw-answers
          .answers=${{ a: a.answer, b: b.answer }} .errors=${{ a: a.answerError, b: b.answerError }}
          .thresholds=${card?.task === "reconstruction"}
        ></mw-answers>
      </div>
    `;
  }

  /** Starts and ends listening; while it is on, a light says so. */
  #toggle(): TemplateResult {
    const { live, ready, listen } = this.snapshot;
    const off = live.phase === "off";
    return html`<button
      type="button" class="button live-toggle ${off ? "" : "live"}" aria-pressed=${off ? "false" : "true"}
      ?disabled=${!ready || listen.recording} @click=${() => this.act({ ask: "live", what: { live: off ? "start" : "stop" } })}
    >
      ${off ? icon("live") : html`<span class="light" aria-hidden="true"></span>`}
      <span>${off ? t("live.start") : live.phase === "on" ? t("live.stop") : t("live.starting")}</span>
    </button>`;
  }

  #stepper(at: number, items: number): TemplateResult {
    const step = (by: number): void =>
      this.act({ ask: "listen", what: { listen: "choose", id: String(Number.isNaN(at) ? 0 : (at + by + items) % items) } });
    return html`<span class="stepper">
      <button type="button" class="button icon-only" aria-label=${t("listen.previous")} @click=${() => step(-1)}>${icon("left")}</button>
      <span class="stepper-text">${Number.isNaN(at)
        ? t("listen.items", { n: format.integer(items) })
        : t("listen.item", { at: format.integer(at + 1), n: format.integer(items) })}</span>
      <button type="button" class="button icon-only" aria-label=${t("listen.next")} @click=${() => step(1)}>${icon("right")}</button>
    </span>`;
  }

  #chips(): TemplateResult {
    const { listen: listening, data, b, clips: own, state } = this.snapshot;
    const chip = (id: string, label: string, flipped = false): TemplateResult => html`<button
      type="button" class="chip ${flipped ? "flipped" : ""}" aria-pressed=${listening.id === id ? "true" : "false"}
      @click=${() => this.act({ ask: "listen", what: { listen: "choose", id } })}
    >${flipped ? html`<span class="unequal" aria-hidden="true">≠</span>` : nothing}${label}</button>`;
    const shown = listening.soundless ? 0 : Math.min(CHIPS, data?.test_items ?? 0);
    const items = Array.from({ length: shown }, (_, item) => String(item));
    const flips = listening.soundless ? [] : b.report?.evaluation?.flips ?? [];
    return html`<div class="chips" role="group" aria-label=${t("listen.clips")}>
      ${own.clips.length
        ? html`<span class="own-chips" @keydown=${this.#key}>${own.clips.map((clip) => html`<button
            type="button" class="chip own" data-own=${clip.id} aria-pressed=${listening.id === clip.id ? "true" : "false"}
            @click=${() => this.act({ ask: "listen", what: { listen: "choose", id: clip.id } })}
          >${clip.name}${clip.label ? html`<span class="chip-label">${clip.label}</span>` : nothing}${
            state.data === OWN && own.calibrating.includes(clip.id)
              ? html`<span class="chip-label">${t("own.chip-calibrates")}</span>`
              : nothing
          }</button>`)}</span>`
        : nothing}
      ${items.map((item) => chip(item, t("listen.clip", { n: String(Number(item) + 1) })))}
      ${flips.length ? html`<span class="chips-label">${t("listen.flips", { n: format.integer(flips.length) })}</span>` : nothing}
      ${flips.slice(0, CHIPS).map(({ item, name }) => chip(String(item), name || String(item + 1), true))}
    </div>`;
  }

  #key(event: KeyboardEvent): void {
    const id = (event.target as HTMLElement).dataset["own"];
    if (event.key !== "Delete" || !id) return;
    event.preventDefault();
    this.act({ ask: "clips", what: { own: "delete", id } });
    // With the next frame its neighbour is chosen, or the test clips are all there is.
    const focus = (selector: string): boolean => {
      const found = this.querySelector<HTMLElement>(selector);
      found?.focus();
      return found !== null;
    };
    requestAnimationFrame(() => focus("[data-own][aria-pressed=true]") || focus(".stepper button"));
  }

  #press(event: PointerEvent, on: boolean): void {
    if (event.button !== 0) return;
    if (on) (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    this.act({ ask: "listen", what: { listen: "record", on } });
  }

  /** A click without a pointer: Enter or Space on the button, or a screen reader. */
  #click(event: MouseEvent): void {
    if (event.detail === 0) this.act({ ask: "listen", what: { listen: "record", on: true } });
  }
}

define("mw-listen-view", ListenView);
