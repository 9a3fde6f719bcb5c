// The samples that come with the page, each with the inputs to try it on.

import { SAYS } from "../text";
import type { DataSet, ModelFile } from "../client/bench-worker";

interface BuiltIn {
  /** Its name in links. */
  id: string;
  /** Its model, under `samples/`. */
  model: string;
  /** Its inputs: a row of `SETS`. */
  data: string;
  /** Its name and what it is. */
  label: string;
  sentence: string;
}

/** The first is on the bench when the page opens. */
export const BUILT_IN: readonly [BuiltIn, ...BuiltIn[]] = [
  {
    id: "keywords", model: "keywords/model.tflite", data: "keywords",
    label: "Keyword spotter", sentence: "Tells ten spoken words from others and from silence, with synthetic voices to test it on",
  },
  {
    id: "machine", model: "machine/model.tflite", data: "machine",
    label: "Machine sound", sentence: "An autoencoder that hears when a machine sounds wrong, with generated sound to test it on",
  },
];

/** Inputs by name: made from seeds alone, or from a file of dry words. */
const SETS: Readonly<Record<string, { words?: string }>> = {
  keywords: { words: "keywords/words.zip" },
  machine: {},
};

/** The sample of that name in links. */
export function builtIn(id: string): BuiltIn | undefined {
  return BUILT_IN.find((sample) => sample.id === id);
}

/** What a model is called on the page: a sample's own name, or the file's. */
export function titleOf({ model, name }: { model: string; name: string }): string {
  const sample = builtIn(model);
  return sample ? sample.label : name;
}

/** Whether the inputs of that name come with a sample. */
export function hasSet(data: string): boolean {
  return Object.hasOwn(SETS, data);
}

const fetched = new Map<string, Promise<Uint8Array>>();

/** A file of the page's own, asked for once. */
function file(path: string): Promise<Uint8Array> {
  const known = fetched.get(path);
  if (known) return known;
  const missing = (): never => {
    throw new Error(SAYS.offline);
  };
  const asked = fetch(`samples/${path}`).catch(missing).then(async (response) => {
    if (!response.ok) throw new Error(SAYS.sample(response.status));
    return new Uint8Array(await response.arrayBuffer());
  });
  asked.catch(() => fetched.delete(path));
  fetched.set(path, asked);
  return asked;
}

/** A sample's model, or nothing for a name that no sample has. */
export async function sampleModel(id: string): Promise<ModelFile | undefined> {
  const sample = builtIn(id);
  return sample && { id, name: sample.model.replace(/^.*\//, ""), bytes: await file(sample.model) };
}

/** A sample's inputs, or nothing for a name that none has. */
export async function sampleSet(data: string): Promise<DataSet | undefined> {
  const set = hasSet(data) ? SETS[data] : undefined;
  return set && { id: data, ...(set.words ? { words: await file(set.words) } : { generated: data }) };
}
