// What the workers of all modules on demand do: start the module, and take a model and its inputs in.

import type { InputFile } from "../types";
import type { DataSet } from "../client/bench-worker";

/** The bench of a module, as far as it is the same in all. */
interface Subject {
  open(bytes: Uint8Array, name: string): unknown;
  set_data(files: InputFile[], seed: number, learns: boolean): unknown;
  set_generated_data(sample: string, seed: number): unknown;
  set_spoken_data(words: Uint8Array, seed: number): unknown;
}

export interface Seeds {
  generated: number;
  split: number;
}

export abstract class OnDemandHost<Bench extends Subject = Subject> {
  #bench: Bench | undefined;

  async start(module: WebAssembly.Module): Promise<void> {
    this.#bench = await this.begin(module);
  }

  /** Takes a model in, and a set where there is one. */
  open(bytes: Uint8Array, name: string, data: DataSet | undefined, seeds: Seeds): void {
    const { bench } = this;
    bench.open(bytes, name);
    if (data?.words) bench.set_spoken_data(data.words, seeds.generated);
    else if (data?.generated) bench.set_generated_data(data.generated, seeds.generated);
    else if (data) bench.set_data(data.files ?? [], data.seed ?? seeds.split, data.learns ?? false);
  }

  /** Starts the module and makes its bench. */
  protected abstract begin(module: WebAssembly.Module): Promise<Bench>;

  protected get bench(): Bench {
    if (!this.#bench) throw new Error("The engine has not started");
    return this.#bench;
  }
}
