// The texts of the visitor's own clips.

import { texts } from "../../ui/text";

export const t = texts({
  "own.set": "My clips",
  "own.unsaved": "{n} not saved",
  "own.use": "Test on these",
  "own.save": "Save as ZIP",
  "own.take": "Edit these clips",
  "own.split": "{calibrating} calibrate, {testing} test",
  "own.seed": "Split by seed",
  "own.edit": "Edit {name}",
  "own.name": "Name",
  "own.label": "Label",
  "own.no-label": "none",
  "own.start": "Start of the clip",
  "own.end": "End of the clip",
  "own.calibrates": "calibrates",
  "own.tests": "tests",
  "own.delete": "Delete",
  "own.deleted": "{name} was deleted",
  "own.saved": "{name} is in your downloads, with {n} clips. Drop it here to open it again.",
});
