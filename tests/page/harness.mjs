// @ts-check
// What every test of the page needs: a static server, two real browsers, and no mercy for errors.
//
//   import { test } from "./harness.mjs";
//   test("a dropped model is named", async ({ page }) => { … });
//
// runs once in Chromium and once in Firefox, each with a fresh profile. It fails when the page throws, writes an error
// to the console, asks for something that is not there, or asks any other host for anything.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, delimiter, extname, join, normalize, sep } from "node:path";
import { test as nodeTest } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

/** @typedef {import("puppeteer-core").Browser} Browser */
/** @typedef {import("puppeteer-core").Page} Page */
/** @typedef {"chromium" | "firefox"} BrowserName */
/**
 * @typedef {object} Bench What a test works with.
 * @property {Page} page
 * @property {BrowserName} browserName
 * @property {string} url Address of the page, in a folder of its own, as on a static host.
 * @property {string[]} problems What went wrong in the page so far; a test that provokes an error empties it.
 * @property {string[]} requests The paths that the page asked the server for.
 * @property {() => Promise<void>} unplug Ends the server, which is all the network that there is.
 * @property {import("node:test").TestContext} context
 */
/**
 * @typedef {object} Options
 * @property {BrowserName[]} [browsers] Default: both.
 * @property {string} [microphone] A WAV file that Chromium's microphone plays in a loop; Firefox always plays a tone.
 * @property {boolean} [sound] Whether an AudioContext must run: gives Firefox a sound device, or skips it.
 * @property {string} [hash] The fragment to open the page with, without its `#`.
 * @property {boolean} [blank] Whether to leave the page unopened, so that the test can open it itself.
 * @property {{ width: number, height: number }} [viewport] Default: 1440 x 900.
 * @property {number} [timeout] Milliseconds; default: three minutes.
 */

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const DIST = join(ROOT, "www", "dist");
export const SCREENSHOTS = join(ROOT, "screenshots");

/** Milliseconds that a browser may take to start: Firefox wants half a minute where other work keeps both cores busy. */
const START = 90_000;

const fromWww = createRequire(join(ROOT, "www", "package.json"));

/** Imports a package of the page's node_modules: tests have no packages of their own.
 * @param {string} name
 * @returns {Promise<any>} */
export async function fromPackages(name) {
  return import(pathToFileURL(fromWww.resolve(name)).href);
}

const TYPES = /** @type {Record<string, string>} */ ({
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".wasm": "application/wasm",
  ".wav": "audio/wav",
  ".webmanifest": "application/manifest+json",
});

/** Serves a folder on a free port of this machine, under a path, as a static host would.
 * @param {string} [folder]
 * @param {string} [path]
 * @returns {Promise<{ url: string, requests: string[], close: () => Promise<void> }>} */
export async function serve(folder = DIST, path = "/somewhere/milliwatt/") {
  assert.ok(existsSync(folder), `${folder} is not here: run \`cargo xtask build\` first`);
  /** @type {string[]} */
  const requests = [];
  const server = createServer(async (request, response) => {
    const address = decodeURIComponent(new URL(request.url ?? "/", "http://here").pathname);
    requests.push(address);
    let file = address.startsWith(path) ? join(folder, normalize(address.slice(path.length))) : "";
    if (file === folder || file === folder + sep) file = join(folder, "index.html");
    const found = file.startsWith(folder) && (await stat(file).catch(() => undefined))?.isFile();
    if (!found) {
      response.writeHead(404, { "content-type": "text/plain" }).end("There is nothing here");
      return;
    }
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type, "cache-control": "no-store" });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}${path}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        // Closing what is closed already calls back too, with an error that says so.
        server.close(() => resolve());
      }),
  };
}

/** @param {string[]} names */
function program(...names) {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? "").split(delimiter)) {
      if (existsSync(join(folder, name))) return join(folder, name);
    }
  }
  throw new Error(`None of these is on PATH: ${names.join(", ")}. \`cargo xtask test\` installs what it can`);
}

