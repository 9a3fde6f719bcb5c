// Writes sw.js: a cache of exactly this build's files, named by their content.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const SOURCE = fileURLToPath(new URL("../src/service-worker.js", import.meta.url));

export function serviceWorker(): Plugin {
  let out = "";
  return {
    name: "milliwatt-service-worker",
    apply: "build",
    configResolved(config) {
      out = resolve(config.root, config.build.outDir);
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
