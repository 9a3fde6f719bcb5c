// Training: what is learned on each side, while it is learned.

import { extent } from "d3-array";
import { scaleLinear, scaleLog } from "d3-scale";
import { line } from "d3-shape";
import { html, nothing, svg, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { BUILT_IN } from "../../engine/bench/samples";
import * as format from "../../ui/format";
import { TRAIN, training, withStep } from "../../engine/bench/recipes";
import type { Action, Run, Seen } from "./slice";
import { keepTeacher, sampleTeacher, teachers, withTeacher } from "./teachers";
import { t } from "./text";
import { type EpochRow, type Recipe, SIDES, type SideName, type Teacher } from "../../engine/types";
import { define, PageElement } from "../../ui/base";
import { letter } from "../../ui/parts";
import "../../ui/weight-image";
import "./style.css";

const [WIDTH, HEIGHT] = [420, 210];
const [LEFT, RIGHT, TOP, BOTTOM] = [46, 10, 10, 24];
/** Points of a curve: more than the chart has pixels would only cost time. */
const POINTS = 400;

interface Series {
  side: SideName;
  run: Run;
}

export class TrainView extends PageElement<Action> {
  static override properties = { snapshot: { attribute: false } };

  snapshot!: Seen;
  /** Step sizes that were set by hand while it learned. */
  #rates: Partial<Record<SideName, { key: string; rate: number }>> = {};

  protected override render(): TemplateResult {
    const { state, train: runs } = this.snapshot;
    const learning = SIDES.filter((side) => training(state[side]));
    if (!learning.length) return this.#begin();
    const series = SIDES.flatMap((side) => {
      const run = runs[side];
      return run ? [{ side, run }] : [];
    });
    return html`<div class="train">
      <div class="train-sides">${learning.map((side) => this.#side(side, runs[side]))}</div>
      ${series.some(({ run }) => run.losses.length)
        ? html`<div class="train-charts">
            <figure><figcaption>${t("train.loss")}</figcaption>${losses(series)}</figure>
            ${series.some(({ run }) => run.epochs.some(({ accuracy }) => accuracy) || run.card?.before)
              ? html`<figure><figcaption>${t("train.accuracy")}</figcaption>${accuracies(series)}</figure>`
              : nothing}
          </div>`
        : nothing}
      ${series.map(({ side, run }) => this.#details(side, run, series.length > 1))}
    </div>`;
  }

  #begin(): TemplateResult {
    const { state, transforms, data, ready } = this.snapshot;
    const add = (): void => this.act({
      do: "recipe", side: "b", settled: true,
      recipe: { version: 1, steps: withStep(transforms, { version: 1, steps: [] }, TRAIN, true).steps.concat(state.b.steps) },
    });
    return html`<div class="train train-empty">
      <h2>${t("train.title")}</h2>
      <p>${t("train.what")}</p>
      ${data ? nothing : html`<p class="quiet">${t("train.no-data")}</p>`}
      <button type="button" class="button primary" ?disabled=${!ready} @click=${add}>${t("train.add")}</button>
    </div>`;
  }

  #side(side: SideName, run: Run | undefined): TemplateResult {
    const { snapshot } = this;
    const act = (train: "start" | "pause" | "go-on" | "keep" | "drop") => (): void => this.act({ ask: "train", what: { train, side } });
    const button = (train: Parameters<typeof act>[0], words: string, primary = false): TemplateResult =>
      html`<button type="button" class="button ${primary ? "primary" : "small"}" @click=${act(train)}>${words}</button>`;
    const owed = snapshot[side].untrained === true;
    const name = side.toUpperCase();
    if (!run) {
      return html`<section class="train-side ${side}" aria-label=${t("side.label", { side: name })}>
        <p>${letter(side)} ${owed ? t("train.owed") : t("train.done")}</p>
        ${this.#teacher(side)}
        <div class="train-buttons">
          ${button("start", owed ? t("train.start", { side: name }) : t("train.again", { side: name }), owed)}
        </div>
      </section>`;
    }
    const { news, card, phase } = run;
    const [done, total] = [news?.step ?? 0, news?.steps ?? card?.steps ?? 0];
    return html`<section class="train-side ${side}" aria-label=${t("side.label", { side: name })}>
      <p>${letter(side)} ${t(`train.${phase}`)}
        ${card ? html`<span class="quiet">${t("train.examples", { n: format.count(card.examples.value), judges: format.count(card.judges.value) })}</span>` : nothing}
      </p>
      <progress max=${Math.max(1, total)} value=${done} aria-label=${t("train.progress", { side: name })}></progress>
      <p class="train-figures">
        <span>${t("train.step", { done: format.integer(done), total: format.integer(total) })}</span>
        ${news?.speed ? html`<span title=${news.speed.note}>${t("train.speed", { n: format.integer(news.speed.value) })}</span>` : nothing}
        ${run.workers > 1 && phase !== "over" ? html`<span>${t("train.workers", { n: format.integer(run.workers) })}</span>` : nothing}
        ${phase === "running" && news?.left ? html`<span title=${news.left.note}>${t("train.left", { time: format.figure(news.left) })}</span>` : nothing}
        ${news && news.sparsity.value > 0 ? html`<span title=${news.sparsity.note}>${t("train.sparsity", { share: format.figure(news.sparsity) })}</span>` : nothing}
        ${news ? html`<span>${news.precision}</span>` : nothing}
        ${news ? html`<span>${t("train.rate", { rate: format.real(news.learning_rate) })}</span>` : nothing}
      </p>
      ${phase === "over" ? this.#teacher(side) : nothing}
      <div class="train-buttons">
        ${phase === "running" ? button("pause", t("train.pause")) : nothing}
        ${phase === "paused" ? button("go-on", t("train.go-on"), true) : nothing}
        ${(phase === "running" || phase === "paused") && done > 0 ? button("keep", t("train.keep")) : nothing}
        ${phase === "over" ? button("start", t("train.again", { side: name })) : button("drop", t("train.drop"))}
      </div>
    </section>`;
  }

  /** Who teaches, where the recipe learns from a teacher. */
  #teacher(side: SideName): TemplateResult | typeof nothing {
    const recipe = this.snapshot.state[side];
    const step = recipe.steps.find((step) => step.step === TRAIN);
    if (step?.step !== "train" || !step.plan?.distillation) return nothing;
    const set = (teacher: Teacher | undefined): void => this.act({ do: "recipe", side, settled: true, recipe: withTeacher(recipe, teacher) });
    const choose = async (event: Event): Promise<void> => {
      const { value } = event.target as HTMLSelectElement;
      if (value === "file") return this.querySelector<HTMLInputElement>(`#${side}-teacher-file`)?.click();
      const sample = BUILT_IN.find(({ id }) => id === value);
      set(sample ? await sampleTeacher(sample.id) : teachers().find(({ sha256 }) => sha256 === value));
    };
    const take = async (event: Event): Promise<void> => {
      const file = (event.target as HTMLInputElement).files?.[0];
      if (file) set(await keepTeacher(new Uint8Array(await file.arrayBuffer()), file.name));
    };
    const chosen = step.teacher;
    const others = [...teachers(), ...(chosen ? [chosen] : [])].filter(({ name, sha256 }, at, all) =>
      !BUILT_IN.some(({ id }) => `${id}.tflite` === name) && all.findIndex((other) => other.sha256 === sha256) === at);
    const value = BUILT_IN.find(({ id }) => `${id}.tflite` === chosen?.name)?.id ?? chosen?.sha256 ?? "";
    const entry = (key: string, label: string): TemplateResult =>
      html`<option value=${key} .selected=${live(key === value)}>${label}</option>`;
    return html`<label class="train-teacher">${t("train.teacher")}
        <select id="${side}-teacher" @change=${choose}>
          ${entry("", t("train.teacher-original"))}
          ${BUILT_IN.map(({ id, label }) => entry(id, label))}
          ${others.map(({ name, sha256 }) => entry(sha256, name))}
          ${entry("file", t("train.teacher-file"))}
        </select></label>
      <input id="${side}-teacher-file" type="file" accept=".tflite" hidden @change=${take} />`;
  }

  #details(side: SideName, run: Run, lettered: boolean): TemplateResult | typeof nothing {
    const { card } = run;
    if (!card) return nothing;
    const name = side.toUpperCase();
    const set = (event: Event): void => {
      const rate = Number((event.target as HTMLInputElement).value);
      if (!(rate > 0)) return;
      this.#rates[side] = { key: run.key, rate };
      this.act({ ask: "train", what: { train: "rate", side, rate } });
    };
    const chosen = this.#rates[side];
    const rate = chosen?.key === run.key ? chosen.rate : planned(this.snapshot.state[side]);
    const look = (event: Event): void =>
      this.act({ ask: "train", what: { train: "layer", side, node: Number((event.target as HTMLSelectElement).value) } });
    const runs = run.phase === "running" || run.phase === "paused";
    return html`<section class="train-details" aria-label=${t("train.details", { side: name })}>
      ${card.remarks.map((remark) => html`<p class="remark">${remark}</p>`)}
      ${runs
        ? html`<label class="train-rate">${lettered ? letter(side) : nothing} ${t("train.set-rate")}
            <input type="number" min="0.00001" max="1" step="any" .value=${live(String(rate))} @change=${set} />
            <span class="quiet">${t("train.set-rate-what")}</span></label>`
        : nothing}
      <div class="train-look">
        <div>
          <label>${lettered ? letter(side) : nothing} ${t("train.weights")}
            <select @change=${look}>
              ${card.layers.map(({ node, name: layer }) => html`<option value=${node} .selected=${live(node === run.layer)}>${node} ${layer}</option>`)}
            </select>
          </label>
          ${run.weights
            ? html`<mw-weight-image class="train-image" .view=${run.weights} .label=${t("train.image", { side: name })}></mw-weight-image>
                <p class="quiet">${run.weights.layout}</p>`
            : nothing}
        </div>
        ${card.classes.length && !judges(run) ? nothing : html`<div>
          <h3>${t("train.wrong")}</h3>
          ${run.wrong.length
            ? html`<ul class="train-wrong">${run.wrong.map(({ name: item, label, answer }) =>
                html`<li><span class="item">${item}</span> <span>${t("train.wrong-as", { label, answer })}</span></li>`)}</ul>`
            : html`<p class="quiet">${run.epochs.length ? t("train.none-wrong") : t("train.not-judged")}</p>`}
        </div>`}
      </div>
      ${run.epochs.length ? table(run.epochs) : nothing}
    </section>`;
  }
}

