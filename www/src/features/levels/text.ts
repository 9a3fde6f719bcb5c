// The texts of the Levels view.

import { texts } from "../../ui/text";

export const t = texts({
  "levels.title": "How loud may it be?",
  "levels.what":
    "Plays every test clip from −40 to +12 dB, with a click, with an offset and with noise, through each normalizer and both models, and shows what each normalizer keeps of the score and what it costs.",
  "levels.play": "Play the test set at every level",
  "levels.playing": "Playing",
  "levels.progress": "{done} of {total} clips played",
  "levels.stop": "Stop",
  "levels.stopped": "Stopped: nothing of the experiment was kept",
  "levels.takes": "{n} test clips; about a minute on a laptop. It runs beside everything else.",
  "levels.no-sound": "This needs test clips that are sound: drop a ZIP or folder of WAV clips, or an NPZ with audio.",
  "levels.treatments": "Normalizers",
  "levels.side": "Side",
  "levels.by-level": "{metric} by level, {n} clips; the shaded band is the 95 % interval of the one in focus",
  "levels.by-level-label": "{metric} at each level and in each other condition, a line for each normalizer; the table below says the same",
  "levels.by-energy": "Mean {metric} over the levels against the energy of the normalizer on {device}",
  "levels.by-energy-label": "Mean {metric} against energy for each second of sound; the table below says the same",
  "levels.energy-axis": "energy for each second of sound, normalizer alone",
  "levels.no-energy": "No energy is known for {device}: choose another board on the shelf.",
  "levels.treatment": "Normalizer",
  "levels.mean": "Mean over levels",
  "levels.operations": "Operations a second",
  "levels.state": "Memory",
  "levels.lookahead": "Must hear first",
  "levels.energy": "Energy a second",
  "levels.budget": "Of one milliwatt",
  "levels.breaks": "Breaks on",
  "levels.again-why": "Play again after another model, set or recipe: these numbers are of the one on the bench.",
});