/** A sound device for Firefox, which without one keeps every AudioContext suspended.
 * @returns {Promise<{ server: string, close: () => Promise<void> } | undefined>} `undefined` where PulseAudio is missing. */
async function soundDevice() {
  if (spawnSync("pulseaudio", ["--version"]).status !== 0) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "milliwatt-sound-"));
  const socket = join(folder, "native");
  const daemon = spawn(
    "pulseaudio",
    [
      ...["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"],
      ...["-L", "module-null-sink sink_name=null"],
      ...["-L", `module-native-protocol-unix auth-anonymous=1 socket=${socket}`],
    ],
    { stdio: "ignore", env: { ...process.env, XDG_RUNTIME_DIR: folder, HOME: folder } },
  );
  for (let waited = 0; !existsSync(socket) && waited < 10_000 && daemon.exitCode === null; waited += 50) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    server: `unix:${socket}`,
    close: async () => {
      daemon.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Starts a browser with a fresh profile that knows no host but this machine.
 * @param {BrowserName} name
 * @param {{ microphone?: string | undefined, pulse?: string | undefined, arguments?: string[] }} [options]
 * @returns {Promise<Browser>} */
export async function launch(name, options = {}) {
  const { default: puppeteer } = await fromPackages("puppeteer-core");
  if (name === "chromium") {
    const microphone = options.microphone ? [`--use-file-for-fake-audio-capture=${options.microphone}`] : [];
    return puppeteer.launch({
      browser: "chrome",
      timeout: START,
      executablePath: program("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
      args: [
        ...["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run"],
        ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
        ...["--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"],
        ...["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", ...microphone],
        ...["--autoplay-policy=no-user-gesture-required"],
        ...(options.arguments ?? []),
      ],
    });
  }
  return puppeteer.launch({
    browser: "firefox",
    timeout: START,
    executablePath: program("firefox-esr", "firefox"),
    env: { ...process.env, ...(options.pulse ? { PULSE_SERVER: options.pulse } : {}) },
    extraPrefsFirefox: {
      "media.navigator.streams.fake": true,
      "media.navigator.permission.disabled": true,
      "media.autoplay.default": 0,
      "media.autoplay.blocking_policy": 0,
    },
  });
}

/** Collects whatever a page does that it must not.
 * @param {Page} page
 * @param {string} origin
 * @returns {string[]} */
export function watch(page, origin) {
  /** @type {string[]} */
  const problems = [];
  page.on("pageerror", (error) => problems.push(`The page threw: ${error instanceof Error ? error.stack : error}`));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "assert") {
      problems.push(`The console says: ${message.text()} (${message.location().url ?? "?"})`);
    }
  });
  page.on("request", (request) => {
    const address = request.url();
    if (!address.startsWith(origin) && !/^(data|blob|about):/.test(address)) {
      problems.push(`The page asked another host: ${address}`);
    }
  });
  page.on("response", (response) => {
    if (response.status() >= 400) problems.push(`The server answered ${response.status()}: ${response.url()}`);
  });
  return problems;
}

/** Registers a test that runs in each browser, on the page opened fresh.
 * @param {string} fact A sentence that is true when the test passes.
 * @param {Options | ((bench: Bench) => Promise<void>)} optionsOrBody
 * @param {(bench: Bench) => Promise<void>} [maybeBody] */
