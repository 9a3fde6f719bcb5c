// What the page's side of the engine says itself, where no module can.

export const SAYS = {
  building: "This part is still being built. It will be here in a few minutes: then load the page again.",
  offline: "This part of the page is not on this device yet, and the network does not answer. Try again when you are online; then it stays here.",
  ended: "The engine stopped unexpectedly; try again",
  sample: (status: number): string => `The sample could not be loaded (status ${status}). Reload the page, or open a model of your own.`,
} as const;
