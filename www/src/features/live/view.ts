// Listening now: the rolling picture, the meters, both answers as they come, and what was detected.

import { html, nothing, type TemplateResult } from "lit";
import * as format from "../../ui/format";
import type { LiveHeard } from "./controller";
import type { Action, Seen } from "./slice";
import { t } from "./text";
import { type Answer, type Figure, type Level, type LiveEvent, type LiveSettings, SIDES, type SideName } from "../../engine/types";
import { define, PageElement } from "../../ui/base";
import { kind, letter } from "../../ui/parts";
import { type Rolling, SECONDS } from "./rolling";
import "../../ui/answers";
import "./style.css";

interface Told {
  at: number;
  label: string;
  sides: { side: SideName; score: number }[];
}

/** One moment of the error's trace. */
interface Moment {
  at: number;
  fractions: Partial<Record<SideName, number>>;
}

const MOST_TOLD = 8;
/** Both sides tell the same sound within this many seconds. */
const TOGETHER_S = 0.5;
const HOPS = [50, 100, 200, 500];
const AVERAGES = [0, 200, 400, 600, 1000, 2000];
const RESTS = [500, 1000, 2000, 5000];

export class LiveView extends PageElement<Action> {
  static override properties = { snapshot: { attribute: false }, feed: { attribute: false } };

  snapshot!: Seen;
  feed!: EventTarget;
  #heard: EventTarget | undefined;
  #levels: { before: Level; after: Level } | undefined;
  #answers: Partial<Record<SideName, Answer>> = {};
  #latency: Figure | undefined;
  #skipped = 0;
  #top = 0;
  #told: Told[] = [];
  #trace: Moment[] = [];

  override connectedCallback(): void {
    super.connectedCallback();
    this.#heard = this.feed;
    this.#heard.addEventListener("heard", this.#hear);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#heard?.removeEventListener("heard", this.#hear);
  }

