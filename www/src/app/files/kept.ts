// What was opened last stays on this device, so that a reload finds it again. Nothing of it is sent anywhere.

import type { DataSet, ModelFile } from "../../engine/client/bench-worker";

/** A model that was opened, and the set that was opened for it. */
export interface Kept {
  model: ModelFile;
  set?: DataSet;
}

const NAME = "milliwatt-opened";
const TABLE = "files";
const KEY = "last";
/** More than this is not kept: a browser may refuse it, and it would be copied at every change. */
const MOST_BYTES = 256 << 20;

/** Keeps a model and its set in place of those before; `false` where they are too large. Rejects where the browser keeps nothing. */
export async function keep(kept: Kept): Promise<boolean> {
  const bytes = kept.model.bytes.length + (kept.set?.files ?? []).reduce((sum, { bytes }) => sum + bytes.length, 0);
  const fits = bytes <= MOST_BYTES;
  await ask("readwrite", (table) => (fits ? table.put(kept, KEY) : table.delete(KEY)));
  return fits;
}

/** What was opened last; `undefined` where nothing is kept. */
export async function kept(): Promise<Kept | undefined> {
  return (await ask("readonly", (table) => table.get(KEY))) as Kept | undefined;
}

/** Forgets it. */
export async function forget(): Promise<void> {
  await ask("readwrite", (table) => table.delete(KEY));
}

function ask(mode: IDBTransactionMode, what: (table: IDBObjectStore) => IDBRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = (): void => void opening.result.createObjectStore(TABLE);
    opening.onerror = (): void => reject(opening.error ?? new Error(NAME));
    opening.onsuccess = (): void => {
      const base = opening.result;
      const change = base.transaction(TABLE, mode);
      const asked = what(change.objectStore(TABLE));
      const end = (act: () => void): void => {
        base.close();
        act();
      };
      change.oncomplete = (): void => end(() => resolve(asked.result));
      change.onabort = (): void => end(() => reject(change.error ?? new Error(NAME)));
    };
  });
}
