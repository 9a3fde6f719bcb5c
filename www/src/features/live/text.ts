// The texts of listening to the microphone.

import { texts } from "../../ui/text";

export const t = texts({
  "live.picture": "Spectrogram of the last {seconds} s",
  "live.before": "In",
  "live.after": "Normalized: {normalizer}",
  "live.level": "peak {peak}, RMS {rms}",
  "live.silent": "digital silence",
  "live.no-level": "no sound yet",
  "live.latency": "from sound to answers",
  "live.waiting": "Answers come when one window was heard",
  "live.skipped": "{n} windows were left out: this machine is too slow for them. Choose a longer step.",
  "live.detections": "Detected",
  "live.none": "Nothing detected yet",
  "live.times": "{n} × threshold",
  "live.at": "at {time}",
  "live.errors": "Reconstruction error of A and B over the last {seconds} s, with the threshold as a line",
  "live.threshold": "threshold",
  "live.settings": "Detection settings",
  "live.hop": "A window every",
  "live.smoothing": "Averaged over",
  "live.refractory": "Pause after one",
  "live.score": "Detected from",
  "live.normalize": "Normalization",
  "live.hint-score":
    "A word counts when its score, averaged over the last windows, reaches the threshold; then nothing counts until the pause is over and the score was below it again.",
  "live.hint-error":
    "Sound counts as anomalous when the averaged error passes the side’s own threshold, below which 95 % of the normal clips stay. Clips are judged as a whole, moments are not: longer averaging gives fewer false alarms.",
  "error.microphone": "The microphone could not be opened: {why}. Close other programs that use it, or drop a sound file.",
  "error.microphone-refused":
    "The microphone was not allowed. Allow it for this page in the browser’s address bar, or drop a sound file.",
  "error.microphone-absent": "No microphone was found. Plug one in and try again, or drop a sound file.",
  "error.microphone-nowhere":
    "This browser gives pages from here no microphone: open the page over HTTPS, or drop a sound file.",
});
