// Keeps exactly one build of the page for use without a network. A newer build waits until the user takes it, so that
// nothing changes under an open bench.

const NAME = "milliwatt-__VERSION__";
const FILES = [/* files */];
/** What the first screen does not need: kept when it is first asked for, or when the page says that it is idle. */
const LATER = /\.wasm$|(^|\/)later-|^samples\/(?!keywords\/(model\.tflite|words\.zip)$)/;
/** Files whose names change with their content: what the browser has of them already is right. */
const NAMED_BY_CONTENT = /^assets\//;

self.addEventListener("install", (event) => {
  const now = FILES.filter((file) => !LATER.test(file));
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(now.map(request))));
});

function request(file) {
  return new Request(file, { cache: NAMED_BY_CONTENT.test(file) ? "default" : "reload" });
}

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const old = (await caches.keys()).filter((name) => name.startsWith("milliwatt-") && name !== NAME);
      await Promise.all(old.map((name) => caches.delete(name)));
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
  else if (event.data?.keep) event.waitUntil(keep(event.data.keep));
  else if (event.data?.keepRest) event.waitUntil(keepRest(event.data.keepRest.without, event.source));
});

const pathOf = (address) => address.slice(self.registration.scope.length);

async function keep(address) {
  const cache = await caches.open(NAME);
  const path = pathOf(address);
  if (FILES.includes(path) && !(await cache.match(address))) await cache.add(request(path));
}

/** Keeps every file of this build but those named, one after the other so that a page at work is not held up, and tells the page. */
async function keepRest(without, page) {
  const left = without.map(pathOf);
  try {
    for (const file of FILES.filter((file) => !left.includes(file))) await keep(self.registration.scope + file);
    page?.postMessage({ offline: "kept" });
  } catch {
    page?.postMessage({ offline: "partly" });
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const scope = self.registration.scope;
  if (request.method !== "GET" || !request.url.startsWith(scope)) return;
  event.respondWith(
    (async () => {
      const path = new URL(request.url).pathname.slice(new URL(scope).pathname.length) || "index.html";
      const cache = await caches.open(NAME);
      const kept = await cache.match(new URL(path, scope).href);
      if (kept) return kept;
      const fresh = await fetch(request);
      if (fresh.ok && FILES.includes(path)) await cache.put(new URL(path, scope).href, fresh.clone());
      return fresh;
    })(),
  );
});