  #hear = (event: Event): void => {
    for (const one of (event as LiveHeard).events) this.#take(one);
    this.requestUpdate();
  };

  #take(event: LiveEvent): void {
    switch (event.event) {
      case "column":
        this.#top = event.top_hz;
        return this.querySelector<Rolling>("mw-rolling")?.add(event.levels);
      case "level":
        this.#levels = event;
        return;
      case "answer": {
        const sides = SIDES.flatMap((side, at) => (event.answers[at] ? [[side, event.answers[at]] as const] : []));
        this.#answers = Object.fromEntries(sides);
        this.#latency = event.latency;
        this.#skipped = event.skipped;
        const fractions = Object.fromEntries(sides.map(([side, answer]) => [side, answer.bars[0]?.fraction ?? 0]));
        this.#trace = [...this.#trace.filter(({ at }) => at > event.at_s - SECONDS), { at: event.at_s, fractions }];
        return;
      }
      case "detection":
        return this.#tell(event.at_s, event.label, SIDES[event.side] ?? "a", event.score);
    }
  }

  #tell(at: number, label: string, side: SideName, score: number): void {
    const same = this.#told.find((told) => told.label === label && at - told.at < TOGETHER_S);
    if (same && !same.sides.some((known) => known.side === side)) {
      same.sides = [...same.sides, { side, score }].sort((one, other) => (one.side < other.side ? -1 : 1));
    }
    else this.#told = [...this.#told, { at, label, sides: [{ side, score }] }].slice(-MOST_TOLD);
  }

  protected override render(): TemplateResult {
    const { live, card } = this.snapshot;
    const rebuilds = card?.task === "reconstruction";
    return html`
      <div class="rolling">
        <div class="spectrogram-axis" aria-hidden="true"><span>${this.#top ? html`${format.integer(this.#top / 1000)} kHz` : nothing}</span><span>0</span></div>
        <mw-rolling></mw-rolling>
      </div>
      ${rebuilds ? this.#errors() : nothing}
      <div class="live-line">
        ${this.#meter(t("live.before"), this.#levels?.before)}
        ${this.#meter(t("live.after", { normalizer: this.#normalizer }), this.#levels?.after)}
        <p class="latency" title=${this.#latency?.note ?? ""}>${this.#latency
          ? html`<span class="number">${format.figure(this.#latency)}</span> ${t("live.latency")} ${kind("measured")}`
          : t("live.waiting")}</p>
      </div>
      ${this.#skipped ? html`<p class="remark warning">${t("live.skipped", { n: format.integer(this.#skipped) })}</p>` : nothing}
      <div role="log" aria-label=${t("live.detections")}><ol class="told">
        ${this.#told.length ? nothing : html`<li class="quiet">${t("live.none")}</li>`}
        ${[...this.#told].reverse().map(({ at, label, sides }) => html`<li>
          <strong>${label}</strong>
          ${sides.map(({ side, score }) => html`${letter(side)}<span>${rebuilds
            ? t("live.times", { n: format.real(Number(score.toFixed(2))) })
            : format.real(Number(score.toFixed(2)))}</span>`)}
          <span class="quiet">${t("live.at", { time: format.seconds(Number(at.toFixed(1))) })}</span>
        </li>`)}
      </ol></div>
      <mw-answers .answers=${this.#answers} .thresholds=${this.snapshot.card?.task === "reconstruction"} .live=${true}></mw-answers>
      ${live.settings ? this.#settings(live.settings, rebuilds) : nothing}
    `;
  }

  get #normalizer(): string {
    const { settings, normalizers } = this.snapshot.live;
    return normalizers.find(({ value }) => value === settings?.normalize)?.label.toLowerCase() ?? "";
  }

  #meter(name: string, level: Level | undefined): TemplateResult {
    const silent = level && level.peak_dbfs <= -100;
    const words = silent ? t("live.silent") : level
      ? t("live.level", { peak: format.text(level.peak_dbfs, "dBFS"), rms: format.text(level.rms_dbfs, "dBFS") })
      : t("live.no-level");
    return html`<div
      class="meter" role="meter" aria-label=${name} aria-valuemin="-100" aria-valuemax="0"
      aria-valuenow=${level ? Math.round(level.peak_dbfs) : -100} aria-valuetext=${words}
    >
      <span class="meter-name">${name}</span>
      <svg class="meter-bar ${level && level.peak_dbfs > -0.1 ? "clips" : ""}" viewBox="0 0 300 8" preserveAspectRatio="none" aria-hidden="true">
        <rect class="track" width="300" height="8" />
        <rect class="rms" width=${300 * (level?.rms_fraction ?? 0)} height="8" />
        <rect class="peak" x=${298 * (level?.peak_fraction ?? 0)} width="2" height="8" />
      </svg>
      <span class="quiet">${words}</span>
    </div>`;
  }

  /** The error of both sides over the picture's seconds; the threshold is the line in the middle. */
  #errors(): TemplateResult {
    const now = this.#trace.at(-1)?.at ?? 0;
    const line = (side: SideName): string =>
      this.#trace
        .filter(({ fractions }) => fractions[side] !== undefined)
        .map(({ at, fractions }) => `${(1 - (now - at) / SECONDS) * 600},${100 - (fractions[side] ?? 0) * 100}`)
        .join(" ");
    return html`<div class="errors" role="img" aria-label=${t("live.errors", { seconds: String(SECONDS) })}>
      <svg viewBox="0 0 600 100" preserveAspectRatio="none" aria-hidden="true">
        <line class="threshold" x1="0" x2="600" y1="50" y2="50" />
        <polyline class="line-a" points=${line("a")} />
        <polyline class="line-b" points=${line("b")} />
      </svg>
      <span class="errors-words quiet" aria-hidden="true">${t("live.threshold")}</span>
    </div>`;
  }

  #settings(settings: LiveSettings, rebuilds: boolean): TemplateResult {
    const set = (change: Partial<LiveSettings>): void =>
      this.act({ ask: "live", what: { live: "settings", settings: { ...settings, ...change } } });
    const choice = (field: "hop_ms" | "smoothing_ms" | "refractory_ms", label: string, values: number[]): TemplateResult => html`<label
      >${label} <select @change=${(event: Event) => set({ [field]: Number((event.target as HTMLSelectElement).value) })}>
        ${values.map((value) => html`<option value=${value} ?selected=${value === settings[field]}>${format.text(value, "ms-whole")}</option>`)}
      </select></label>`;
    const { normalizers } = this.snapshot.live;
    return html`<details class="live-settings">
      <summary>${t("live.settings")}</summary>
      <div class="live-choices">
        ${choice("hop_ms", t("live.hop"), HOPS)}
        ${choice("smoothing_ms", t("live.smoothing"), AVERAGES)}
        ${choice("refractory_ms", t("live.refractory"), RESTS)}
        ${rebuilds
          ? nothing
          : html`<label>${t("live.score")} <input
              type="range" class="range" min="0.3" max="0.95" step="0.05" .value=${String(settings.threshold)}
              aria-valuetext=${format.percent(settings.threshold)}
              @change=${(event: Event) => set({ threshold: Number((event.target as HTMLInputElement).value) })}
            /> <output>${format.percent(settings.threshold)}</output></label>`}
        ${normalizers.length > 1
          ? html`<label>${t("live.normalize")} <select @change=${(event: Event) => set({ normalize: (event.target as HTMLSelectElement).value })}>
              ${normalizers.map(({ value, label }) => html`<option value=${value} ?selected=${value === settings.normalize}>${label}</option>`)}
            </select></label>`
          : html`<span title=${normalizers[0]?.sentence ?? ""}>${t("live.normalize")} <strong>${normalizers[0]?.label ?? ""}</strong></span>`}
      </div>
      <p class="hint">${rebuilds ? t("live.hint-error") : t("live.hint-score")}</p>
    </details>`;
  }
}

define("mw-live-view", LiveView);
