#!/usr/bin/env python3
"""Random scales, zero points and attributes for every operator: TFLM and `milliwatt run` must give the same bytes.

    python tests/oracle/fuzz.py target/debug/milliwatt [--seeds 40] [--only LEAKY_RELU]

A quotient taken in float32 instead of float64 shows in one scale of many, which a table of chosen scales misses. A
model that either side refuses is counted, not compared. Ends with status 1 when anything differs.
"""

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import tflm
from builder import Node, Tensor, model, one_op
from case import LIMITS, random_array


def scale(rng, low=-9, high=1):
    """A scale of no special form."""
    return np.float32(2.0 ** rng.uniform(low, high))


def zero(rng, dtype):
    low, high = LIMITS[dtype]
    return 0 if dtype == "int16" else int(rng.choice([low, high, 0, rng.integers(low, high, endpoint=True)]))


def tensor(rng, dtype, shape, name, of=None):
    s = scale(rng) if of is None else np.float32(of * 2.0 ** rng.uniform(-1.5, 1.5))
    if dtype == "float32":
        return Tensor(dtype, shape, name=name)
    return Tensor(dtype, shape, scale=s / (256 if dtype == "int16" else 1), zero_point=zero(rng, dtype), name=name)


def unary(rng, op, dtype, options=None, version=2, shape=(1, 1024), out=None):
    x = tensor(rng, dtype, shape, "x")
    y = tensor(rng, dtype, shape, "y", float(x.scale or 1) * (256 if dtype == "int16" else 1))
    if out:
        y.scale, y.zero_point = out[dtype]
    return one_op(op, [x], [y], options or {}, version)


FIXED = {"LOGISTIC": {"int8": (1 / 256, -128), "int16": (1 / 32768, 0)}, "TANH": {"int8": (1 / 128, 0), "int16": (1 / 32768, 0)}}
SOFT = {"int8": (1 / 256, -128), "int16": (1 / 32768, 0)}


def pick(rng, *choices):
    return choices[int(rng.integers(len(choices)))]


def binary(rng, op):
    dtype = pick(rng, "int8", "int16")
    shape = (1, 64, 8)
    x = tensor(rng, dtype, shape, "x")
    b = tensor(rng, dtype, (1, 1, 8), "b", float(x.scale) * (256 if dtype == "int16" else 1))
    b.data = random_array(rng, dtype, b.shape)
    of = float(x.scale) * 2 if op != "MUL" else float(x.scale) * float(b.scale) * (64 if dtype == "int8" else 16384)
    y = tensor(rng, dtype, shape, "y", of * (256 if dtype == "int16" else 1))
    options = {"fusedActivationFunction": pick(rng, "none", "relu", "relu6", "relu_n1_to_1")}
    inputs = [x, b] if rng.integers(2) else [b, x]
    if op != "MUL" and rng.integers(4) == 0:
        options["potScaleInt16"] = False
    return one_op(op, inputs, [y], options, 3)


