// The page's own modules in Node: for what the build writes into the HTML, and for tests of what needs no browser.

import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { customElements, HTMLElement } from "@lit-labs/ssr-dom-shim";
import { type Plugin, runnerImport } from "vite";

const SOURCE = fileURLToPath(new URL("../src", import.meta.url));
const STYLE = "\0style";

/** Nothing is painted here. */
const unstyled: Plugin = {
  name: "milliwatt-unstyled",
  enforce: "pre",
  resolveId: (source) => (source.endsWith(".css") ? STYLE : undefined),
  load: (id) => (id === STYLE ? "" : undefined),
};

/** A module of the page, as it stands now. */
export async function page<T>(name: string): Promise<T> {
  // The state knows the features, whose elements need something to be made of.
  Object.assign(globalThis, { HTMLElement, customElements });
  return (await runnerImport<T>(resolve(SOURCE, name), { plugins: [unstyled] })).module;
}
