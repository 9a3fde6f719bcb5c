// <two-up>: two children in the same place, the first shown left of a divider, the second right of it.
//
// The divider is a slider: arrows 1 %, with Shift 10 %, Home and End, Enter for the middle, 1 2 3 for left, middle and
// right while it has the focus; a click or double-click does without dragging.

import { define } from "../../ui/base";

const STEP = 1;
const FAR = 10;

export class TwoUp extends HTMLElement {
  #split = 50;
  #handle: HTMLElement | undefined;

  /** Words for the divider's position, set from the page's texts. */
  describe: (a: number, b: number) => string = (a, b) => `${a} : ${b}`;

  connectedCallback(): void {
    if (this.#handle) {
      // Moved inside the document: the handle is there already.
      return;
    }
    const handle = document.createElement("div");
    handle.className = "two-up-handle";
    handle.tabIndex = 0;
    handle.setAttribute("role", "slider");
    handle.setAttribute("aria-orientation", "horizontal");
    handle.setAttribute("aria-valuemin", "0");
    handle.setAttribute("aria-valuemax", "100");
    handle.setAttribute("aria-label", this.getAttribute("label") ?? "");
    handle.append(document.createElement("span"));
    this.append(handle);
    this.#handle = handle;
    handle.addEventListener("keydown", (event) => this.#key(event));
    this.addEventListener("pointerdown", (event) => this.#down(event));
    this.addEventListener("pointermove", (event) => {
      if (this.hasPointerCapture(event.pointerId)) this.#to(this.#at(event));
    });
    this.addEventListener("dblclick", (event) => {
      // In the left third to the left end, in the right third to the right end, else to the middle.
      const at = this.#at(event);
      this.#to(at < 33 ? 0 : at > 67 ? 100 : 50);
    });
    this.#to(this.#split, true);
  }

  /** Share of the width that shows A, in percent. */
  get split(): number {
    return this.#split;
  }

  #at(event: MouseEvent): number {
    const { left, width } = this.getBoundingClientRect();
    return ((event.clientX - left) / width) * 100;
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.setPointerCapture(event.pointerId);
    this.#to(this.#at(event));
    this.#handle?.focus({ preventScroll: true });
    event.preventDefault();
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.shiftKey ? FAR : STEP;
    const to: Record<string, number> = {
      ArrowLeft: this.#split - step, ArrowDown: this.#split - step, ArrowRight: this.#split + step,
      ArrowUp: this.#split + step, PageDown: this.#split - FAR, PageUp: this.#split + FAR, Home: 0, End: 100, Enter: 50,
      1: 0, 2: 50, 3: 100,
    };
    const split = to[event.key];
    if (split === undefined) return;
    event.preventDefault();
    this.#to(split);
  }

  #to(split: number, quiet = false): void {
    this.#split = Math.min(100, Math.max(0, split));
    const whole = Math.round(this.#split);
    this.style.setProperty("--split", String(this.#split / 100));
    this.#handle?.setAttribute("aria-valuenow", String(whole));
    this.#handle?.setAttribute("aria-valuetext", this.describe(whole, 100 - whole));
    if (!quiet) this.dispatchEvent(new CustomEvent("moved", { detail: whole }));
  }
}

define("two-up", TwoUp);
