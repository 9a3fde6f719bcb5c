// The trade-off: every recipe tried in this visit is a dot of score against cost; a press brings it back.

import { scaleLinear } from "d3-scale";
import { html, nothing, svg, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { read } from "../../ui/files";
import * as format from "../../ui/format";
import { presetOf } from "../../engine/bench/recipes";
import type { Action, Seen } from "./slice";
import { same } from "../../engine/bench/state";
import "./style.css";
import { AXES, type Axis, costOf, type TradeoffAction, type Wanted } from "./slice";
import type { Tried } from "../../engine/bench/tried";
import type { Figure, Recipe } from "../../engine/types";
import { define, PageElement } from "../../ui/base";
import { t } from "./text";

const [WIDTH, HEIGHT] = [720, 380];
const [LEFT, RIGHT, TOP, BOTTOM] = [58, 16, 14, 40];
/** How far below the best score the chart reaches, as a share of that score. */
const REACH = 0.3;

/** A dot with its place. */
interface Placed {
  dot: Tried;
  cost: Figure;
  score: Figure;
  x: number;
  y: number;
}

export class TradeoffViewElement extends PageElement<Action> {
  static override properties = { snapshot: { attribute: false }, at: { state: true } };

  snapshot!: Seen;
  /** The dot that the keyboard is on. */
  at = 0;

  protected override render(): TemplateResult {
    const { tradeoff: { axis }, tried } = this.snapshot;
    return html`<div class="tradeoff">
      ${this.#form()}
      <div class="tradeoff-axis" role="radiogroup" aria-label=${t("axis")}>
        ${AXES.map((name) => html`<label><input type="radio" name="tradeoff-axis" .checked=${live(name === axis)}
          @change=${() => this.#ask({ tradeoff: "axis", axis: name })} />${t(`axis.${name}`)}</label>`)}
      </div>
      ${tried.dots.length ? this.#chart(axis) : html`<p class="quiet">${t("none")}</p>`}
      ${tried.dots.length ? this.#table() : nothing}
    </div>`;
  }

  #ask(what: TradeoffAction): void {
    this.act({ ask: "tradeoff", what });
  }

  #use(recipe: Recipe): void {
    this.act({ do: "recipe", side: "b", recipe, settled: true });
  }

  #form(): TemplateResult {
    const { tradeoff, data } = this.snapshot;
    const { wanted, phase, news, best } = tradeoff;
    const field = (name: "flash" | "ram" | "energy" | "keeps", value: number | undefined, step: string): TemplateResult => html`<label>
      ${t(name)}<input name=${name} type="number" min="0" step=${step} .value=${live(value === undefined ? "" : String(value))} ?required=${name === "keeps"} /></label>`;
    return html`<form class="tradeoff-form" aria-label=${t("form")} @submit=${this.#start}>
      ${field("flash", wanted.flash, "any")}${field("ram", wanted.ram, "any")}${field("energy", wanted.energy, "any")}${field("keeps", wanted.keeps, "1")}
      <label class="check"><input name="portable" type="checkbox" .checked=${live(wanted.portable)} />${t("portable")}</label>
      <div class="tradeoff-buttons">
        ${phase === "running"
          ? html`<button type="button" class="button small" @click=${() => this.#ask({ tradeoff: "stop" })}>${t("stop")}</button>`
          : html`<button type="submit" class="button small primary" ?disabled=${!data}>${t("start")}</button>`}
        ${phase === "stopped" ? html`<button type="button" class="button small" @click=${() => this.#ask({ tradeoff: "go-on" })}>${t("go-on")}</button>` : nothing}
        ${news && phase !== "running" ? html`<button type="button" class="button small" @click=${() => this.#ask({ tradeoff: "save" })}>${t("save")}</button>` : nothing}
        ${phase === "running" ? nothing : html`<label class="button small">${t("load")}<input class="visually-hidden" type="file" accept=".json" @change=${this.#load} /></label>`}
        ${best ? html`<button type="button" class="button small use-best" @click=${() => this.#use(best)}>${t("use-best")}</button>` : nothing}
      </div>
      <p class="quiet">${data ? t("what") : t("no-data")}</p>
      ${news
        ? html`${phase === "running"
            ? html`<progress max=${news.total} .value=${news.done} aria-label=${t("form")}></progress>
                <p class="quiet">${t("progress", { phase: news.phase, done: String(news.done), total: String(news.total) })}</p>`
            : nothing}
          <p class="tradeoff-answer" role="status">${news.sentence}</p>`
        : phase === "running" ? html`<progress aria-label=${t("form")}></progress>` : nothing}
    </form>`;
  }

  #start(event: SubmitEvent): void {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const number = (name: string): number | undefined => (form.get(name) ? Number(form.get(name)) : undefined);
    const [flash, ram, energy] = [number("flash"), number("ram"), number("energy")];
    const wanted: Wanted = {
      ...(flash && { flash }), ...(ram && { ram }), ...(energy && { energy }),
      keeps: number("keeps") ?? 90, portable: form.get("portable") !== null,
    };
    this.#ask({ tradeoff: "start", wanted });
  }

  #load(event: Event): void {
    const input = event.target as HTMLInputElement;
    if (!input.files?.length) return;
    void read(input.files).then(([file]) => file && this.#ask({ tradeoff: "load", file }));
    input.value = "";
  }

  /** The dots that have both numbers, from left to right. */
  #dots(axis: Axis): { dot: Tried; cost: Figure; score: Figure }[] {
    return this.snapshot.tried.dots
      .flatMap((dot) => {
        const [cost, score] = [costOf(dot, axis), dot.strip.score];
        return cost && score ? [{ dot, cost, score }] : [];
      })
      .sort((one, other) => one.cost.value - other.cost.value);
  }

  #chart(axis: Axis): TemplateResult {
    const { tradeoff, state } = this.snapshot;
    const dots = this.#dots(axis);
    const [first] = dots;
    if (!first) return html`<p class="quiet">${t("none")}</p>`;
    const scores = dots.map(({ score }) => score.value);
    const best = Math.max(...scores);
    const high = Math.max(...dots.map(({ score }) => score.high ?? score.value));
    const low = Math.max(Math.min(...scores.filter((score) => score >= best * (1 - REACH)), ...dots.filter(({ score }) => score.value >= best * (1 - REACH)).map(({ score }) => score.low ?? score.value)), 0);
    const budget = { flash: (tradeoff.wanted.flash ?? 0) * 1000, ram: (tradeoff.wanted.ram ?? 0) * 1000, energy: (tradeoff.wanted.energy ?? 0) * 1e-6 }[axis];
    const line = tradeoff.phase !== "off" && budget > 0 ? budget : 0;
    const x = scaleLinear([0, Math.max(line, ...dots.map(({ cost }) => cost.value))], [LEFT, WIDTH - RIGHT]).nice();
    const y = scaleLinear([low, high], [HEIGHT - BOTTOM, TOP]).nice();
    const shown: Placed[] = dots.filter(({ score }) => score.value >= low).map(({ dot, cost, score }) => ({ dot, cost, score, x: x(cost.value), y: y(score.value) }));
    const at = Math.min(this.at, shown.length - 1);
    const text = (recipe: Recipe): string => JSON.stringify(recipe);
    const front = tradeoff.front.flatMap((recipe) => shown.find(({ dot }) => text(dot.recipe) === recipe) ?? []);
    const steps = front.map(({ x, y }, index) => (index ? `H${x}V${y}` : `M${x},${y}`)).join("");
    const metric = first.dot.metric;
    const unit = first.cost.unit;
    return html`<figure class="scroller" tabindex="0" role="region" aria-label=${t("label", { score: metric, axis: t(`axis.${axis}`) })}>
      <svg class="chart tradeoff-chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="group" aria-label=${t("label", { score: metric, axis: t(`axis.${axis}`) })} @keydown=${(event: KeyboardEvent) => this.#key(event, shown.length)}>
        ${y.ticks(6).map((tick) => svg`<line class="grid" x1=${LEFT} x2=${WIDTH - RIGHT} y1=${y(tick)} y2=${y(tick)} />
          <text class="tick" x=${LEFT - 6} y=${y(tick) + 4} text-anchor="end">${format.text(tick, first.score.unit)}</text>`)}
        ${x.ticks(6).map((tick) => svg`<line class="grid" x1=${x(tick)} x2=${x(tick)} y1=${TOP} y2=${HEIGHT - BOTTOM} />
          <text class="tick" x=${x(tick)} y=${HEIGHT - BOTTOM + 16} text-anchor="middle">${unit === "B" ? `${format.integer(tick / 1000)} kB` : format.text(tick, unit)}</text>`)}
        <text class="tick" x=${WIDTH - RIGHT} y=${HEIGHT - 6} text-anchor="end">${t(`axis.${axis}`)}</text>
        <text class="tick" x=${LEFT} y=${HEIGHT - 6}>${metric}</text>
        ${line ? svg`<line class="budget" x1=${x(line)} x2=${x(line)} y1=${TOP} y2=${HEIGHT - BOTTOM} />` : nothing}
        ${steps ? svg`<path class="front" d=${steps} />` : nothing}
        ${shown.map((placed, index) => this.#dot(placed, index, index === at, front.includes(placed), same(placed.dot.recipe, state.b), y))}
      </svg>
      <ul class="legend">
        <li><svg viewBox="0 0 12 12" aria-hidden="true"><rect class="dot hand" x="2" y="2" width="8" height="8" /></svg>${t("legend.hand")}</li>
        <li><svg viewBox="0 0 12 12" aria-hidden="true"><circle class="dot" cx="6" cy="6" r="4" /></svg>${t("legend.search")}</li>
        <li><svg viewBox="0 0 24 12" aria-hidden="true"><path class="front" d="M1,10H12V3H23" /></svg>${t("legend.front")}</li>
        ${line ? html`<li><svg viewBox="0 0 12 12" aria-hidden="true"><line class="budget" x1="6" x2="6" y1="0" y2="12" /></svg>${t("legend.budget")}</li>` : nothing}
        <li><svg viewBox="0 0 14 14" aria-hidden="true"><circle class="now" cx="7" cy="7" r="6" /></svg>${t("legend.now")}</li>
      </ul>
      ${shown.length < dots.length ? html`<p class="quiet">${t("below", { n: String(dots.length - shown.length) })}</p>` : nothing}
    </figure>`;
  }

  #dot({ dot, cost, score, x, y: cy }: Placed, index: number, focusable: boolean, isFront: boolean, isNow: boolean, y: (value: number) => number): TemplateResult {
    const name = t("point", { name: this.#name(dot.recipe), score: `${format.figure(score)} (${format.interval(score)})`, cost: format.figure(cost) });
    const bottom = HEIGHT - BOTTOM;
    return svg`<g class="tried ${isFront ? "on-front" : ""}" role="button" tabindex=${focusable ? "0" : "-1"} data-at=${index} aria-label=${name}
      @click=${() => this.#pick(index, dot.recipe)} @focus=${() => (this.at = index)}>
      ${score.low != null && score.high != null ? svg`<line class="interval" x1=${x} x2=${x} y1=${Math.min(bottom, y(score.low))} y2=${y(score.high)} />` : nothing}
      ${isNow ? svg`<circle class="now" cx=${x} cy=${cy} r="9" />` : nothing}
      ${dot.by === "hand" ? svg`<rect class="dot hand" x=${x - 4.5} y=${cy - 4.5} width="9" height="9" />` : svg`<circle class="dot" cx=${x} cy=${cy} r="4.5" />`}
      <title>${name}</title>
    </g>`;
  }

  #pick(index: number, recipe: Recipe): void {
    this.at = index;
    this.#use(recipe);
  }

  #key(event: KeyboardEvent, count: number): void {
    const to = { ArrowRight: this.at + 1, ArrowUp: this.at + 1, ArrowLeft: this.at - 1, ArrowDown: this.at - 1, Home: 0, End: count - 1 }[event.key];
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      (event.target as SVGElement).dispatchEvent(new MouseEvent("click", { bubbles: true }));
    } else if (to !== undefined) {
      event.preventDefault();
      this.at = Math.min(count - 1, Math.max(0, to));
      void this.updateComplete.then(() => this.querySelector<SVGElement>(`.tried[data-at="${this.at}"]`)?.focus());
    }
  }

  #name(recipe: Recipe): string {
    const { presets, recipe: { saved } } = this.snapshot;
    return presetOf([...presets, ...saved], recipe)?.label ?? described(recipe);
  }

  #table(): TemplateResult {
    const { tried, tradeoff } = this.snapshot;
    const heads = [t("recipe"), t("by"), t("axis.flash"), t("axis.ram"), t("axis.energy"), tried.dots[0]?.metric ?? "", t("front"), ""];
    return html`<details class="twin"><summary>${t("table")}</summary>
      <div class="scroller" tabindex="0" role="region" aria-label=${t("table")}><table class="data">
        <thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
        <tbody>${tried.dots.map((dot) => html`<tr>
          <th scope="row">${this.#name(dot.recipe)}</th>
          <td>${t(`legend.${dot.by}`)}</td>
          ${AXES.map((axis) => html`<td>${format.figure(costOf(dot, axis))}</td>`)}
          <td>${dot.strip.score ? html`${format.figure(dot.strip.score)} <span class="quiet">${format.interval(dot.strip.score)}</span>` : "–"}</td>
          <td>${tradeoff.front.includes(JSON.stringify(dot.recipe)) ? t("yes") : ""}</td>
          <td><button type="button" class="button small" @click=${() => this.#use(dot.recipe)}>${t("use")}</button></td>
        </tr>`)}</tbody>
      </table></div>
    </details>`;
  }
}

/** What a recipe says that no preset does, in few words. */
function described(recipe: Recipe): string {
  const own = (list: readonly number[] | undefined): string => list?.join(" ") ?? "";
  const parts = recipe.steps.map((step): string => {
    const name: string = step.step;
    switch (step.step) {
      case "train":
        return t("trained");
      case "prune":
        return t("sparsity", { share: step.layers?.length ? step.layers.map((share) => format.percent(share)).join(" ") : format.percent(step.sparsity) });
      case "channels":
        return t("channels", { share: format.percent(step.keep) });
      case "quantize":
        return step.layers?.length ? t("layers", { bits: own(step.layers) }) : t("bits", { bits: String(step.weight_bits ?? 8) });
      case "codebook":
        return t("values", { values: step.layers?.length ? own(step.layers) : String(step.values ?? 16) });
      case "slim":
        return t("slim");
      case "pack":
        return t("packed");
      default:
        return name;
    }
  });
  return parts.join(", ") || t("original");
}

define("mw-tradeoff-view", TradeoffViewElement);
