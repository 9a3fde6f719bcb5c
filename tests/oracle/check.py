#!/usr/bin/env python3
"""Checks the committed vectors, and the files that `milliwatt` writes, against the live TFLM.

    python tests/oracle/check.py [--milliwatt target/debug/milliwatt] [--shared ../shared]

1. Every vector of `tests/golden/ops` is run again, and every refused case is offered again.
2. The emulator gives TFLM's answers when it rounds twice and those of `tests/golden/arithmetic/single.bin` when it rounds
   once, as LiteRT's reference FULLY_CONNECTED does; LiteRT with XNNPACK gives those of `xnnpack.bin`.
3. With `--milliwatt`: what TFLM makes of a model does not change when `milliwatt` reads and writes it.
4. With `--milliwatt`: a float model compressed with the preset `int8` loads in TFLM, and TFLM answers with the bytes that
   `milliwatt run` predicts.
5. With `--milliwatt`: so does every file of a matrix of recipes and models (`matrix.py`), or it is said beforehand that
   it does not.
6. With `--milliwatt`: TFLM answers the test vectors of bundles with the bytes that stand in their C++ (`bundle.py`).

Ends with status 1 when anything differs.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import bundle
import litert
import matrix
import tflm
from case import read_group
from emulator import Unknown
from make_arithmetic import emulated, int8_cases, single
from ops import all_cases

GOLDEN = Path(__file__).parent.parent / "golden" / "ops"


class Report:
    """Counts what was checked and says what differs, as it goes."""

    def __init__(self):
        self.checked = {}
        self.differences = 0

    def note(self, what, problem=None):
        self.checked[what] = self.checked.get(what, 0) + 1
        if problem:
            self.differences += 1
            print(f"DIFFERS {what}: {problem}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--milliwatt", type=Path, help="the native command; without it only the vectors are checked")
    parser.add_argument("--shared", type=Path, help="the folder with mlperf/, for checks on the MLPerf Tiny models")
    arguments = parser.parse_args()
    print(f"tflite-micro {tflm.version()}")
    report = Report()
    check_vectors(report)
    check_refused(report)
    check_single(report)
    check_xnnpack(report)
    if arguments.milliwatt:
        for name, model, inputs in own_models() + shared_models(arguments.shared):
            with tempfile.TemporaryDirectory() as folder:
                command = Command(arguments.milliwatt, Path(folder))
                check_round_trip(report, command, name, model, inputs)
                check_compressed(report, command, name, model, inputs)
                bundle.check(report, command, name, model, inputs, compare)
        with tempfile.TemporaryDirectory() as folder:
            command = matrix.Command(arguments.milliwatt, Path(folder))
            matrix.check(report, command, own_models() + shared_models(arguments.shared))
    else:
        print("skipped: the files that milliwatt writes (no --milliwatt)")
    for what, count in report.checked.items():
        print(f"{count:5} {what}")
    print(f"{report.differences} differences")
    return 1 if report.differences else 0


def check_vectors(report):
    for path in sorted(GOLDEN.glob("*.bin")):
        for name, model, runs in read_group(path):
            report.note("vectors", rerun(f"{path.stem} {name}", model, runs))


def rerun(name, model, runs):
    """Runs a stored case again; returns what differs, or None."""
    try:
        answers = tflm.run(model, [inputs for inputs, _ in runs])
    except tflm.Refused as reason:
        return f"{name}: refused: {reason}"
    for (_, stored), live in zip(runs, answers, strict=True):
        for old, new in zip(stored, live, strict=True):
            problem = compare(np.frombuffer(old, new.dtype), new.reshape(-1))
            if problem:
                return f"{name}: {problem}"
    return None


def check_refused(report):
    with open(GOLDEN / "refused.json") as file:
        refused = {(row["group"], row["name"]) for row in json.load(file)["refused"] if "reason" in row}
    for case in all_cases():
        if (case.group, case.name) not in refused:
            continue
        try:
            tflm.run(case.model, case.runs)
            report.note("refusals", f"{case.group} {case.name}: TFLM runs it now")
        except tflm.Refused:
            report.note("refusals")


def stored_answers(name):
    """The answers of `tests/golden/arithmetic/NAME.bin`, by the case's group and name, each run a list of bytes."""
    cases = read_group(GOLDEN.parent / "arithmetic" / f"{name}.bin")
    return {case: [outputs for _, outputs in runs] for case, _, runs in cases}