/** The highest step size of a recipe that learns, as it was changed last. */
function planned(recipe: Recipe): number {
  const step = recipe.steps.find((step) => step.step === TRAIN);
  return step?.step === "train" ? (step.changes?.at(-1)?.learning_rate ?? step.plan?.learning_rate ?? 0) : 0;
}

/** Whether it answers in classes, so that something can be wrong. */
const judges = ({ epochs }: Run): boolean => !epochs.length || epochs.some(({ accuracy }) => accuracy);

function table(epochs: readonly EpochRow[]): TemplateResult {
  return html`<details class="twin"><summary>${t("twin.summary")}</summary>
    <div class="scroller" tabindex="0"><table class="data">
      <thead><tr>${(["train.epoch", "train.loss", "train.judged-loss", "train.accuracy"] as const).map((key) => html`<th scope="col">${t(key)}</th>`)}</tr></thead>
      <tbody>${epochs.map(({ epoch, loss, judged_loss, accuracy }) => html`<tr>
        <th scope="row">${epoch}</th><td>${format.real(loss)}</td>
        <td>${judged_loss == null ? "–" : format.real(judged_loss)}</td><td>${accuracy ? `${format.figure(accuracy)} (${format.interval(accuracy)})` : "–"}</td>
      </tr>`)}</tbody>
    </table></div>
  </details>`;
}

