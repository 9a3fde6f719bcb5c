// The whole page: top bar, bench, result strip, device shelf, status line.

import { html, nothing, type TemplateResult } from "lit";
import { titleOf } from "../../engine/bench/samples";
import { COMMANDS, commandFor } from "../commands";
import { dropped, given, type Given } from "../../ui/files";
import { boards } from "../../features/boards/index";
import { lint } from "../../features/lint/index";
import { recipe } from "../../features/recipe/index";
import { results } from "../../features/results/index";
import type { Session } from "../session";
import type { Action, Snapshot } from "../snapshot";
import { nextTheme } from "../storage";
import { t } from "../text";
import { define, PageElement } from "../../ui/base";
import "./help";
import "./notices";
import "./samples";
import "./stage";
import "./status";
import "./top-bar";

export class App extends PageElement<Action> {
  static override properties = { snapshot: { attribute: false } };

  snapshot: Snapshot | undefined;
  #session: Session | undefined;
  #depth = 0;

  /** Connects the page to a session and takes over drops, pastes and keys. */
  attach(session: Session): void {
    this.#session = session;
    this.snapshot = session.snapshot;
    session.addEventListener("change", () => (this.snapshot = session.snapshot));
    session.addEventListener("window", (event) => this.#window((event as CustomEvent<string>).detail));
    this.addEventListener("act", (event) => session.act((event as CustomEvent<Action>).detail));
    document.addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("paste", (event) => {
      const files = event.clipboardData?.files;
      if (files?.length) this.#open(Promise.resolve(given(files)));
    });
    document.addEventListener("dragenter", (event) => this.#drag(event, 1));
    document.addEventListener("dragleave", (event) => this.#drag(event, -1));
    document.addEventListener("dragover", (event) => event.preventDefault());
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      this.#depth = 0;
      session.patch({ dropping: false });
      if (event.dataTransfer) this.#open(dropped(event.dataTransfer));
    });
  }

  protected override render(): TemplateResult | typeof nothing {
    const { snapshot } = this;
    if (!snapshot) return nothing;
    return html`
      <a class="skip" href="#stage">${t("skip")}</a>
      <svg class="definitions" aria-hidden="true">
        <defs>
          <pattern id="hatch-b" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect class="hatch-ground" width="5" height="5" />
            <rect class="hatch-line" width="2.4" height="5" />
          </pattern>
        </defs>
      </svg>
      <mw-top-bar .snapshot=${snapshot}></mw-top-bar>
      <main class="bench">
        ${recipe.view(snapshot, "a")}
        <mw-stage id="stage" tabindex="-1" .snapshot=${snapshot}></mw-stage>
        ${recipe.view(snapshot, "b")}
      </main>
      ${results.view(snapshot)}
      ${boards.view(snapshot)}
      <mw-status .snapshot=${snapshot}></mw-status>
      <mw-notices .notices=${snapshot.notices}></mw-notices>
      <div class="drop-outline" ?hidden=${!snapshot.dropping}><p role="status">${snapshot.dropping ? t("drop") : ""}</p></div>
      <mw-help .offline=${snapshot.offline}></mw-help>
      <mw-samples .snapshot=${snapshot}></mw-samples>
      ${lint.view(snapshot)}
      <input class="chooser" type="file" multiple hidden @change=${this.#chosen} />
    `;
  }

  protected override updated(): void {
    const { snapshot } = this;
    if (!snapshot) return;
    const busy = snapshot.a.progress ?? snapshot.b.progress;
    const name = titleOf(snapshot.state);
    const hears = snapshot.live.phase === "on" || snapshot.listen.recording;
    document.title = `${hears ? "🔴 " : ""}${busy && snapshot.late ? "⏳ " : ""}${name} – Milliwatt`;
  }

  #open(files: Promise<Given[]>): void {
    files.then((files) => {
      if (files.length) this.#session?.act({ do: "open", files });
    }, (error: unknown) => this.#session?.fail(error));
  }

  #drag(event: DragEvent, step: number): void {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    this.#depth = Math.max(0, this.#depth + step);
    const dropping = this.#depth > 0;
    if (this.#session && this.#session.snapshot.dropping !== dropping) this.#session.patch({ dropping });
  }

  #chosen(event: Event): void {
    const input = event.target as HTMLInputElement;
    if (input.files?.length) this.#open(Promise.resolve(given(input.files)));
    input.value = "";
  }

  #key(event: KeyboardEvent): void {
    const command = commandFor(event, COMMANDS);
    if (!command?.action || document.querySelector("dialog[open]")) return;
    if (command.action.do === "cancel" && this.snapshot?.live.phase !== "off") return this.act({ ask: "live", what: { live: "stop" } });
    if (command.action.do === "cancel" && !this.snapshot?.a.progress && !this.snapshot?.b.progress) return;
    event.preventDefault();
    this.#session?.act(command.action);
  }

  #window(name: string): void {
    if (name === "choose") this.querySelector<HTMLInputElement>(".chooser")?.click();
    else if (name === "theme") nextTheme();
    else this.querySelector<HTMLElement & { open(): void }>(`mw-${name}`)?.open();
  }
}

define("mw-app", App);

export { register } from "../../ui/base";
