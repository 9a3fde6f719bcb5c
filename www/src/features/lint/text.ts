// The texts of the check before the board.

import { texts } from "../../ui/text";

export const t = texts({
  "title": "Check before the board",
  "close": "Close",
  "target": "Runs on",
  "finding": "Looking through the file…",
  "clean": "Nothing stands in the way: {target} runs this file.",
  "places": "{first} and {n} more",
  "mend": "Change B",
  "mend-what": "Change B: {fix}",
  "hand": "No change of the recipe does this.",
  "is.blocks": "Does not run",
  "is.warning": "Runs, but",
  "is.info": "Good to know",
  "resolver": "Operators to register",
  "resolver-what": "Paste these lines into the program that runs B; the bundle has them already.",
  "copy": "Copy",
  "copied": "Copied",
  "not-copied": "The browser does not let the page copy: select the lines instead",
  "download": "Download B",
  "bundle": "Bundle for the board",
});
