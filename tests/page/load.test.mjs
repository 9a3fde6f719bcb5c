// @ts-check
import assert from "node:assert/strict";
import { engineReady, screenshots, test } from "./harness.mjs";

test("the page opens and its engine answers", async ({ page, browserName }) => {
  const engine = await engineReady(page);
  const hasRelaxed = await page.evaluate(() =>
    WebAssembly.validate(
      new Uint8Array([
        0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253,
        15, 253, 128, 2, 11,
      ]),
    ),
  );
  assert.equal(engine, hasRelaxed ? "relaxed" : "simd");
  assert.equal(await page.title(), "Milliwatt");
  if (browserName === "chromium") await screenshots(page, "first");
});

test("a browser downloads only the module that it can run", async ({ page, requests }) => {
  await engineReady(page);
  const modules = requests.filter((path) => path.endsWith(".wasm"));
  assert.equal(new Set(modules).size, 1, `of one module, not ${modules.join(" and ")}`);
});
