// Runs what was typed into the editor. The page makes this worker out of a blob that holds this file and the code: a
// blob inherits the page's policy, so that nothing can be asked of another host; what could ask this one is taken away before
// the code runs. Started by its own address, the same file only looks whether code can be parsed.

import { api } from "./nn";
import { type FromScript, GIVEN, type ToScript } from "./source";
import init, * as wasm from "../wasm/memory/milliwatt";

const tell = (message: FromScript): void => postMessage(message);

/** Everything that reaches out of the worker. */
const REACHES = [
  "fetch", "XMLHttpRequest", "WebSocket", "WebSocketStream", "EventSource", "WebTransport", "Worker", "SharedWorker", "importScripts",
  "BroadcastChannel", "indexedDB", "caches", "Notification", "navigator", "RTCPeerConnection", "FontFace",
];

function close(): void {
  for (const name of REACHES) {
    for (let holder: object | null = globalThis; holder; holder = Object.getPrototypeOf(holder) as object | null) Reflect.deleteProperty(holder, name);
    Object.defineProperty(globalThis, name, { value: undefined });
  }
}

/** Lines before the code. */
let head = 0;

/** The line of the code where an error was thrown, as far as the browser says. */
function lineOf(error: unknown): number | undefined {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  // The lines before the code are this file's.
  const lines = [...stack.matchAll(/blob:[^\s)]*?:(\d+)(?::\d+)?\)?$/gm)].map(([, line]) => Number(line) - head);
  return lines.find((line) => line > 0);
}

function fail(error: unknown): void {
  const at = lineOf(error);
  const named = error instanceof Error && !["Error", "parameter", "unsupported", "numeric", "limits"].includes(error.name);
  const message = error instanceof Error ? (named ? `${error.name}: ${error.message}` : error.message) : String(error);
  tell({ error: message, ...(at !== undefined && at > 0 && { at }) });
}

const print = (...values: unknown[]): void => tell({ line: values.map(String).join(" ") });

type Body = (given: Record<string, unknown>) => Promise<void>;

async function run(body: Body, { module, model, items }: Extract<ToScript, { module: WebAssembly.Module }>): Promise<void> {
  await init({ module_or_path: module });
  const nn = api(wasm);
  Object.assign(console, { log: print, info: print, warn: print, error: print });
  close();
  await body({ ...nn, print, bench: { model, items: items && nn.array(items) } });
  tell({ done: true });
}

/** Parses code without running it; what is wrong becomes an error of the worker, with its line. */
function check(code: string): void {
  const AsyncFunction = (async () => {}).constructor as new (...parts: string[]) => unknown;
  try {
    new AsyncFunction("");
  } catch {
    // Where code may not be made of text at all, it is parsed when it runs.
    return tell({ done: true });
  }
  // Not caught here: what is caught and thrown again loses its line.
  new AsyncFunction(...GIVEN, code);
  tell({ done: true });
}

/** Code and what it works with arrive on two ways, in either order. */
const body = new Promise<Body>((resolve) => Object.assign(globalThis, { written: resolve }));

addEventListener("message", ({ data }: MessageEvent<ToScript>) => {
  if ("check" in data) return check(data.check);
  head = data.head;
  body.then((body) => run(body, data)).catch(fail);
});
