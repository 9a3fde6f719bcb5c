// What leaves the page when the user asks for it: the address, the clipboard, a file.

import { save } from "../ui/files";
import * as link from "./link";
import { downloadName } from "../engine/bench/naming";
import type { BenchView } from "../engine/bench/view";
import { builtIn } from "../engine/bench/samples";
import type { State } from "../engine/bench/state";
import { t } from "./text";
import type { Transform } from "../engine/types";

/** Writes the state into the address. Another model is worth a step of the browser's Back; a setting is not. */
export function writeAddress(transforms: readonly Transform[], state: State, step: boolean): void {
  if (!transforms.length) return;
  const fragment = link.write(transforms, state);
  if (fragment === location.hash) return;
  if (step) history.pushState(null, "", fragment);
  else history.replaceState(null, "", fragment);
}

/** Puts the address on the clipboard; returns what to tell the user. */
export async function share(state: State): Promise<string> {
  try {
    await navigator.clipboard.writeText(location.href);
    return builtIn(state.model) ? t("done.share") : t("done.share-own");
  } catch {
    return t("done.share-manually", { link: location.href });
  }
}

/** Hands the candidate over as a file; returns what to tell the user. */
export function download(snapshot: BenchView, bytes: Uint8Array): string {
  const name = downloadName(snapshot, "tflite");
  save(bytes, name);
  return t("done.download", { name });
}
