// Puts a popover beside the button that opened it, inside the window.

const GAP = 6;
const EDGE = 8;

/** Handler of a popover's `toggle` event: below its button, or above where there is no room. */
export function placeUnder(event: Event): void {
  const popover = event.currentTarget as HTMLElement;
  if ((event as ToggleEvent).newState !== "open") return;
  const button = document.querySelector(`[popovertarget="${CSS.escape(popover.id)}"]`);
  if (!button) return;
  const anchor = button.getBoundingClientRect();
  const { width, height } = popover.getBoundingClientRect();
  const below = anchor.bottom + GAP;
  const top = below + height <= innerHeight - EDGE ? below : Math.max(EDGE, anchor.top - GAP - height);
  const left = Math.max(EDGE, Math.min(anchor.left, innerWidth - width - EDGE));
  popover.style.setProperty("--left", `${left}px`);
  popover.style.setProperty("--top", `${top}px`);
}
