// The archive for the board, as everything that draws may read it.

export interface BundleView {
  /** It is being made. */
  running: boolean;
}

export type BundleAction = { bundle: "make" };
