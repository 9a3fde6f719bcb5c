#!/usr/bin/env python3
"""What each repair of quantization brings, and Milliwatt's int8 beside that of LiteRT's own quantizer, as two tables.

    python tests/oracle/quantizers.py --milliwatt target/release/milliwatt [--shared ../shared] [--write docs/quantizer.md]

The second needs the wheels `litert-quantizer` (or `ai-edge-quantizer`, as it was called before), `ai-edge-litert` and
`tflite-micro`; it is left out, and said to be, where one is absent. Both quantizers read the float file as `milliwatt`
rewrites it, because LiteRT's refuses files without a signature, and both are calibrated on the same inputs. All int8 files
run in TFLM, which is what a microcontroller computes, and in LiteRT's reference kernels, where the float model runs. What is
compared was not calibrated on.
"""

import argparse
import importlib
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

MODELS = {"kws": "kws01_fp32_qualcomm", "ic": "ic01_fp32", "vww": "vww01_fp32", "ad": "ad01_fp32"}
SHAPES = {"kws": (49, 10, 1), "ic": (32, 32, 3), "vww": (96, 96, 3), "ad": (640,)}
CALIBRATION = 100
TESTED = 400


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--milliwatt", type=Path, required=True, help="the native command")
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="the folder with mlperf/")
    parser.add_argument("--write", type=Path, help="the document whose tables are replaced")
    parser.add_argument("--only", help="one of " + ", ".join(MODELS))
    parser.add_argument("--table", choices=("quantizers", "repairs", "formats"), help="only one of the tables")
    parser.add_argument("--seed", type=int, default=1, help="names the random inputs")
    arguments = parser.parse_args()
    if not (arguments.shared / "mlperf").exists():
        print(f"skipped: the MLPerf Tiny models are not in {arguments.shared}")
        return 0
    names = [name for name in MODELS if arguments.only in (None, name)]
    tables = {}
    if arguments.table in (None, "repairs"):
        tables["repairs"] = repair_table([row for name in names for row in repaired(name, arguments)])
    if arguments.table in (None, "formats"):
        tables["formats"] = format_table({name: reformatted(name, arguments) for name in names})
    theirs = quantizer()
    if theirs is None or not have("tflite_micro") or not have("ai_edge_litert"):
        print("skipped: LiteRT's quantizer (no wheels litert-quantizer or ai-edge-quantizer, ai-edge-litert, tflite-micro)")
    elif arguments.table in (None, "quantizers"):
        tables["quantizers"] = table([row for name in names for row in compared(name, arguments, theirs)], theirs)
    for name, text in tables.items():
        print(text)
        if arguments.write:
            replace(arguments.write, name, text)
    return 0


def replace(document, name, text):
    """Puts a table between its marks in a document."""
    opening, closing = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, rest = document.read_text().split(opening)
    document.write_text(f"{before}{opening}\n{text}\n{closing}{rest.split(closing)[1]}")


def have(module):
    """Whether a module can be imported."""
    try:
        importlib.import_module(module)
        return True
    except ModuleNotFoundError:
        return False


def quantizer():
    """The name of LiteRT's quantizer that is installed, the newest name first; None where there is none."""
    return next((name for name in ("litert_quantizer", "ai_edge_quantizer") if have(name)), None)


def inputs_of(name, shared, shape, seed):
    """Every kind of input on which a network is compared."""
    random = np.random.default_rng([seed, *name.encode()])
    count = CALIBRATION + TESTED
    if name == "kws":
        mfcc = np.load(shared / "mlperf" / "data" / "kws_dev.npz")["mfcc"]
        real = ((mfcc.astype(np.float32) - 83) * np.float32(0.5847029089927673)).reshape(-1, *shape)
        spread = real.std(axis=0)
        noise = (real.mean(axis=0) + spread * random.standard_normal((count, *shape))).astype(np.float32)
        return [("real clips", real), ("random features", noise)]
    if name == "ad":
        # Log-mel energies between -80 and 20 dB that change slowly from band to band and hardly from frame to frame.
        walk = random.standard_normal((count, 1, 128)).cumsum(axis=2) * 2 - 30
        frames = walk + random.standard_normal((count, 5, 128)) * 3 + random.standard_normal((count, 1, 1)) * 8
        return [("random spectra", np.clip(frames, -80, 20).astype(np.float32).reshape(-1, *shape))]
    top = {"ic": 255.0, "vww": 1.0}[name]
    return [("random images", (pictures(random, count, shape) * top).astype(np.float32))]


