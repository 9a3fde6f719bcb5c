#!/usr/bin/env python3
"""Writes `tests/golden/arithmetic/`: the int8 cases of `tests/golden/ops` under the two arithmetics that are not TFLM's.

    python tests/oracle/make_arithmetic.py

`single.bin` comes from `emulator.py`, because no released runtime rounds once; `xnnpack.bin` from the live LiteRT, for
the cases that its XNNPACK delegate computes from end to end. The files hold answers only: models and inputs are those of
the case of the same name in `tests/golden/ops`.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import litert
import tflm
from case import Case, read_group, write_group
from emulator import Emulator, Unknown

FOLDER = Path(__file__).parent.parent / "golden"


def int8_cases():
    """Every committed case with int8 activations as (group, name, model, runs)."""
    for path in sorted((FOLDER / "ops").glob("*_int8.bin")):
        for name, model, runs in read_group(path):
            yield path.stem, name, model, runs


def emulated(model, runs, rounding):
    """The emulator's outputs; raises `Unknown` for what it does not know."""
    return [Emulator(model, rounding).run(inputs) for inputs, _ in runs]


def single(model, runs):
    return emulated(model, runs, "single")


def xnnpack(model, runs):
    return litert.xnnpack(model, [inputs for inputs, _ in runs])


def main():
    (FOLDER / "arithmetic").mkdir(parents=True, exist_ok=True)
    for name, answer in [("single", single), ("xnnpack", xnnpack)]:
        cases, differing = [], 0
        for group, case, model, runs in int8_cases():
            try:
                answers = answer(model, runs)
            except (Unknown, litert.Undelegated, tflm.Refused):
                continue
            cases.append(Case("", f"{group} {case}", b"", [[] for _ in runs], answers))
            theirs = [array.tobytes() for outputs in answers for array in outputs]
            differing += theirs != [output for _, outputs in runs for output in outputs]
        path = FOLDER / "arithmetic" / f"{name}.bin"
        write_group(path, cases)
        print(f"{name}: {len(cases)} cases, {differing} of them unlike TFLM, {path.stat().st_size:,} bytes")
    print(f"tflite-micro {tflm.version()}, ai-edge-litert {litert.version()}")


if __name__ == "__main__":
    main()
