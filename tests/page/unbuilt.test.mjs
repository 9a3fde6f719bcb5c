// @ts-check
// The page before all of its modules are built, as `cargo xtask serve` shows it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engineReady, ROOT, serve, test } from "./harness.mjs";
import { settled, tab } from "./steps.mjs";

test("with one module alone the bench works, and what is still being built says so", { blank: true, browsers: ["chromium"] }, async ({ page, problems }) => {
  const folder = await mkdtemp(join(tmpdir(), "milliwatt-unbuilt-"));
  execFileSync("node", ["node_modules/vite/bin/vite.js", "build", "--logLevel", "silent", "--emptyOutDir", "--outDir", folder], {
    cwd: join(ROOT, "www"),
    env: { ...process.env, MILLIWATT_UNBUILT: "relaxed,workshop,memory" },
  });
  const server = await serve(folder);
  try {
    await page.goto(server.url, { waitUntil: "load" });
    assert.equal(await engineReady(page), "simd");
    await settled(page);
    await tab(page, "memory");
    await page.waitForFunction(() => document.body.innerText.includes("This part is still being built."), { timeout: 30_000 });
    assert.deepEqual(server.requests.filter((path) => path.endsWith(".wasm")).length, 1, "the one module that is there");
    // The page asked the second server; it keeps no worker for a network that is not there, which the console says.
    assert.deepEqual(problems.filter((problem) => !problem.includes("another host") && !problem.includes("sw.js") && !problem.includes("404")), []);
  } finally {
    problems.length = 0;
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
});
