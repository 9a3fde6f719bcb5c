// An own clip: its waveform with a handle at either end, its name and label, and away with it.

import { html, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import * as format from "../../ui/format";
import type { Action, OwnAction, OwnClip, Seen } from "./slice";
import { OWN } from "../../engine/bench/state";
import { t } from "./text";
import { define, PageElement } from "../../ui/base";
import { icon } from "../../ui/parts";

type Change = (OwnAction & { own: "edit" })["change"];
type End = "start" | "end";

/** The handles' step, and how near to each other they may come, in seconds. */
const STEP = 0.01;
const LEAST = 0.05;

export class ClipEditor extends PageElement<Action> {
  static override properties = { snapshot: { attribute: false }, clip: { attribute: false }, wave: { attribute: false }, dragged: { state: true } };

  snapshot!: Seen;
  clip!: OwnClip;
  /** The whole recording: lowest and highest sample of each column, in turn. */
  wave: Float32Array | undefined;
  /** Where the handles are while one of them is moved. */
  dragged: Partial<Record<End, number>> = {};

  protected override render(): TemplateResult {
    const { clip, snapshot } = this;
    const { start, end } = { ...clip, ...this.dragged };
    const length = this.#length;
    const columns = (this.wave?.length ?? 2) / 2;
    return html`<div class="editor" role="group" aria-label=${t("own.edit", { name: clip.name })}>
      <div class="wave" @pointerdown=${this.#point}>
        <svg viewBox="0 -1 ${columns} 2" preserveAspectRatio="none" aria-hidden="true">
          <path d=${outline(this.wave)} />
          <rect class="cut" y="-1" width=${(start / length) * columns} height="2" />
          <rect class="cut" x=${(end / length) * columns} y="-1" width=${(1 - end / length) * columns} height="2" />
        </svg>
        ${this.#handle("start", start, t("own.start"))}
        ${this.#handle("end", end, t("own.end"))}
      </div>
      <div class="editor-row">
        <label>${t("own.name")} <input
          class="clip-title" maxlength="60" autocomplete="off" .value=${live(clip.name)}
          @change=${(event: Event) => this.#text(event, "name")}
        /></label>
        <label>${t("own.label")} <input
          class="clip-label" maxlength="40" autocomplete="off" list="own-labels" .value=${live(clip.label)}
          placeholder=${t("own.no-label")} @change=${(event: Event) => this.#text(event, "label")}
        /></label>
        <datalist id="own-labels">${snapshot.clips.labels.map((label) => html`<option value=${label}></option>`)}</datalist>
        <span class="quiet">${format.seconds(start)} – ${format.seconds(end)}${snapshot.state.data === OWN
          ? html` · ${snapshot.clips.calibrating.includes(clip.id) ? t("own.calibrates") : t("own.tests")}`
          : ""}</span>
        <span class="spring"></span>
        <button type="button" class="button small delete" @click=${this.#delete}>${icon("bin")}${t("own.delete")}</button>
      </div>
    </div>`;
  }

  get #length(): number {
    return this.clip.whole.length / this.clip.rate;
  }

  #handle(end: End, value: number, label: string): TemplateResult {
    return html`<input
      type="range" class="handle ${end}" min="0" max=${this.#length} step=${STEP} .value=${live(String(value))}
      aria-label=${label} aria-valuetext=${format.seconds(value)}
      @input=${(event: Event) => this.#drag(end, Number((event.target as HTMLInputElement).value))}
      @change=${this.#settle}
    />`;
  }

  #drag(end: End, to: number): void {
    const { start, end: last } = { ...this.clip, ...this.dragged };
    const value = end === "start" ? Math.max(0, Math.min(to, last - LEAST)) : Math.min(this.#length, Math.max(to, start + LEAST));
    this.dragged = { ...this.dragged, [end]: value };
  }

  #settle(): void {
    const change = this.dragged;
    this.dragged = {};
    if (Object.keys(change).length) this.#change(change);
  }

  /** A press beside the handles brings the nearer one there: nobody has to drag. */
  #point(event: PointerEvent): void {
    if (event.target instanceof HTMLInputElement || event.button !== 0) return;
    const { left, width } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const to = Math.round(((event.clientX - left) / width) * this.#length / STEP) * STEP;
    const { start, end } = this.clip;
    this.#drag(Math.abs(to - start) < Math.abs(to - end) ? "start" : "end", to);
    this.#settle();
  }

  #text(event: Event, field: "name" | "label"): void {
    const value = (event.target as HTMLInputElement).value.trim();
    // A clip without a name could not be found again.
    if (value || field === "label") this.#change({ [field]: value });
    else this.requestUpdate();
  }

  #change(change: Change): void {
    this.act({ ask: "clips", what: { own: "edit", id: this.clip.id, change } });
  }

  #delete(): void {
    this.act({ ask: "clips", what: { own: "delete", id: this.clip.id } });
    // The button may be gone with the last clip: the focus stays in the view.
    requestAnimationFrame(() => {
      if (!this.isConnected) document.getElementById("stage-panel")?.focus();
    });
  }
}

/** A line down and up for each column. */
function outline(wave: Float32Array | undefined): string {
  if (!wave) return "";
  return Array.from({ length: wave.length / 2 }, (_, at) =>
    `M${at + 0.5} ${-(wave[2 * at + 1] ?? 0) - 0.01}V${-(wave[2 * at] ?? 0) + 0.01}`).join("");
}

define("mw-clip-editor", ClipEditor);
