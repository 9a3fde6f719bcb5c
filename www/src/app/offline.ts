// The service worker: the page opens without a network and does there what it does with one; a new version is offered, not forced.

import type { Session } from "./session";
import type { Offline, Snapshot } from "./snapshot";
import { choice, unusable } from "../engine/client/load";

/** How long the page has to have done nothing before more than the first screen is fetched. */
const IDLE_MS = 1000;

export function offline(session: Session): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator) || !location.protocol.startsWith("http")) return;
  const tell = (offline: Offline): void => {
    document.documentElement.dataset["offline"] = offline;
    session.patch({ offline });
  };
  navigator.serviceWorker.register("sw.js").then((registration) => {
    const offer = (): void => {
      const { waiting } = registration;
      if (waiting && navigator.serviceWorker.controller) session.offerUpdate(() => waiting.postMessage("take over"));
    };
    offer();
    registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", offer));
  }, () => {
    // Private windows refuse service workers: the page works, but only online.
    tell("refused");
  });
  navigator.serviceWorker.addEventListener("message", ({ data }: MessageEvent<{ offline?: Offline }>) => {
    if (data?.offline) tell(data.offline);
  });
  navigator.serviceWorker.ready.then(async ({ active }) => {
    // On the first visit the module was asked for before the worker was there to keep it.
    active?.postMessage({ keep: new URL(choice().url, location.href).href });
    if (savesData()) tell("saving");
    await Promise.race([idle(session), asked(session)]);
    active?.postMessage({ keepRest: { without: unusable().map((url) => new URL(url, location.href).href) } });
  }).catch(() => {});
  let reloading = false;
  const controlled = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (!reloading && controlled) location.reload();
    reloading = true;
  });
}

/** Whether the visitor's browser asks pages to fetch no more than they must. */
function savesData(): boolean {
  return (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true;
}

/** When the first numbers are there and the page has nothing to do; never where data is to be saved. */
async function idle(session: Session): Promise<void> {
  const busy = ({ ready, wanted, a, b }: Snapshot): boolean =>
    !ready || Boolean(a.progress || b.progress) || !(wanted || [a, b].every(({ complete, error, untrained }) => complete || error || untrained));
  if (savesData()) return new Promise(() => {});
  return new Promise((resolve) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = (): void => {
      clearTimeout(timer);
      if (busy(session.snapshot)) return;
      timer = setTimeout(() => {
        session.removeEventListener("change", look);
        if ("requestIdleCallback" in window) requestIdleCallback(() => resolve(), { timeout: 10 * IDLE_MS });
        else resolve();
      }, IDLE_MS);
    };
    session.addEventListener("change", look);
    look();
  });
}

/** When the visitor asks for everything. */
function asked(session: Session): Promise<void> {
  return new Promise((resolve) => session.addEventListener("keep-offline", () => resolve(), { once: true }));
}
