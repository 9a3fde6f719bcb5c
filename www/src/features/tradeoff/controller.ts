// The search for a recipe under budgets, and which of the tried recipes no other beats. Loaded when it is first looked at.

import { proxy } from "comlink";
import { save } from "../../ui/files";
import { normal } from "../../engine/bench/recipes";
import type { Api, Store } from "../../engine/bench/feature";
import { SEEDS } from "../../engine/bench/state";
import { costOf, type Seen, type TradeoffAction, type TradeoffView } from "./slice";
import type { Tried } from "../../engine/bench/tried";
import type { Recipe, SearchNews } from "../../engine/types";
import { Cancelled } from "../../engine/client/bench-worker";
import { WorkshopWorker } from "../../engine/client/on-demand";

export class Tradeoff {
  #api: Api<Seen>;
  #store: Store<TradeoffView>;
  #searcher = new WorkshopWorker();
  #counter = new WorkshopWorker();
  #turn = 0;
  #about = "";
  #found: Recipe[] = [];
  #state: string | undefined;
  #asked = "";

  constructor(api: Api<Seen>, store: Store<TradeoffView>) {
    this.#api = api;
    this.#store = store;
  }

  /** The bench or what was tried on it has changed. */
  follow(): void {
    if (this.#about && this.#about !== this.#api.about) this.#forget();
    this.#front().catch((error: unknown) => this.#api.fail(error));
  }

  async act(action: TradeoffAction): Promise<void> {
    switch (action.tradeoff) {
      case "axis":
        this.#store.patch({ axis: action.axis });
        return this.#front();
      case "start":
        this.#forget();
        this.#store.patch({ wanted: action.wanted });
        return this.#go();
      case "stop":
        this.#turn += 1;
        this.#searcher.end();
        return this.#store.patch({ phase: "stopped" });
      case "go-on":
        return this.#go();
      case "save":
        if (this.#state) save(new TextEncoder().encode(this.#state), "search.json");
        return;
      case "load":
        this.#forget();
        this.#state = new TextDecoder().decode(action.file.bytes);
        return this.#go();
    }
  }

  #forget(): void {
    this.#turn += 1;
    this.#searcher.end();
    this.#state = undefined;
    this.#about = "";
    this.#found = [];
    this.#store.patch({ phase: "off" }, "news", "best");
  }

  async #go(): Promise<void> {
    const { subject, about } = this.#api;
    if (!subject) throw new Error("A search measures what it tries: give it inputs first");
    const turn = ++this.#turn;
    this.#about = about;
    this.#store.patch({ phase: "running" });
    const { flash, ram, energy, keeps, portable } = this.#store.now.wanted;
    const request = {
      flash: flash && flash * 1000, ram: ram && ram * 1000, energy: energy && energy * 1e-6, device: subject.device,
      target: portable ? "portable" : "tflm", keeps, trials: 60, seed: SEEDS.split,
    } as const;
    const tell = proxy((news: SearchNews, state: string | undefined) => {
      if (this.#turn === turn) this.#tell(news, state);
    });
    try {
      const { model, data } = subject;
      const trials = await this.#searcher.call(async (host) => {
        await host.open(model.bytes, model.name, data, SEEDS);
        return host.search(request, this.#state);
      });
      this.#found = [];
      for (const trial of trials) this.#add(trial);
      await this.#searcher.call((host) => host.goSearch(tell));
      if (this.#turn === turn) this.#store.patch({ phase: "over" });
    } catch (error) {
      if (error instanceof Cancelled || this.#turn !== turn) return;
      this.#store.patch({ phase: this.#state ? "stopped" : "off" });
      throw error;
    }
  }

  #tell({ trial, ...news }: SearchNews, state: string | undefined): void {
    if (state) this.#state = state;
    if (trial) this.#add(trial);
    const best = news.best == null ? undefined : this.#found[news.best];
    this.#store.patch({ news, ...(best && { best }) });
    if (trial) this.follow();
  }

  #add({ recipe, strip, metric }: { recipe: unknown; strip: Tried["strip"]; metric: string }): void {
    const { transforms } = this.#api.snapshot;
    const own = normal(transforms, recipe as Recipe);
    this.#found.push(own);
    this.#api.remember(this.#about, { recipe: own, strip, metric, by: "search" });
  }

  /** Which dots no other beats: the engine says. */
  async #front(): Promise<void> {
    const { state, tried } = this.#api.snapshot;
    const { axis } = this.#store.now;
    if (state.view !== "tradeoff") return;
    const dots = tried.dots.filter((dot) => dot.strip.score && costOf(dot, axis));
    const asked = JSON.stringify([axis, dots.map(({ recipe }) => recipe)]);
    if (asked === this.#asked) return;
    this.#asked = asked;
    const values = dots.map((dot) => ({ cost: costOf(dot, axis)?.value ?? 0, score: dot.strip.score?.value ?? 0 }));
    const places = values.length ? await this.#counter.call((host) => host.front(values)) : [];
    if (this.#asked === asked) this.#store.patch({ front: places.map((at) => JSON.stringify(dots[at]?.recipe)) });
  }
}
