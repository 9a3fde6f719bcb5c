import { defineConfig } from "vite";
import { assetName, chunkName, later } from "./build/later.ts";
import { prefilled } from "./build/prefill.ts";
import { serviceWorker } from "./build/service-worker.ts";
import { UNBUILT, unbuilt } from "./build/unbuilt.ts";

/** Workers of modules on demand, and the editor's. */
const LATER = ["workshop-host", "memory-host", "script", "speed"];

/** What modules export that are not built yet is not known yet either. */
const shimMissingExports = UNBUILT.length > 0;

export default defineConfig({
  // Relative addresses: the built page works in any folder of any static host.
  base: "./",
  // A page that lacks a part is not kept for later.
  plugins: [unbuilt(), prefilled(), later(), UNBUILT.length === 0 && serviceWorker()],
  build: {
    target: "es2022",
    // Nothing becomes a data: address, which the page's content security policy would refuse.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: { shimMissingExports, output: { chunkFileNames: chunkName, assetFileNames: assetName } },
  },
  // Of the workers, those of the bench are loaded at once; those of modules on demand and the editor's when they are first needed.
  worker: {
    format: "es",
    plugins: () => [unbuilt()],
    rollupOptions: { shimMissingExports, output: { entryFileNames: ({ name }) => `assets/${LATER.includes(name) ? "later-" : ""}[name]-[hash].js` } },
  },
  server: { host: "127.0.0.1" },
  preview: { host: "127.0.0.1" },
});
