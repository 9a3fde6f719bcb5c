// What all elements share: they draw into the document itself, so that labels, anchors and styles reach everywhere,
// and they speak to the session by actions that bubble up.

import { LitElement } from "lit";

/** `Action` is what the element asks for. */
export class PageElement<Action = never> extends LitElement {
  /** The build has drawn the same into the HTML: the first rendering replaces it. */
  protected override createRenderRoot(): this {
    this.replaceChildren();
    return this;
  }

  /** Asks the session for something. */
  protected act(action: Action): void {
    this.dispatchEvent(new CustomEvent<Action>("act", { detail: action, bubbles: true }));
  }
}

const waiting: [name: string, element: CustomElementConstructor][] = [];

let registered = false;

/** Names an element; it comes to life with `register`, or at once where it was loaded later. */
export function define(name: string, element: CustomElementConstructor): void {
  if (registered) customElements.define(name, element);
  else waiting.push([name, element]);
}

/**
 * Brings all elements to life, the outermost first: it clears what the build has drawn before the elements inside that
 * drawing could wake up without anything to show.
 */
export function register(): void {
  registered = true;
  for (const [name, element] of waiting.splice(0).reverse()) customElements.define(name, element);
}
