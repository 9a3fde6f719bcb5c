// Stands in for modules that `cargo xtask serve` is still building, so that the page can be looked at meanwhile. It names them in
// MILLIWATT_UNBUILT, with commas between.

import type { Plugin } from "vite";

export const UNBUILT = (process.env["MILLIWATT_UNBUILT"] ?? "").split(",").filter(Boolean);

const MODULE = /\/wasm\/(\w+)\/milliwatt(_bg\.wasm\?url)?$/;
const BINDINGS = "\0unbuilt";
/** An empty address is what the page knows such a module by (`choice` and `fetched` in `load.ts`). */
const ADDRESS = "\0unbuilt-address";

export function unbuilt(): Plugin {
  return {
    name: "milliwatt-unbuilt",
    enforce: "pre",
    resolveId(source) {
      const [, name, address] = MODULE.exec(source) ?? [];
      if (!name || !UNBUILT.includes(name)) return null;
      return address ? ADDRESS : BINDINGS;
    },
    load(id) {
      if (id === ADDRESS) return 'export default "";';
      return id === BINDINGS ? "export default async () => {};" : null;
    },
  };
}
