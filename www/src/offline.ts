// The service worker: the page opens without a network, and a new version is offered, not forced.

import type { Session } from "./session";
import { choice } from "./worker/load";

export function offline(session: Session): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator) || !location.protocol.startsWith("http")) return;
  navigator.serviceWorker.register("sw.js").then((registration) => {
    const offer = (): void => {
      const { waiting } = registration;
      if (waiting && navigator.serviceWorker.controller) session.offerUpdate(() => waiting.postMessage("take over"));
    };
    offer();
    registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", offer));
  }, () => {
    // Private windows refuse service workers: the page works, but only online.
  });
  // On the first visit the module was asked for before the worker was there to keep it.
  navigator.serviceWorker.ready.then(({ active }) => active?.postMessage({ keep: new URL(choice().url, location.href).href }), () => {});
  let reloading = false;
  const controlled = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (!reloading && controlled) location.reload();
    reloading = true;
  });
}