/** The loss of each step, and of the examples that judge at each epoch's end. */
function losses(series: readonly Series[]): TemplateResult {
  const steps = Math.max(1, ...series.map(({ run }) => run.news?.steps ?? 1));
  const all = series.flatMap(({ run }) => [...run.losses, ...run.epochs.map((row) => row.judged_loss ?? row.loss)]).filter((loss) => loss > 0);
  const [least = 0.01, most = 1] = extent(all);
  const x = scaleLinear([0, steps], [LEFT, WIDTH - RIGHT]);
  const y = scaleLog([least, most], [HEIGHT - BOTTOM, TOP]).nice();
  const path = line<[number, number]>(([at]) => x(at), ([, loss]) => y(Math.max(loss, least)));
  const thin = ({ run }: Series): [number, number][] => {
    const every = Math.max(1, Math.ceil(run.losses.length / POINTS));
    return run.losses.flatMap((loss, at) => (at % every === 0 ? [[at + 1, loss] as [number, number]] : []));
  };
  const judged = ({ run }: Series): [number, number][] =>
    run.epochs.flatMap(({ step, judged_loss }) => (judged_loss == null ? [] : [[step, judged_loss] as [number, number]]));
  return chart(t("train.loss-label"), x.ticks(5).map((at) => [x(at), format.integer(at)]), ticks(y).map((at) => [y(at), format.real(at)]),
    series.map((one) => svg`<path class="train-line steps ${one.side}" d=${path(thin(one)) ?? ""} /><path class="train-line ${one.side}" d=${path(judged(one)) ?? ""} />`));
}

