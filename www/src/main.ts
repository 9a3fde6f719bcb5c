// Starts the page: the first picture from what the build wrote into the HTML, then the engine.

// The frame first: what features add to it comes after.
import "./app/styles/index.css";
import { type App, register } from "./app/shell/page";
import { Session } from "./app/session";
import type { Prefill } from "./app/snapshot";
import { showTheme } from "./app/storage";
import { offline } from "./app/offline";

showTheme();

const written = document.getElementById("prefill")?.textContent;
const prefill = written ? (JSON.parse(written) as Prefill) : undefined;
const session = new Session(prefill, location.hash);
register();
const app = document.querySelector<App>("mw-app");
app?.attach(session);

window.addEventListener("hashchange", () => {
  session.goto(location.hash).catch((error: unknown) => session.fail(error));
});
session.start(location.hash).catch((error: unknown) => session.fail(error));
offline(session);
