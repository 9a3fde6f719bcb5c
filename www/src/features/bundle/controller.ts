// The archive for the board, made in a workshop of its own. Loaded when it is first asked for.

import { save } from "../../ui/files";
import { downloadName } from "../../engine/bench/naming";
import type { BenchView } from "../../engine/bench/view";
import { SEEDS } from "../../engine/bench/state";
import type { DataSet, ModelFile } from "../../engine/client/bench-worker";
import { WorkshopWorker } from "../../engine/client/on-demand";
import { lesson, outcomeOf } from "../../engine/client/taught";

/** Makes the archive of B and hands it over; gives its name. */
export async function bundle(snapshot: BenchView, model: ModelFile, data: DataSet | undefined): Promise<string> {
  const { b, device, rate } = snapshot.state;
  const key = lesson(model.id, data?.id ?? "", b);
  const outcome = key === undefined ? undefined : outcomeOf(key);
  const worker = new WorkshopWorker();
  try {
    const bytes = await worker.call(async (host) => {
      await host.open(model.bytes, model.name, data, SEEDS);
      if (outcome) await host.provide(outcome);
      return host.bundle(b, device, rate);
    });
    const name = downloadName(snapshot, "zip");
    save(bytes, name);
    return name;
  } finally {
    worker.end();
  }
}
