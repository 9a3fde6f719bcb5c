// One side's recipe: a preset, and a fold for each transform, drawn from the engine's own table.

import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import * as format from "../../ui/format";
import { applies, get, presetOf, type Value, withOption, withStep } from "../../engine/bench/recipes";
import type { Action, Seen } from "./slice";
import { trainText } from "../train/index";
import { t } from "./text";
import type { Recipe, SideName, Step, Transform, TransformOption } from "../../engine/types";
import { define, PageElement } from "../../ui/base";
import { icon, letter } from "../../ui/parts";
import "./style.css";

const OWN = "";

export class SidePanel extends PageElement<Action> {
  static override properties = { snapshot: { attribute: false }, side: { attribute: false }, naming: { state: true } };

  snapshot!: Seen;
  side: SideName = "a";
  naming = false;

  protected override render(): TemplateResult {
    const { side, snapshot } = this;
    const other = side === "a" ? "b" : "a";
    const { presets, transforms, recipe: { saved } } = snapshot;
    const recipe = snapshot.state[side];
    const all = [...presets, ...saved];
    const preset = presetOf(all, recipe);
    const reasons = new Map((snapshot.card?.presets ?? []).flatMap(({ name, reason }) => (reason ? [[name, reason] as const] : [])));
    const own = saved.some(({ name }) => name === preset?.name);
    return html`
      <section aria-label=${t("side.label", { side: side.toUpperCase() })} class="side ${side}">
        <div class="side-head">
          ${letter(side)}
          <select
            class="preset" aria-label=${t("side.preset", { side: side.toUpperCase() })}
            aria-describedby="preset-${side}" @change=${this.#choosePreset}
          >
            ${preset ? nothing : html`<option value=${OWN} selected>${t("side.own")}</option>`}
            ${presets
              .filter(({ name }) => name === preset?.name || !reasons.has(name))
              .map(({ name, label }) => this.#preset(name, label, name === preset?.name))}
            ${reasons.size
              ? html`<optgroup label=${t("side.not-here")}>
                  ${presets
                    .filter(({ name }) => name !== preset?.name && reasons.has(name))
                    .map(({ name, label }) => html`<option value=${name} disabled>${t("side.reason", { label, reason: reasons.get(name) ?? "" })}</option>`)}
                </optgroup>`
              : nothing}
            ${saved.length
              ? html`<optgroup label=${t("side.saved")}>
                  ${saved.map(({ name, label }) => this.#preset(name, label, name === preset?.name))}
                </optgroup>`
              : nothing}
          </select>
        </div>
        <p class="hint" id="preset-${side}">${preset?.sentence || t("side.own-hint")}</p>
        ${snapshot[side].error ? html`<p class="remark blocks" role="alert">${snapshot[side].error}</p>` : nothing}
        ${snapshot[side].report?.remarks.map((remark) => html`<p class="remark warning">${remark}</p>`)}
        ${snapshot[side].untrained
          ? html`<div class="remark owed">
              <p>${trainText("train.owed")}</p>
              <button
                type="button" class="button small" ?disabled=${snapshot.train[side] !== undefined}
                @click=${() => {
                  this.act({ do: "view", view: "train" });
                  this.act({ ask: "train", what: { train: "start", side } });
                }}
              >${trainText("train.start", { side: side.toUpperCase() })}</button>
            </div>`
          : nothing}
        <div class="folds">${transforms.map((transform) => this.#fold(transform, recipe))}</div>
        <div class="side-actions">
          <button type="button" class="button small" @click=${() => this.act({ do: "copy", from: side })}>
            ${t("side.copy", { side: other.toUpperCase() })}
          </button>
          <button type="button" class="button small" @click=${() => this.act({ do: "swap" })}>
            ${icon("swap")}${t("side.swap")}
          </button>
          ${own
            ? html`<button
                type="button" class="button small"
                @click=${() => this.act({ ask: "recipe", what: { recipe: "drop", name: preset?.name ?? "" } })}
              >${t("side.forget")}</button>`
            : preset
              ? nothing
              : html`<button
                  type="button" class="button small" aria-expanded=${this.naming ? "true" : "false"}
                  @click=${() => (this.naming = !this.naming)}
                >${icon("save")}${t("side.save")}</button>`}
        </div>
        ${this.naming && !preset ? this.#form() : nothing}
      </section>
    `;
  }

  #preset(name: string, label: string, selected: boolean): TemplateResult {
    return html`<option value=${name} ?selected=${selected} .selected=${live(selected)}>${label}</option>`;
  }

  #form(): TemplateResult {
    return html`<form class="name-form" @submit=${this.#save}>
      <label>${t("side.name")} <input name="name" required maxlength="40" autocomplete="off" /></label>
      <button class="button small" type="submit">${t("side.save-now")}</button>
    </form>`;
  }

