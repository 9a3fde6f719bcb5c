// What all elements share: they draw into the document itself, so that labels, anchors and styles reach everywhere,
// and they speak to the session by actions that bubble up.

import { LitElement } from "lit";
import type { Action } from "../snapshot";

export class PageElement extends LitElement {
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

/** Registers an element, also where the page is drawn without a browser. */
export function define(name: string, element: CustomElementConstructor): void {
  if (!customElements.get(name)) customElements.define(name, element);
}