def weighted(rng, op):
    dtype = pick(rng, "int8", "int16")
    bits = pick(rng, "int8", "int8", "int4") if dtype == "int8" or op == "FULLY_CONNECTED" else "int8"
    channels, outputs = 5, 7
    per_channel = bool(rng.integers(2)) and (op != "FULLY_CONNECTED" or bits == "int8")
    if op == "DEPTHWISE_CONV_2D":
        outputs = channels
    filters = {
        "CONV_2D": (outputs, 3, 2, channels),
        "DEPTHWISE_CONV_2D": (1, 3, 2, channels),
        "TRANSPOSE_CONV": (outputs, 3, 2, channels),
        "FULLY_CONNECTED": (outputs, channels * 6),
    }[op]
    axis = 3 if op == "DEPTHWISE_CONV_2D" else 0
    count = outputs if per_channel else 1
    low, high = (-127, 127) if bits == "int8" else (-7, 7)
    w = Tensor(bits, filters, data=random_array(rng, bits, filters, low, high), name="w", axis=axis)
    w.scale = np.array([scale(rng, -9, -3) for _ in range(count)], np.float32)
    shape = (1, channels * 6) if op == "FULLY_CONNECTED" else (1, 6, 5, channels)
    x = tensor(rng, dtype, shape, "x")
    fine = 256 if dtype == "int16" else 1
    of = float(x.scale) * float(np.mean(w.scale)) * high * np.sqrt(np.prod(filters[1:])) * (1 if dtype == "int8" else 256)
    shapes = {"FULLY_CONNECTED": (1, outputs), "TRANSPOSE_CONV": (1, 12, 10, outputs)}
    y = tensor(rng, dtype, shapes.get(op, (1, 6, 5, outputs)), "y", of)
    wide = pick(rng, "int32", "int64") if dtype == "int16" and op != "DEPTHWISE_CONV_2D" else "int64" if dtype == "int16" else "int32"
    bias = Tensor(wide, (outputs,), data=rng.integers(-30000, 30000, outputs), name="bias", axis=0)
    bias.scale = np.float32(x.scale) * w.scale
    act = {"fusedActivationFunction": pick(rng, "none", "relu", "relu6")}
    window = {"padding": "same", "strideH": 1, "strideW": 1}
    inputs = [x, w, bias] if rng.integers(4) else [x, w] if op == "FULLY_CONNECTED" else [x, w, bias]
    if op == "TRANSPOSE_CONV":
        size = Tensor("int32", (4,), data=np.array([1, 12, 10, outputs]), name="shape")
        window.update(strideH=2, strideW=2)
        return one_op(op, [size, w, x, bias], [y], window, 3)
    if op == "FULLY_CONNECTED":
        window = {}
    if op in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        window.update(dilationHFactor=1, dilationWFactor=1)
    if op == "DEPTHWISE_CONV_2D":
        window["depthMultiplier"] = 1
    if wide == "int32" and dtype == "int16" and op != "DEPTHWISE_CONV_2D":
        window["quantizedBiasType"] = 2
    return one_op(op, inputs, [y], {**window, **act}, 7 if dtype == "int16" else 4)


def pool(rng, op):
    dtype = pick(rng, "int8", "int16")
    x = tensor(rng, dtype, (1, 9, 7, 3), "x")
    y = Tensor(dtype, (1, 5, 4, 3), scale=x.scale, zero_point=x.zero_point, name="y")
    options = {"padding": "same", "strideH": 2, "strideW": 2, "filterHeight": 3, "filterWidth": 3}
    options["fusedActivationFunction"] = pick(rng, "none", "relu", "relu6")
    return one_op(op, [x], [y], options, 3)


def mean(rng, op):
    dtype = pick(rng, "int8", "int16")
    shape = (1, int(rng.integers(1, 12)), int(rng.integers(1, 9)), 16)
    x = tensor(rng, dtype, shape, "x")
    y = tensor(rng, dtype, (1, 16), "y", float(x.scale) * (256 if dtype == "int16" else 1))
    axes = Tensor("int32", (2,), data=np.array([1, 2]), name="axes")
    return one_op(op, [x, axes], [y], {"keepDims": False}, 3)


def requantize(rng, op):
    if op == "DEQUANTIZE":
        return one_op(op, [tensor(rng, pick(rng, "int8", "int16"), (1, 1024), "x")], [Tensor("float32", (1, 1024))], {}, 3)
    a = pick(rng, "int8", "int16", "float32", "int32", "uint8")
    b = pick(rng, "int8", "int16", "int32", "uint8")
    x = tensor(rng, a, (1, 1024), "x") if a != "int32" else Tensor(a, (1, 1024), scale=scale(rng) / 1000, zero_point=0, name="x")
    y = tensor(rng, b, (1, 1024), "y", float(x.scale or 0.05) * 1.3) if b != "int32" else Tensor(b, (1, 1024), scale=scale(rng) / 1000, name="y")
    return one_op(op, [x], [y], {}, 2)


def prelu(rng, op):
    dtype = pick(rng, "int8", "int16")
    x = tensor(rng, dtype, (1, 8, 8, 8), "x")
    y = tensor(rng, dtype, x.shape, "y", float(x.scale) * (256 if dtype == "int16" else 1))
    a = tensor(rng, "int8", (1, 1, 8), "a")
    a.data = random_array(rng, "int8", a.shape)
    return one_op(op, [x, a], [y], {}, 1)


def resize(rng, op):
    dtype = pick(rng, "int8", "int16", "float32")
    x = tensor(rng, dtype, (1, int(rng.integers(2, 9)), int(rng.integers(2, 9)), 3), "x")
    h, w = int(rng.integers(1, 20)), int(rng.integers(1, 20))
    y = Tensor(dtype, (1, h, w, 3), scale=x.scale, zero_point=x.zero_point, name="y")
    size = Tensor("int32", (2,), data=np.array([h, w]), name="size")
    mode = pick(rng, {}, {"alignCorners": True}, {"halfPixelCenters": True})
    return one_op(op, [x, size], [y], mode, 3)


