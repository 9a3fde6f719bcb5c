#!/usr/bin/env python3
"""Writes `tests/golden/ops/arena.json`: the bytes that TFLM's recording allocator reports for committed models.

    python tests/oracle/make_arena.py

Every network of the `graph_*` files is there, and from each operator's file the first case and those with int4 weights,
whose kernels ask for scratch memory. `head_bytes` is the planned, non-persistent part: activations and scratch, laid out by
TFLM's greedy planner. `tail_bytes` is persistent; its parts are the allocator's own, and what they do not explain
is what the allocator does not record by kind.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import tflm
from case import read_group

GOLDEN = Path(__file__).parent.parent / "golden" / "ops"

PARTS = {
    "TfLiteEvalTensor data": "eval_tensors_bytes",
    "Persistent TfLiteTensor data": "input_output_tensors_bytes",
    "Persistent TfLiteTensor quantization data": "quantization_bytes",
    "Persistent buffer data": "kernel_buffers_bytes",
    "NodeAndRegistration struct": "nodes_bytes",
    "TfLiteTensor variable buffer data": "variables_bytes",
    "Operator runtime data": "operator_data_bytes",
}


def main():
    models = {}
    for path in sorted(GOLDEN.glob("*.bin")):
        for position, (name, model, _) in enumerate(read_group(path)):
            if position == 0 or path.stem.startswith("graph") or "_w_int4" in name:
                models[f"{path.stem}/{name}"] = measure(model)
    with open(GOLDEN / "arena.json", "w") as file:
        rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in models.items())
        runtime = f"tflite-micro {tflm.version()}, 64-bit"
        file.write(f'{{\n "runtime": {json.dumps(runtime)},\n "models": {{\n{rows}\n }}\n}}\n')
    print(f"{len(models)} models")


def measure(model):
    found = tflm.allocations(model)
    row = {"head_bytes": found["head_bytes"], "tail_bytes": found["tail_bytes"]}
    for what, part in found["parts"].items():
        if part["used_bytes"]:
            row[PARTS[what]] = part["used_bytes"]
    return row


if __name__ == "__main__":
    main()
