// Says of every file of the build whether the first screen loads it: what comes later is called so, `cargo xtask size` weighs it apart,
// and the service worker keeps it last.

import { basename, dirname } from "node:path";
import type { Plugin, PreRenderedAsset, PreRenderedChunk } from "rolldown";

/** Modules that the page imports before anything is looked at. */
const first = new Set<string>();

/** Learns what the first screen imports, once all modules are known. */
export function later(): Plugin {
  return {
    name: "milliwatt-later",
    renderStart() {
      first.clear();
      const entries = [...this.getModuleIds()].filter((id) => this.getModuleInfo(id)?.isEntry);
      for (let id = entries.pop(); id !== undefined; id = entries.pop()) {
        if (first.has(id)) continue;
        first.add(id);
        entries.push(...(this.getModuleInfo(id)?.importedIds ?? []));
      }
    },
  };
}

export function chunkName({ name, facadeModuleId, moduleIds }: PreRenderedChunk): string {
  const path = facadeModuleId ?? (moduleIds.length === 1 ? moduleIds[0] : undefined);
  return `assets/${moduleIds.some((id) => first.has(id)) ? "" : "later-"}${path ? named(path) : name}-[hash].js`;
}

/** Styles of the first screen are those of the document; all others come with what draws them. */
export function assetName({ names, originalFileNames: [path] }: PreRenderedAsset): string {
  const later = names.some((name) => name.endsWith(".css")) && path !== "index.html";
  return `assets/${later ? `later-${path ? named(path) : "[name]"}` : "[name]"}-[hash][extname]`;
}

/** A feature's file is called after the feature: `features/bytes/view.ts` is `bytes-view`. */
function named(path: string): string {
  const name = basename(path).replace(/\.\w+$/, "");
  return /\/features\//.test(path) ? `${basename(dirname(path))}-${name}` : name;
}
