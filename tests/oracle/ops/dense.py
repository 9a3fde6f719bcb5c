"""FULLY_CONNECTED."""

import numpy as np

from builder import Tensor, one_op
from case import Case, activation, extremes, random_array, rng_for
from ops.weighted import BIAS_TYPE, accumulators_between, accumulators_near_ties, bias, output_scale, weights

OP = "FULLY_CONNECTED"
SIZES = {"1x1": (1, 1), "17x5": (17, 5), "64x10": (64, 10), "33x3": (33, 3), "3x17": (3, 17), "130x1": (130, 1)}


def cases():
    for label in SIZES:
        for dtype, kind in [("float32", "float32"), ("int8", "int8_per_tensor"), ("int8", "int8")]:
            yield connect(label, dtype, kind)
    for label in ("17x5", "64x10", "33x3"):
        yield connect(label, "int8", "int4_per_tensor")
        yield connect(label, "int16", "int8_per_tensor")
    yield connect("17x5", "int8", "int4")
    yield connect("17x5", "int16", "int8")
    yield connect("17x5", "int16", "int4_per_tensor")
    yield connect("17x5", "int16", "int8_per_tensor", bias_type="int32")
    for dtype, kind in [("float32", "float32"), ("int8", "int8_per_tensor"), ("int8", "int8"), ("int16", "int8_per_tensor")]:
        yield connect("17x5", dtype, kind, bias_type=None)
        yield connect("17x5", dtype, kind, bias_type="absent")
        yield connect("17x5", dtype, kind, lead=(4,))
        for act in ("relu", "relu6", "relu_n1_to_1"):
            yield connect("17x5", dtype, kind, act=act)
        yield connect("17x5", dtype, kind, lead=(2, 3), keep=True)
    for dtype in ("float32", "int8"):
        kind = "float32" if dtype == "float32" else "int8_per_tensor"
        # Without keep_num_dims an input of rank 3 is flattened to rows.
        yield connect("17x5", dtype, kind, lead=(1, 1))
    for zero_points in [(-128, -128), (127, 127), (-128, 127), (127, -128)]:
        yield connect("17x5", "int8", "int8_per_tensor", zero_points=zero_points)
        yield connect("17x5", "int8", "int8_per_tensor", zero_points=zero_points, act="relu6")
    for gain in (40, 0.01):
        yield connect("64x10", "int8", "int8_per_tensor", gain=gain)
        yield connect("64x10", "int16", "int8_per_tensor", gain=gain)
    for dtype in ("int8", "int16"):
        yield from ties(dtype)
    for trial in range(6):
        yield product(trial)
    yield filter_zero_point()
    yield multiplier_above_one()


def connect(label, dtype, kind, act="none", zero_points=(-7, 11), gain=1.0, bias_type="default", lead=(1,), keep=False):
    depth, units = SIZES[label]
    lead_name = "x".join(map(str, lead))
    name = f"{label}_w_{kind}_{act}_zp{zero_points[0]}_{zero_points[1]}_gain{gain:g}_bias_{bias_type}_lead_{lead_name}"
    name += "_keep_num_dims" if keep else ""
    rng = rng_for(f"{OP} {dtype} {name}")
    if dtype == "int16":
        zero_points = (0, 0)
    x = activation(dtype, (*lead, depth), {"int8": 0.031, "int16": 0.00021}.get(dtype), zero_points[0])
    w = weights(rng, kind, (units, depth), 0)
    rows = lead if keep or len(lead) == 1 else (int(np.prod(lead)),)
    y = activation(
        dtype, (*rows, units), None if dtype == "float32" else output_scale(x, w, depth, gain), zero_points[1], "y"
    )
    inputs = [x, w, None]
    if bias_type == "absent":
        inputs.pop()
    elif bias_type is not None:
        bias_type = BIAS_TYPE[dtype] if bias_type == "default" else bias_type
        inputs[2] = bias(rng, x, w, units, bias_type, 3000 if dtype == "int8" else 700_000)
    options = {"fusedActivationFunction": act, "keepNumDims": keep}
    version = {"float32": 1, "int8": 4, "int16": 7}[dtype]
    runs = [[random_array(rng, dtype, x.shape)], [extremes(dtype, x.shape)]]
    return Case(f"fully_connected_{dtype}", name, one_op(OP, inputs, [y], options, version), runs)