export function test(fact, optionsOrBody, maybeBody) {
  const options = typeof optionsOrBody === "function" ? {} : optionsOrBody;
  const body = typeof optionsOrBody === "function" ? optionsOrBody : maybeBody;
  if (!body) throw new Error("A test wants a body");
  const chosen = process.env.MILLIWATT_BROWSER;
  for (const browserName of options.browsers ?? /** @type {BrowserName[]} */ (["chromium", "firefox"])) {
    if (chosen && chosen !== browserName) continue;
    nodeTest(`${fact} [${browserName}]`, { timeout: options.timeout ?? 180_000 }, async (context) => {
      const needsDevice = options.sound && browserName === "firefox";
      const device = needsDevice ? await soundDevice() : undefined;
      if (needsDevice && !device) {
        context.skip("Firefox has no sound device here: PulseAudio is not installed");
        return;
      }
      const server = await serve();
      const browser = await launch(browserName, { microphone: options.microphone, pulse: device?.server });
      try {
        const page = await browser.newPage();
        page.setDefaultTimeout(60_000);
        await page.setViewport(options.viewport ?? { width: 1440, height: 900 });
        const problems = watch(page, new URL(server.url).origin);
        const url = server.url + (options.hash ? `#${options.hash}` : "");
        if (!options.blank) await page.goto(url, { waitUntil: "load" });
        await body({ page, browserName, url, problems, requests: server.requests, unplug: server.close, context });
        assert.deepEqual(problems, [], "The page must run without an error and without a foreign request");
      } finally {
        await browser.close();
        await server.close();
        await device?.close();
      }
    });
  }
}

/** Waits until the engine inside the page answers: `<html data-engine="simd">` or `"relaxed"`.
 * @param {Page} page
 * @returns {Promise<string>} */
export async function engineReady(page) {
  await page.waitForFunction(() => document.documentElement.dataset.engine, { timeout: 60_000 });
  return page.evaluate(() => document.documentElement.dataset.engine ?? "");
}

/** Drops files on an element as a hand would.
 * @param {Page} page
 * @param {string} selector
 * @param {(string | { name: string, bytes: Uint8Array })[]} files Paths, or names with their content. */
export async function drop(page, selector, files) {
  const contents = [];
  for (const file of files) {
    const name = typeof file === "string" ? basename(file) : file.name;
    const bytes = typeof file === "string" ? await readFile(file) : Buffer.from(file.bytes);
    contents.push({ name, base64: bytes.toString("base64") });
  }
  await page.evaluate(
    (selector, contents) => {
      const transfer = new DataTransfer();
      for (const { name, base64 } of contents) {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        transfer.items.add(new File([bytes], name));
      }
      const target = document.querySelector(selector);
      if (!target) throw new Error(`There is no ${selector} to drop on`);
      for (const type of ["dragenter", "dragover", "drop"]) {
        target.dispatchEvent(
          new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true, composed: true }),
        );
      }
    },
    selector,
    contents,
  );
}

/** What axe-core finds, of the impacts that a person would stumble over.
 * @param {Page} page
 * @returns {Promise<string[]>} One sentence for each finding. */
export async function axe(page) {
  // Evaluated rather than added as a script: the page's security policy admits no stranger, and must not for a test.
  await page.evaluate(await readFile(fromWww.resolve("axe-core/axe.min.js"), "utf8"));
  return page.evaluate(async () => {
    const { violations } = await /** @type {any} */ (globalThis).axe.run(document, { resultTypes: ["violations"] });
    return violations
      .filter((/** @type {any} */ found) => found.impact === "serious" || found.impact === "critical")
      .map(
        (/** @type {any} */ found) =>
          `${found.id}: ${found.help}: ${found.nodes.map((/** @type {any} */ node) => node.target.join(" ")).join(", ")}`,
      );
  });
}

/** Pictures of the page for a person to look at: wide and narrow, light and dark.
 * @param {Page} page In Chromium: Firefox cannot be told a colour scheme from here.
 * @param {string} name */
export async function screenshots(page, name) {
  await mkdir(SCREENSHOTS, { recursive: true });
  const before = page.viewport();
  for (const [width, height] of [
    [1440, 900],
    [390, 844],
  ]) {
    for (const scheme of ["light", "dark"]) {
      await page.setViewport({ width, height });
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      // Two frames: one for the layout, one for what elements draw after it.
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(0)))));
      await page.screenshot({ path: join(SCREENSHOTS, `${name}-${width}-${scheme}.png`) });
    }
  }
  await page.emulateMediaFeatures([]);
  if (before) await page.setViewport(before);
}
