// Texts in tables, one for each feature: elements contain none. This one holds the words that several of them use.

const COMMON = {
  "twin.summary": "The same as a table",
  "dialog.close": "Close",
  "at-least": "at least",
  "bar.undo": "Undo",
  "side.label": "Side {side}",
  "listen.picture": "Spectrogram: {seconds} s, 0 to {top} Hz",
  "listen.no-picture": "Spectrogram, not there yet",
  "answers.label": "What both models answer",
  "answers.agree": "same answer",
  "answers.disagree": "different answers",
  "answers.threshold": "The line in each bar is the side’s own threshold: 95 % of normal sound stays below it",
  "answers.here": "{time} here",
  "weights.range": "Range",
  "weights.distinct": "Distinct",
  "histogram.label": "Histogram of the weights, A above, B below, square-root scale",
  "histogram.side": "Weights of {side}",
  "histogram.from": "From",
  "histogram.to": "To",
  "histogram.count": "Weights",
  "strip.pending": "measuring…",
  "kind.measured": "measured",
  "kind.counted": "counted",
  "kind.modelled": "modelled",
  "error.large":
    "{name} has {size}, which is too much, and was not read. A model may have {model}, an array, archive or sound {data}.",
  "error.unreadable": "{name} could not be read: {why}. Drop the file itself, from a folder on this computer.",
  "error.unplugged": "The microphone was unplugged or taken away, so listening has stopped. What was heard stays.",
} as const;

type Common = keyof typeof COMMON;

/** The texts of a table and the common ones, by their keys, their placeholders filled. */
export function texts<Table extends Readonly<Record<string, string>>>(table: Table) {
  const all: Readonly<Record<string, string>> = { ...COMMON, ...table };
  return (key: (keyof Table & string) | Common, values: Record<string, string> = {}): string => filled(all[key] ?? key, values);
}

/** The common texts alone. */
export const t = texts({});

/** A text with its placeholders filled. */
function filled(text: string, values: Record<string, string>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