def answers_differ(found, stored):
    """What differs between int8 answers and stored bytes, or None."""
    for new, old in zip(found, stored, strict=True):
        for one, other in zip(new, old, strict=True):
            problem = compare(np.frombuffer(other, one.dtype), one.reshape(-1))
            if problem:
                return problem
    return None


def check_single(report):
    stored = stored_answers("single")
    for group, name, model, runs in int8_cases():
        try:
            twice = emulated(model, runs, "double")
        except Unknown:
            continue
        case = f"{group} {name}"
        problem = answers_differ(twice, [outputs for _, outputs in runs])
        report.note("cases of the emulator, rounding twice, beside TFLM", problem and f"{case}: {problem}")
        problem = answers_differ(single(model, runs), stored.pop(case))
        report.note("vectors of the single rounding", problem and f"{case}: {problem}")
    report.note("files of the single rounding", f"nobody computes {sorted(stored)}" if stored else None)


def check_xnnpack(report):
    try:
        print(f"ai-edge-litert {litert.version()}")
    except ModuleNotFoundError:
        print("skipped: XNNPACK and LiteRT's reference kernels (no wheel ai-edge-litert)")
        return
    stored, once = stored_answers("xnnpack"), stored_answers("single")
    for group, name, model, runs in int8_cases():
        case = f"{group} {name}"
        inputs = [inputs for inputs, _ in runs]
        if case in stored:
            try:
                problem = answers_differ(litert.xnnpack(model, inputs), stored[case])
            except (litert.Undelegated, tflm.Refused) as reason:
                problem = f"not by XNNPACK any more: {reason}"
            report.note("vectors of XNNPACK", problem and f"{case}: {problem}")
        # LiteRT's reference FULLY_CONNECTED rounds once too, but in float64 with ties away from zero.
        exact_ties = name in ("accumulators_half", "accumulators_quarter", "accumulators_eighth")
        if group == "fully_connected_int8" and case in once and not exact_ties:
            problem = answers_differ(litert.reference(model, inputs), once[case])
            report.note("FULLY_CONNECTED of LiteRT's reference, rounding once", problem and f"{case}: {problem}")


