// What the Hardware view reads and asks for: the memory feature's, which computes what is shown.

import type { Ask, BenchAction, BenchView } from "../../engine/bench/view";
import type { MemoryAction, MemoryView } from "../imc/index";

export type Seen = BenchView & { memory: MemoryView };
export type Action = BenchAction | Ask<"memory", MemoryAction>;
