// The texts of the archive for the board.

import { texts } from "../../ui/text";

export const t = texts({
  "bundle.running": "Making the bundle: B is measured once more",
  "bundle.done": "{name} was re-read and verified, and is in your downloads",
});