class Command:
    """The `milliwatt` command, with files in a folder of its own."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def compress(self, model, preset, data=None):
        (self.folder / "in.tflite").write_bytes(model)
        arguments = ["compress", self.folder / "in.tflite", "--preset", preset, "-o", self.folder / "out.tflite"]
        if data is not None:
            np.save(self.folder / "data.npy", data)
            arguments += ["--data", self.folder / "data.npy"]
        self._call(arguments)
        return (self.folder / "out.tflite").read_bytes()

    def bundle(self, model, preset):
        (self.folder / "in.tflite").write_bytes(model)
        output = self.folder / "out.zip"
        self._call(["bundle", self.folder / "in.tflite", "--preset", preset, "-o", output])
        return output.read_bytes()

    def run(self, model, inputs):
        (self.folder / "run.tflite").write_bytes(model)
        np.save(self.folder / "x.npy", inputs)
        self._call(["run", self.folder / "run.tflite", "--input", self.folder / "x.npy", "--output", self.folder / "y.npy"])
        return np.load(self.folder / "y.npy")

    def _call(self, arguments):
        done = subprocess.run([self.program, *arguments], capture_output=True, text=True, timeout=600)
        if done.returncode:
            raise RuntimeError(f"milliwatt {arguments[0]}: {done.stderr.strip()}")


def check_round_trip(report, command, name, model, inputs):
    """TFLM gives the same bytes for the file and for what `milliwatt` makes of it unchanged."""
    what = "read and written files"
    try:
        written = command.compress(model, "original")
        before, after = (tflm_outputs(m, inputs) for m in (model, written))
        problem = compare(before.reshape(-1), after.reshape(-1), exact=True)
        ours = command.run(written, inputs)
        problem = problem or compare(before.reshape(-1), ours.reshape(-1))
    except (RuntimeError, OSError, subprocess.TimeoutExpired, tflm.Refused) as error:
        problem = str(error)
    report.note(what, problem and f"{name}: {problem}")


def check_compressed(report, command, name, model, inputs):
    """The int8 file loads in TFLM and gives the bytes that are predicted. Only float models are compressed."""
    if inputs.dtype != np.float32:
        return
    what = "int8 files that milliwatt made"
    try:
        compressed = command.compress(model, "int8", inputs)
        ((dtype, _),) = tflm.details(compressed)[0]
        scale, zero_point = tflm.input_quantization(compressed)
        quantized = inputs
        if dtype == np.int8:
            quantized = np.clip(np.round(inputs / np.float32(scale)) + zero_point, -128, 127).astype(np.int8)
        problem = compare(
            tflm_outputs(compressed, quantized).reshape(-1), command.run(compressed, quantized).reshape(-1), exact=True
        )
    except (RuntimeError, OSError, subprocess.TimeoutExpired, tflm.Refused) as error:
        problem = str(error)
        if "computes with integers already" in problem:
            # Floats at the ends only.
            what, problem = "integer models that are not quantized a second time", None
    report.note(what, problem and f"{name}: {problem}")


def tflm_outputs(model, inputs):
    """The first output of TFLM for each of `inputs` [n, ...]."""
    return np.stack([outputs[0] for outputs in tflm.run(model, [[x[None]] for x in inputs])])


def own_models():
    """The committed networks, with 32 inputs each; those with one output, because `milliwatt run` writes one."""
    models = []
    for path in sorted(GOLDEN.glob("graph_*.bin")):
        for name, model, runs in read_group(path):
            if len(runs[0][1]) == 1:
                models.append((f"{path.stem}/{name}", model, random_inputs(model, 32)))
    return models


def shared_models(shared):
    """Those MLPerf Tiny models that TFLM runs, with real inputs where there are some."""
    folder = shared / "mlperf" if shared else None
    if not folder or not folder.exists():
        print("skipped: the MLPerf Tiny models (../shared/mlperf is not here)")
        return []
    models = []
    for path in sorted((folder / "models").glob("*.tflite")):
        model = path.read_bytes()
        try:
            tflm.details(model)
        except tflm.Refused:
            continue
        golden = np.load(folder / "golden" / f"{path.stem}.npz")
        inputs = golden["x"]
        if path.stem == "kws01_fp32_qualcomm":
            mfcc = np.load(folder / "data" / "kws_dev.npz")["mfcc"][:100]
            inputs = (mfcc.astype(np.float32) - 83) * np.float32(0.5847029089927673)
        shape = tflm.details(model)[0][0][1]
        models.append((path.stem, model, inputs.reshape(-1, *shape[1:])))
    return models


def random_inputs(model, count):
    ((dtype, shape),) = tflm.details(model)[0]
    rng = np.random.default_rng(7)
    if np.issubdtype(dtype, np.floating):
        return rng.standard_normal((count, *shape[1:])).astype(dtype)
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    return rng.integers(low, high, (count, *shape[1:]), endpoint=True).astype(dtype)


def compare(expected, found, exact=False):
    """What differs, or None. Floats may differ by 1e-5 of their size and 1e-6 of the largest, unless `exact`."""
    if expected.dtype != found.dtype or expected.shape != found.shape:
        return f"{found.dtype} {found.shape} instead of {expected.dtype} {expected.shape}"
    if exact or not np.issubdtype(expected.dtype, np.floating):
        wrong = expected != found
    else:
        allowed = 1e-5 * np.abs(expected) + 1e-6 * np.abs(expected).max(initial=0)
        wrong = ~(np.abs(expected - found) <= allowed)
    if not wrong.any():
        return None
    first = int(np.argmax(wrong))
    return f"{wrong.sum()} of {wrong.size} differ, element {first} is {found[first]} instead of {expected[first]}"


if __name__ == "__main__":
    sys.exit(main())