def ties(dtype):
    """The input is zero, the bias is the accumulator."""
    units = 96
    factors = [("half", 0.5), ("quarter", 0.25), ("eighth", 0.125)]
    factors += [(f"near_ties_{i}", f) for i, f in enumerate([0.0037, 0.0001931, 0.061, 0.41])]
    for label, factor in factors:
        name = f"accumulators_{label}"
        rng = rng_for(f"{OP} {dtype} {name}")
        x = activation(dtype, (1, 1), 0.5, 0)
        w = Tensor("int8", (units, 1), data=np.ones((units, 1)), scale=np.float32(factor), name="w")
        y = activation(dtype, (1, units), 0.5, 0, "y")
        if label.startswith("near"):
            reach = 140 if dtype == "int8" else 33_000
            accumulators = accumulators_near_ties(rng, np.float32(factor), -reach, reach, units)
            accumulators = np.resize(accumulators, units)
            accumulators[:4] = [2**31 - 1, -(2**31), 2**30, -(2**30) - 1]
        else:
            accumulators = np.arange(-units // 2, units // 2)
        b = Tensor(BIAS_TYPE[dtype], (units,), data=accumulators, scale=np.float32(0.5 * factor), name="b")
        runs = [[np.zeros((1, 1), np.int8 if dtype == "int8" else np.int16)]]
        yield Case(f"fully_connected_{dtype}", name, one_op(OP, [x, w, b], [y], {}, 4), runs)


def product(trial):
    """Accumulators whose results tell whether the two scales are multiplied as doubles or rounded to float32."""
    name = f"accumulators_product_of_scales_{trial}"
    rng = rng_for(f"{OP} {name}")
    accumulators = []
    while len(accumulators) < 3:
        scale_x, scale_w = np.exp(rng.uniform(np.log(0.001), np.log(0.5), 2)).astype(np.float32)
        scale_y = np.float32(float(scale_x) * float(scale_w) * np.exp(rng.uniform(9, 11)))
        exact, rounded = float(scale_x) * float(scale_w) / float(scale_y), float(scale_x * scale_w) / float(scale_y)
        accumulators = accumulators_between(rng, exact, rounded, 127, 16)
    units = len(accumulators)
    x, y = activation("int8", (1, 1), scale_x, 0), activation("int8", (1, units), scale_y, 0, "y")
    w = Tensor("int8", (units, 1), data=np.ones((units, 1)), scale=scale_w, name="w")
    b = Tensor("int32", (units,), data=accumulators, scale=scale_x * scale_w, name="b")
    return Case("fully_connected_int8", name, one_op(OP, [x, w, b], [y], {}, 4), [[np.zeros((1, 1), np.int8)]])


def filter_zero_point():
    """Weights that are not symmetric: TFLM's debug build stops there, the release build computes with them."""
    x, y = activation("int8", (1, 8), 0.1, 3), activation("int8", (1, 4), 0.5, -4, "y")
    rng = rng_for(f"{OP} filter_zero_point")
    w = Tensor("int8", (4, 8), data=random_array(rng, "int8", (4, 8)), scale=0.01, zero_point=5, name="w")
    runs = [[random_array(rng, "int8", x.shape)]]
    return Case("fully_connected_int8", "filter_zero_point_5", one_op(OP, [x, w, None], [y], {}, 4), runs)


def multiplier_above_one():
    rng = rng_for(f"{OP} multiplier_above_one")
    x, y = activation("int8", (1, 3), 1.5, 2), activation("int8", (1, 4), 0.9, -5, "y")
    w = Tensor("int8", (4, 3), data=random_array(rng, "int8", (4, 3), -2, 2), scale=2.3, name="w")
    b = Tensor("int32", (4,), data=[1, -1, 2, 0], scale=np.float32(1.5) * np.float32(2.3), name="b")
    runs = [[random_array(rng, "int8", x.shape, -4, 8)] for _ in range(4)]
    return Case("fully_connected_int8", "multiplier_above_one", one_op(OP, [x, w, b], [y], {}, 4), runs)
