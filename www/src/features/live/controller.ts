// Listening to the microphone: audio thread to worker to both models. Nothing starts before a click, and stopping is at
// once: the microphone is closed and the worker ended.

import { transfer } from "comlink";
import { Microphone } from "./microphone";
import type { Api, Controller, Store } from "../../engine/bench/feature";
import { t } from "./text";
import { type LiveEvent, SIDES, type SideName } from "../../engine/types";
import { BenchWorker } from "../../engine/client/bench-worker";
import type { Heard } from "../../engine/worker/host";
import type { State } from "../../engine/bench/state";
import type { LiveAction, LiveView, Seen } from "./slice";

/** What the feed sends: the engine's events of one block of sound. */
export class LiveHeard extends Event {
  readonly events: readonly LiveEvent[];

  constructor(events: readonly LiveEvent[]) {
    super("heard");
    this.events = events;
  }
}

export class Live implements Controller {
  #api: Api<Seen>;
  #store: Store<LiveView>;
  #microphone: Microphone | undefined;
  #ear: BenchWorker | undefined;
  /** What the settings were chosen for: words and machines want others. */
  #task = "";
  /** Of the present turn: whatever still comes after Stop is not used. */
  #abort = new AbortController();

  constructor(api: Api<Seen>, store: Store<LiveView>) {
    this.#api = api;
    this.#store = store;
  }

  async act(action: LiveAction): Promise<void> {
    switch (action.live) {
      case "start":
        return this.#start();
      case "stop":
        return this.#stop();
      case "keep":
        return this.#keep();
      case "settings":
        this.#store.patch({ settings: action.settings });
        await this.#ear?.call((host) => host.configure(action.settings));
    }
  }

  /** A side has another candidate: from now on that one listens. */
  made(name: SideName): void {
    if (this.#ear) this.#give(name).catch((error: unknown) => this.#fail(error));
  }

  /** Another model or view: what was heard belongs to the old one. */
  chosen(before: State): void {
    const { model, view } = this.#api.snapshot.state;
    if (model !== before.model || view !== "listen") this.#stop();
  }

  #stop(): void {
    this.#abort.abort();
    this.#microphone?.close();
    this.#microphone = undefined;
    this.#ear?.end();
    this.#ear = undefined;
    if (this.#store.now.phase !== "off") this.#store.patch({ phase: "off" });
  }

  async #start(): Promise<void> {
    if (this.#store.now.phase !== "off") return;
    const abort = new AbortController();
    this.#abort = abort;
    const gone = (): boolean => abort.signal.aborted;
    this.#store.patch({ phase: "starting" });
    try {
      const microphone = await Microphone.open(abort.signal);
      if (gone()) return;
      this.#microphone = microphone;
      microphone.lost.then(() => {
        if (gone()) return;
        this.#stop();
        this.#api.tell("error", t("error.unplugged"));
      }, () => {});
      const ear = new BenchWorker(this.#api.compiled);
      this.#ear = ear;
      const task = this.#api.snapshot.card?.task ?? "other";
      const { settings, normalizers } = await ear.call((host) => host.liveTables(task));
      if (gone()) return;
      const chosen = (this.#task === task && this.#store.now.settings) || settings;
      this.#task = task;
      const [sound, events] = [new MessageChannel(), new MessageChannel()];
      events.port1.onmessage = ({ data }: MessageEvent<Heard>) => {
        if (gone()) return;
        if (data.error !== undefined) this.#fail(new Error(data.error));
        else this.#store.now.feed.dispatchEvent(new LiveHeard(data.events));
      };
      await ear.call((host) =>
        host.listen(microphone.rate, chosen, transfer(sound.port2, [sound.port2]), transfer(events.port2, [events.port2])));
      for (const name of SIDES) if (this.#api.snapshot[name].made) await this.#give(name);
      if (gone()) return;
      microphone.send(sound.port1);
      this.#store.patch({ phase: "on", settings: chosen, normalizers });
    } catch (error) {
      if (!gone()) this.#fail(error);
    }
  }

  async #give(name: SideName): Promise<void> {
    const { file, threshold, classes } = await this.#api.sides[name].worker.call((host) => host.ear());
    await this.#ear?.call((host) => host.hears(SIDES.indexOf(name), file, threshold, classes));
  }

  /** What was just heard becomes a clip. */
  async #keep(): Promise<void> {
    const rate = this.#microphone?.rate;
    const samples = await this.#ear?.call((host) => host.lastClip());
    if (rate && samples?.length) this.#api.act({ ask: "listen", what: { listen: "keep", samples, rate } });
  }

  #fail(error: unknown): void {
    this.#stop();
    this.#api.fail(error);
  }
}
