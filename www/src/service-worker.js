// Keeps exactly one build of the page for use without a network. A newer build waits until the user takes it, so that
// nothing changes under an open bench.

const NAME = "milliwatt-__VERSION__";
const FILES = [/* files */];
/** A visitor needs few of the modules: each is kept when it is first asked for, or when the page names it. */
const LATER = /\.wasm$/;

self.addEventListener("install", (event) => {
  const now = FILES.filter((file) => !LATER.test(file));
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(now.map((file) => new Request(file, { cache: "reload" })))));
});

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
});

async function keep(address) {
  const cache = await caches.open(NAME);
  const path = address.slice(self.registration.scope.length);
  if (FILES.includes(path) && !(await cache.match(address))) await cache.add(address);
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