/** A logarithm's ticks: its powers of ten, or what fits where there are none. */
function ticks(y: ReturnType<typeof scaleLog<number, number>>): number[] {
  const all = y.ticks(4);
  const powers = all.filter((tick) => Number.isInteger(Math.round(Math.log10(tick) * 1e6) / 1e6));
  return powers.length > 1 ? powers : all.filter((_, at) => at % Math.max(1, Math.ceil(all.length / 4)) === 0);
}

/** How many of the examples that judge are right at each epoch's end; dashed, before anything was learned. */
function accuracies(series: readonly Series[]): TemplateResult {
  const steps = Math.max(1, ...series.map(({ run }) => run.news?.steps ?? 1));
  const x = scaleLinear([0, steps], [LEFT, WIDTH - RIGHT]);
  const y = scaleLinear([0, 100], [HEIGHT - BOTTOM, TOP]);
  const path = line<EpochRow>(({ step }) => x(step), ({ accuracy }) => y(accuracy?.value ?? 0));
  return chart(t("train.accuracy-label"), x.ticks(5).map((at) => [x(at), format.integer(at)]), y.ticks(5).map((at) => [y(at), format.percent(at / 100)]),
    series.map(({ side, run }) => {
      const rows = run.epochs.filter(({ accuracy }) => accuracy);
      const { before } = run.card ?? {};
      return svg`${before ? svg`<line class="train-before ${side}" x1=${LEFT} x2=${WIDTH - RIGHT} y1=${y(before.value)} y2=${y(before.value)}><title>${t("train.before", { value: format.figure(before) })}</title></line>` : nothing}
        <path class="train-line ${side}" d=${path(rows) ?? ""} />
        ${rows.map(({ step, epoch, accuracy }) => svg`<circle class="train-dot ${side}" r="3" cx=${x(step)} cy=${y(accuracy?.value ?? 0)}><title>${`${t("train.epoch")} ${epoch}: ${format.figure(accuracy)} (${accuracy ? format.interval(accuracy) : ""})`}</title></circle>`)}`;
    }));
}

function chart(label: string, across: [number, string][], up: [number, string][], inside: unknown): TemplateResult {
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${label}>
    ${up.map(([at, words]) => svg`<g class="tick"><line x1=${LEFT} x2=${WIDTH - RIGHT} y1=${at} y2=${at} /><text x=${LEFT - 6} y=${at} dy="0.32em" text-anchor="end">${words}</text></g>`)}
    ${across.map(([at, words]) => svg`<text class="tick-x" x=${at} y=${HEIGHT - BOTTOM + 15} text-anchor="middle">${words}</text>`)}
    ${inside}
  </svg>`;
}

define("mw-train-view", TrainView);