  #save(event: SubmitEvent): void {
    event.preventDefault();
    const name = new FormData(event.target as HTMLFormElement).get("name");
    this.naming = false;
    if (typeof name === "string" && name.trim()) {
      this.act({ ask: "recipe", what: { recipe: "save", side: this.side, name: name.trim() } });
    }
  }

  #choosePreset(event: Event): void {
    const { value } = event.target as HTMLSelectElement;
    const preset = [...this.snapshot.presets, ...this.snapshot.recipe.saved].find(({ name }) => name === value);
    if (preset) this.#recipe(preset.recipe, true);
  }

  #recipe(recipe: Recipe, settled: boolean): void {
    this.act({ do: "recipe", side: this.side, recipe, settled });
  }

  #fold(transform: Transform, recipe: Recipe): TemplateResult {
    const { side } = this;
    const { transforms } = this.snapshot;
    const step = recipe.steps.find((step) => step.step === transform.step);
    const id = `${side}-${transform.step}`;
    return html`
      <div class="fold ${step ? "on" : ""}">
        <label class="fold-head">
          <input
            type="checkbox" role="switch" class="switch" ?checked=${step !== undefined}
            .checked=${live(step !== undefined)} aria-describedby="${id}-what"
            @change=${(event: Event) =>
              this.#recipe(
                withStep(transforms, recipe, transform.step, (event.target as HTMLInputElement).checked), true,
              )}
          />
          <span>${transform.label}</span>
        </label>
        <p class="hint" id="${id}-what">${transform.sentence}</p>
        ${step
          ? html`<div class="options">
              ${transform.options
                .filter((option) => applies(step, option))
                .map((option) => this.#option(transform, step, option))}
              ${this.#layers(step, recipe)}
            </div>`
          : nothing}
      </div>
    `;
  }

  /** Where a search gave each layer its own, what is set for all does not hold. */
  #layers(step: Step, recipe: Recipe): TemplateResult | typeof nothing {
    if (!("layers" in step) || !step.layers?.length) return nothing;
    const { layers, ...same } = step;
    const steps = recipe.steps.map((one) => (one === step ? (same as Step) : one));
    return html`<p class="hint own-layers">${t("side.layers", { list: layers.join(" ") })}</p>
      <button type="button" class="button small" @click=${() => this.#recipe({ ...recipe, steps }, true)}>${t("side.alike")}</button>`;
  }

  #option(transform: Transform, step: Step, option: TransformOption): TemplateResult {
    const id = `${this.side}-${transform.step}-${option.field.replaceAll(".", "-")}`;
    const value = get(step, option);
    const set = (value: Value, settled: boolean): void =>
      this.#recipe(
        withOption(this.snapshot.transforms, this.snapshot.state[this.side], transform.step, option, value),
        settled,
      );
    const { control } = option;
    switch (control.control) {
      case "choice": {
        const meaning = control.choices.find((choice) => choice.value === value)?.sentence ?? "";
        // A choice of one is a fact, not a choice.
        if (control.choices.length === 1) {
          return html`<div class="option" title=${option.sentence}>
            <span class="option-label">${option.label}</span>
            <span class="fixed">${control.choices[0]?.label}</span>
          </div>`;
        }
        return html`<div class="option">
          <label class="option-label" for=${id} title=${option.sentence}>${option.label}</label>
          <select
            id=${id} aria-describedby="${id}-what"
            @change=${(event: Event) => set((event.target as HTMLSelectElement).value, true)}
          >
            ${control.choices.map((choice) => this.#preset(choice.value, choice.label, choice.value === value))}
          </select>
          <p class="hint" id="${id}-what">${meaning || option.sentence}</p>
        </div>`;
      }
      case "number":
        return html`<div class="option">
          <label class="option-label" for=${id}>${option.label}</label>
          <output class="option-value" for=${id}>${
            control.unit === "%" ? format.percent(Number(value))
            : control.unit === "auto" && value === 0 ? t("side.automatic") : format.real(Number(value))
          }</output>
          <input
            id=${id} type="range" class="range" min=${control.min} max=${control.max} step=${control.step}
            value=${String(value)} .value=${live(String(value))} aria-describedby="${id}-what"
            aria-valuetext=${control.unit === "%" ? format.percent(Number(value))
              : control.unit === "auto" && value === 0 ? t("side.automatic") : nothing}
            @input=${(event: Event) => set(Number((event.target as HTMLInputElement).value), false)}
            @change=${(event: Event) => set(Number((event.target as HTMLInputElement).value), true)}
          />
          <p class="hint" id="${id}-what">${option.sentence}</p>
        </div>`;
      case "names":
        return html`<div class="option">
          <label class="option-label" for=${id}>${option.label}</label>
          <input
            id=${id} type="text" autocomplete="off" spellcheck="false" .value=${live(together(value))} aria-describedby="${id}-what"
            @change=${(event: Event) => set(apart((event.target as HTMLInputElement).value), true)}
          />
          <p class="hint" id="${id}-what">${option.sentence}</p>
        </div>`;
      case "part":
      case "toggle":
        return html`<div class="option">
          <label class="option-label" for=${id}>${option.label}</label>
          <input
            id=${id} type="checkbox" role="switch" class="switch" ?checked=${value === true}
            .checked=${live(value === true)} aria-describedby="${id}-what"
            @change=${(event: Event) => set((event.target as HTMLInputElement).checked, true)}
          />
          <p class="hint" id="${id}-what">${option.sentence}</p>
        </div>`;
    }
  }
}

/** Names as text, and back. */
const together = (names: Value): string => (Array.isArray(names) ? names.join(", ") : "");
const apart = (text: string): string[] => [...new Set(text.split(",").map((name) => name.trim().toLowerCase()).filter(Boolean))];

define("mw-side-panel", SidePanel);