def pictures(random, count, shape):
    """Random pictures between 0 and 1: blocks of random colours of every size, one upon the other."""
    height, width, channels = shape
    made = np.zeros((count, height, width, channels))
    size = 2
    while size <= height:
        coarse = random.standard_normal((count, size, size, channels))
        rows, columns = (np.arange(n) * size // n for n in (height, width))
        made += coarse[:, rows][:, :, columns] / size**0.5
        size *= 2
    low, high = (made.reshape(count, -1).min(axis=1), made.reshape(count, -1).max(axis=1))
    place = (slice(None), None, None, None)
    return (made - low[place]) / (high - low)[place]


def compared(name, arguments, theirs):
    """The rows of one network."""
    import litert
    import matrix

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        command = matrix.Command(arguments.milliwatt, Path(folder))
        original = (arguments.shared / "mlperf" / "models" / f"{MODELS[name]}.tflite").read_bytes()
        # A step that changes no weight: the file is written again, with a signature.
        signed = command.apply(original, [{"step": "prune", "sparsity": 0}])
        for what, inputs in inputs_of(name, arguments.shared, SHAPES[name], arguments.seed):
            calibration, tested = inputs[:CALIBRATION], inputs[CALIBRATION : CALIBRATION + TESTED]
            truth = np.stack([o[0] for o in litert.reference(signed, [[x.tobytes()] for x in tested])])
            truth = truth.reshape(len(tested), -1)
            files = {
                "LiteRT, as it comes (moving average)": lambda: quantized(theirs, signed, calibration, None),
                "LiteRT, told to take min-max": lambda: quantized(theirs, signed, calibration, "min_max_update"),
            }
            for label, recipe in OURS.items():
                files[f"Milliwatt, {label}"] = lambda recipe=recipe: command.apply(signed, recipe, calibration)
            for label, make in files.items():
                rows.append((name, what, label, *judged(make, tested, truth)))
                print(*rows[-1], sep=" | ", file=sys.stderr, flush=True)
    return rows


OURS = {
    "`int8`": [{"step": "quantize"}],
    "`int8`, weight scales per channel everywhere": [{"step": "quantize", "granularity": "every_layer"}],
    "`int8-fitted`": [{"step": "quantize", "calibration": {"method": "mse"}, "rounding": "compensated"}],
}

REPAIRS = {
    "nearest": ([], {}),
    "nearest, biases corrected": ([], {"correct_bias": True}),
    "compensated": ([], {"rounding": "compensated"}),
    "adaptive": ([], {"rounding": "adaptive"}),
    "equalized by weights, nearest, biases corrected": ([{"step": "equalize"}], {"correct_bias": True}),
    "equalized by both, nearest, biases corrected": ([{"step": "equalize", "by": "both"}], {"correct_bias": True}),
    "equalized by both, compensated": ([{"step": "equalize", "by": "both"}], {"rounding": "compensated"}),
    "equalized by both, adaptive": ([{"step": "equalize", "by": "both"}], {"rounding": "adaptive"}),
}
BITS = (8, 4, 3)


def repaired(name, arguments):
    """A row for each repair of one network: decibels for each number of bits; everything runs in `milliwatt`."""
    import matrix

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        command = matrix.Command(arguments.milliwatt, Path(folder))
        model = (arguments.shared / "mlperf" / "models" / f"{MODELS[name]}.tflite").read_bytes()
        what, inputs = inputs_of(name, arguments.shared, SHAPES[name], arguments.seed)[0]
        calibration, tested = inputs[:CALIBRATION], inputs[CALIBRATION : CALIBRATION + TESTED]
        truth = command.run(model, tested).reshape(len(tested), -1)
        for label, (before, options) in REPAIRS.items():
            found = []
            for bits in BITS:
                step = {"step": "quantize", "float_io": True, "weight_bits": bits, **options}
                file = command.apply(model, [*before, step], calibration)
                found.append(decibels(truth, command.run(file, tested).reshape(len(tested), -1)))
            rows.append((name, what, label, *found))
            print(*rows[-1], sep=" | ", file=sys.stderr, flush=True)
    return rows


# Number formats of weights: neighbours that share a scale where not a channel does, and whether int8 holds it.
FORMATS = {
    "sign": (0, True),
    "ternary": (0, True),
    "integer3": (0, True),
    "power3": (0, True),
    "integer4": (0, True),
    "power4": (0, True),
    "additive4": (0, True),
    "e2m1": (0, True),
    "integer4 by 16": (16, False),
    "e2m1 by 16": (16, False),
    "additive5": (0, True),
    "integer6": (0, True),
    "e5m2": (0, False),
    "e4m3": (0, False),
    "integer8": (0, True),
}


def reformatted(name, arguments):
    """For each number format, decibels of one network and the bytes of its packed file; everything runs in `milliwatt`."""
    import matrix

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        command = matrix.Command(arguments.milliwatt, Path(folder))
        model = (arguments.shared / "mlperf" / "models" / f"{MODELS[name]}.tflite").read_bytes()
        _, inputs = inputs_of(name, arguments.shared, SHAPES[name], arguments.seed)[0]
        calibration, tested = inputs[:CALIBRATION], inputs[CALIBRATION : CALIBRATION + TESTED]
        truth = command.run(model, tested).reshape(len(tested), -1)
        for label, (group, is_int8) in FORMATS.items():
            step = {"step": "codebook", "format": label.split()[0], "group": group}
            before = [{"step": "quantize", "float_io": True}] if is_int8 else []
            file = command.apply(model, [*before, step], calibration)
            noise = decibels(truth, command.run(file, tested).reshape(len(tested), -1))
            packed = [{"step": "quantize"}, step, {"step": "slim"}, {"step": "pack"}]
            found[label] = (noise, len(command.apply(model, packed, calibration)) if is_int8 else None)
            print(name, label, *found[label], sep=" | ", file=sys.stderr, flush=True)
    return found


def format_table(found):
    """What `reformatted` gives, in Markdown: a row for each format."""
    lines = ["| weights | " + " | ".join(found) + " |", "|---|" + "---|" * len(found)]
    for label in FORMATS:
        cells = [(f"{noise:.1f} dB, {size:,} B" if size else f"{noise:.1f} dB") for noise, size in (one[label] for one in found.values())]
        lines.append(f"| `{label}` | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def repair_table(rows):
    """The rows of `repaired` in Markdown."""
    head = " | ".join(f"{bits} bits" for bits in BITS)
    lines = [f"| network | inputs | rounding of weights | {head} |", "|---|---|---|" + "---|" * len(BITS)]
    lines += ["| " + " | ".join([*row[:3], *(f"{one:.1f}" for one in row[3:])]) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def decibels(truth, found):
    """Signal to noise of all outputs together."""
    return float(10 * np.log10((truth.astype(np.float64) ** 2).sum() / ((found - truth) ** 2).sum()))


def judged(make, tested, truth):
    """Bytes of one file, then decibels and flips in TFLM and in LiteRT's reference kernels."""
    import litert
    import tflm

    file = make()
    inputs = fed(file, tested)
    found = [len(file)]
    for run in (lambda: tflm.run(file, [[x] for x in inputs]), lambda: litert.reference(file, [[x.tobytes()] for x in inputs])):
        try:
            answers = real_output(file, np.stack([outputs[0] for outputs in run()]).reshape(len(tested), -1))
        except tflm.Refused:
            found += [None, None]
            continue
        is_classes = truth.shape[1] < 100
        flips = int((answers.argmax(axis=1) != truth.argmax(axis=1)).sum()) if is_classes else None
        found += [decibels(truth, answers), flips]
    return tuple(found)


def fed(file, tested):
    """The inputs in the type that the file takes, each with a batch of one."""
    import tflm

    ((dtype, shape),) = tflm.details(file)[0]
    scale, zero_point = tflm.input_quantization(file)
    if dtype == np.int8:
        tested = np.clip(np.round(tested / np.float32(scale)) + zero_point, -128, 127).astype(np.int8)
    return tested.reshape(-1, *shape)[:, None] if shape[0] != 1 else tested.reshape(len(tested), *shape)


def real_output(file, answers):
    """What the outputs of a file stand for."""
    from ai_edge_litert.interpreter import Interpreter

    scale, zero_point = Interpreter(model_content=file).get_output_details()[0]["quantization"]
    return (answers.astype(np.float64) - zero_point) * scale if scale else answers.astype(np.float64)


def float_shape(file):
    """The shape of the only input."""
    from ai_edge_litert.interpreter import Interpreter

    return tuple(int(size) for size in Interpreter(model_content=file).get_input_details()[0]["shape"])


def quantized(theirs, model, calibration, update):
    """What LiteRT's quantizer makes of a float file: its own int8 recipe, ranges gathered as `update` says."""
    recipe = importlib.import_module(f"{theirs}.recipe").static_wi8_ai8()
    maker = importlib.import_module(f"{theirs}.quantizer").Quantizer(model, recipe)
    calibrator = importlib.import_module(f"{theirs}.calibrator")
    key, names = signature(model)
    shape = float_shape(model)
    data = {key: [{names[0]: x.reshape(shape)} for x in calibration]}
    options = {}
    if update:
        options["qsv_update_func"] = getattr(importlib.import_module(f"{theirs}.utils.qsv_utils"), update)
    calib = calibrator.Calibrator(model, num_threads=1, **options)
    calib.calibrate(data, maker._recipe_manager)
    return bytes(maker.quantize(calib.get_model_qsvs(), enable_progress_report=False).quantized_model)


def signature(model):
    """The name of the file's only signature, and those of its inputs."""
    from ai_edge_litert.interpreter import Interpreter

    ((key, ports),) = Interpreter(model_content=model).get_signature_list().items()
    return key, ports["inputs"]


def table(rows, theirs):
    """The rows in Markdown."""
    from importlib.metadata import version

    import tflm

    name = theirs.replace("_", "-")
    lines = [
        f"Measured with {name} {version(name)}, ai-edge-litert {version('ai-edge-litert')} and tflite-micro {tflm.version()}.",
        "",
        f"| network | inputs | made by | bytes | dB in TFLM | flips of {TESTED} | dB in LiteRT | flips of {TESTED} |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for network, what, label, size, *found in rows:
        texts = ["-" if one is None else f"{one:.2f}" if isinstance(one, float) else f"{one}" for one in found]
        lines.append("| " + " | ".join([network, what, label, f"{size:,}", *texts]) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
