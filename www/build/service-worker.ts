// Writes sw.js: a cache of exactly this build's files, named by their content.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const SOURCE = fileURLToPath(new URL("../src/app/service-worker.js", import.meta.url));

export function serviceWorker(): Plugin {
  let out = "";
  return {
    name: "milliwatt-service-worker",
    apply: "build",
    configResolved(config) {
      out = resolve(config.root, config.build.outDir);
    },
    generateBundle(_options, bundle) {
      // What is kept for a visit without a network goes by the name: all that the first screen imports has to be among it.
      const seen = new Set<string>();
      const visit = (name: string): void => {
        const chunk = bundle[name];
        if (seen.has(name) || chunk?.type !== "chunk") return;
        seen.add(name);
        if (/(^|\/)later-/.test(name)) this.error(`The first screen loads ${name}, whose name says that it comes later`);
        chunk.imports.forEach(visit);
      };
      for (const [name, chunk] of Object.entries(bundle)) if (chunk.type === "chunk" && chunk.isEntry) visit(name);
    },
    closeBundle() {
      const files = readdirSync(out, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name !== "sw.js")
        .map((entry) => resolve(entry.parentPath, entry.name))
        .sort();
      const hash = createHash("sha256");
      for (const file of files) hash.update(relative(out, file)).update(readFileSync(file));
      const paths = files.map((file) => relative(out, file).replaceAll("\\", "/"));
      const worker = readFileSync(SOURCE, "utf8")
        .replace("__VERSION__", hash.digest("hex").slice(0, 16))
        .replace("[/* files */]", JSON.stringify(paths));
      writeFileSync(resolve(out, "sw.js"), worker);
    },
  };
}