def join(rng, op):
    x = tensor(rng, "int8", (1, 64), "x")
    b = Tensor("int8", (1, 8), scale=x.scale, zero_point=x.zero_point, name="b")
    b.data = random_array(rng, "int8", b.shape)
    y = Tensor("int8", (1, 72), scale=x.scale, zero_point=x.zero_point, name="y")
    if rng.integers(4) == 0:
        pick(rng, b, y).scale *= np.float32(1.1)
    return one_op(op, [x, b], [y], {"axis": 1}, 2)


def leaky(rng, op):
    alpha = float(np.float32(pick(rng, 0.1, 0.2, 0.3, 0.01, rng.uniform(-1, 2))))
    return unary(rng, op, pick(rng, "int8", "int16"), {"alpha": alpha})


def either(**options):
    return lambda rng, op: unary(rng, op, pick(rng, "int8", "int16"), **options)


MAKERS = {
    "LEAKY_RELU": leaky,
    "PRELU": prelu,
    "RELU": either(),
    "RELU6": either(),
    "HARD_SWISH": lambda rng, op: unary(rng, op, "int8"),
    "LOGISTIC": either(out=FIXED["LOGISTIC"]),
    "TANH": either(out=FIXED["TANH"]),
    "SOFTMAX": lambda rng, op: unary(
        rng, op, pick(rng, "int8", "int16"), {"beta": float(np.float32(rng.uniform(0.2, 3)))}, 3, (1, 16, 64), SOFT
    ),
    "L2_NORMALIZATION": lambda rng, op: unary(rng, op, "int8", shape=(1, 16, 64), out={"int8": (1 / 128, 0)}),
    "ADD": binary,
    "SUB": binary,
    "MUL": binary,
    "CONV_2D": weighted,
    "DEPTHWISE_CONV_2D": weighted,
    "TRANSPOSE_CONV": weighted,
    "FULLY_CONNECTED": weighted,
    "AVERAGE_POOL_2D": pool,
    "MAX_POOL_2D": pool,
    "MEAN": mean,
    "QUANTIZE": requantize,
    "DEQUANTIZE": requantize,
    "RESIZE_BILINEAR": resize,
    "RESIZE_NEAREST_NEIGHBOR": resize,
    "CONCATENATION": join,
}


def compare(program, folder, rng, made):
    """`same`, `refused by ...`, or what differs."""
    try:
        dtype, shape = tflm.details(made)[0][0]
        x = random_array(rng, dtype.name, (4, *shape[1:])) if shape[0] == 1 else random_array(rng, dtype.name, shape)
        rows = x[:, None] if shape[0] == 1 else x[None]
        theirs = np.stack([outputs[0] for outputs in tflm.run(made, [[row] for row in rows])])
    except tflm.Refused:
        return "refused by TFLM", None
    (folder / "m.tflite").write_bytes(made)
    np.save(folder / "x.npy", x)
    call = [program, "run", folder / "m.tflite", "--input", folder / "x.npy", "--output", folder / "y.npy"]
    done = subprocess.run(call, capture_output=True, text=True)
    if done.returncode:
        return "refused by milliwatt", done.stderr.strip()
    ours = np.load(folder / "y.npy").reshape(theirs.shape)
    if dtype == np.float32 and ours.dtype == np.float32:
        wrong = np.abs(ours - theirs) > 1e-5 * np.abs(theirs) + 1e-6
    else:
        wrong = ours != theirs
    return ("same", None) if not wrong.any() else ("DIFFERS", f"{wrong.sum()} of {wrong.size}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("milliwatt", type=Path)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--only")
    arguments = parser.parse_args()
    print(f"tflite-micro {tflm.version()}")
    differences = 0
    with tempfile.TemporaryDirectory() as name:
        for op, make in MAKERS.items():
            if arguments.only not in (None, op):
                continue
            counts, said = Counter(), Counter()
            for seed in range(arguments.seeds):
                rng = np.random.default_rng([seed, *op.encode()])
                what, why = compare(arguments.milliwatt, Path(name), rng, make(rng, op))
                counts[what] += 1
                if why:
                    said[f"seed {seed}: {why}" if what == "DIFFERS" else why] += 1
            differences += counts["DIFFERS"]
            print(op, dict(counts), *[f"\n    {why}" for why, _ in said.most_common(3)], flush=True)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
