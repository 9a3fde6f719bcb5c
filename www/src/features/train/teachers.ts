// Networks to learn from that are not the open one: samples of the page, and files that were chosen, kept for the visit.

import { BUILT_IN, sampleModel } from "../../engine/bench/samples";
import { sha256 } from "../../ui/files";
import { TRAIN } from "../../engine/bench/recipes";
import { t } from "./text";
import type { Recipe, Teacher } from "../../engine/types";

const known = new Map<string, { named: Teacher; bytes: Uint8Array }>();

/** Keeps a file; returns how a recipe names it. */
export async function keepTeacher(bytes: Uint8Array, name: string): Promise<Teacher> {
  const named = { name, sha256: await sha256(bytes) };
  known.set(named.sha256, { named, bytes });
  return named;
}

/** A sample of the page as teacher. */
export async function sampleTeacher(id: string): Promise<Teacher | undefined> {
  const model = await sampleModel(id);
  return model && keepTeacher(model.bytes, `${id}.tflite`);
}

/** The teachers that were chosen in this visit. */
export const teachers = (): Teacher[] => [...known.values()].map(({ named }) => named);

/** The teacher that a recipe names, and its file: a sample is fetched again, any other file has to be there. */
export async function teacherOf(recipe: Recipe): Promise<{ bytes: Uint8Array; name: string } | undefined> {
  const step = recipe.steps.find((step) => step.step === TRAIN);
  const named = step?.step === "train" ? step.teacher : undefined;
  if (!named) return undefined;
  const sample = BUILT_IN.find(({ id }) => `${id}.tflite` === named.name);
  if (!known.has(named.sha256) && sample) await sampleTeacher(sample.id);
  const found = known.get(named.sha256);
  if (!found) throw new Error(t("train.no-teacher", { name: named.name }));
  return { bytes: found.bytes, name: named.name };
}

/** The recipe with another teacher; without one, the open model is it. */
export function withTeacher(recipe: Recipe, teacher: Teacher | undefined): Recipe {
  const steps = recipe.steps.map((step) => {
    if (step.step !== "train") return step;
    const { teacher: _, changes: __, stop: ___, ...rest } = step;
    return { ...rest, ...(teacher && { teacher }) } as typeof step;
  });
  return { version: recipe.version, steps };
}
