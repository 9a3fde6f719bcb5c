// The texts of the Listen view.

import { texts } from "../../ui/text";

export const t = texts({
  "listen.play": "Play",
  "listen.stop": "Stop",
  "listen.record": "Hold to record",
  "listen.speak": "Speak for 1 s",
  "listen.recording": "Listening",
  "listen.recorded": "You {n}",
  "listen.truth": "labelled {label}",
  "listen.items": "{n} test clips",
  "listen.item": "{at} / {n}",
  "listen.previous": "Previous test clip",
  "listen.next": "Next test clip",
  "listen.clips": "Clips",
  "listen.clip": "Clip {n}",
  "listen.flips": "Answered differently: {n}",
  "listen.no-sound": "This data is arrays, not sound: there is nothing to listen to. Record, or drop a sound file.",
  "own.chip-calibrates": "calibrates",
  "live.start": "Live",
  "live.starting": "Waiting for the microphone…",
  "live.stop": "Listening. Stop",
  "live.keep": "Keep the last 10 s",
  "live.keep-word": "Keep the last second",
  "error.silent": "Nothing was recorded. Hold the button a little longer.",
});
