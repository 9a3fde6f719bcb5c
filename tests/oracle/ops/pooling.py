"""AVERAGE_POOL_2D, MAX_POOL_2D and MEAN."""

import numpy as np

from builder import one_op
from case import Case, activation, constant, extremes, random_array, rng_for
from ops.convolution import output_size

# name: batch, height, width, channels; filter; stride; padding
WINDOWS = {
    "2x2_stride2": (1, 4, 6, 3, (2, 2), (2, 2), "valid"),
    "2x2_same_odd_input": (1, 5, 3, 3, (2, 2), (2, 2), "same"),
    "3x3_same_stride1": (1, 4, 5, 5, (3, 3), (1, 1), "same"),
    "3x2_stride_2x3": (2, 7, 8, 1, (3, 2), (2, 3), "same"),
    "3x3_stride3_valid": (1, 7, 8, 1, (3, 3), (3, 3), "valid"),
    "global": (1, 5, 5, 17, (5, 5), (1, 1), "valid"),
    "one_pixel": (1, 1, 1, 17, (1, 1), (1, 1), "valid"),
    "window_larger_than_input": (1, 2, 3, 3, (5, 5), (1, 1), "same"),
    "1x4": (1, 3, 8, 3, (1, 4), (1, 4), "valid"),
}

# name: input shape, axes
AXES = {
    "spatial": ((1, 5, 5, 17), [1, 2]),
    "spatial_reversed": ((2, 3, 4, 3), [2, 1]),
    "one_pixel": ((1, 1, 1, 5), [1, 2]),
    "channels": ((1, 3, 4, 5), [3]),
    "height": ((1, 7, 3, 3), [1]),
    "negative": ((1, 3, 4, 6), [-1]),
    "all": ((1, 3, 4, 2), [0, 1, 2, 3]),
    "rank2": ((3, 7), [1]),
    "rank3": ((2, 9, 3), [1]),
    "three_axes": ((1, 3, 3, 7), [1, 2, 3]),
    "many": ((1, 16, 16, 2), [1, 2]),
}


def cases():
    for op in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        for label in WINDOWS:
            for dtype in ("float32", "int8"):
                yield pool(op, label, dtype)
        for label in ("2x2_same_odd_input", "global", "3x3_same_stride1"):
            yield pool(op, label, "int16")
        for act in ("relu", "relu6", "relu_n1_to_1"):
            for dtype in ("float32", "int8", "int16"):
                yield pool(op, "2x2_same_odd_input", dtype, act=act)
        for zero_point in (-128, 127):
            yield pool(op, "2x2_same_odd_input", "int8", zero_point=zero_point)
            yield pool(op, "2x2_same_odd_input", "int8", zero_point=zero_point, act="relu6")
    for label in AXES:
        for keep in (False, True):
            for dtype in ("float32", "int8"):
                yield mean(label, dtype, keep)
        yield mean(label, "int16", True)
    for quantization in [
        ((0.05, -128), (0.05, -128)),
        ((0.05, 127), (0.03, -128)),
        ((0.05, -128), (0.0125, 127)),
        ((0.3, 5), (0.3, -5)),
        ((0.01, 0), (0.7, 0)),
    ]:
        yield mean("spatial", "int8", False, quantization)
        yield mean("channels", "int8", True, quantization)


def pool(op, label, dtype, act="none", zero_point=-9):
    batch, height, width, channels, window, stride, padding = WINDOWS[label]
    name = f"{label}_{act}_zp{zero_point}"
    rng = rng_for(f"{op} {dtype} {name}")
    zero_point = 0 if dtype == "int16" else zero_point
    scale = {"int8": 0.06, "int16": 0.0004}.get(dtype)
    size = [output_size(s, k, t, 1, padding) for s, k, t in zip((height, width), window, stride)]
    x = activation(dtype, (batch, height, width, channels), scale, zero_point)
    y = activation(dtype, (batch, *size, channels), scale, zero_point, "y")
    options = {
        "padding": padding,
        "strideH": stride[0],
        "strideW": stride[1],
        "filterHeight": window[0],
        "filterWidth": window[1],
        "fusedActivationFunction": act,
    }
    # Small numbers of both signs make sums whose quotient is a half.
    runs = [[random_array(rng, dtype, x.shape)], [extremes(dtype, x.shape)]]
    if dtype != "float32":
        runs.append([random_array(rng, dtype, x.shape, -3, 3)])
    version = {"float32": 1, "int8": 2, "int16": 3}[dtype]
    return Case(f"{op.lower()}_{dtype}", name, one_op(op, [x], [y], options, version), runs)


def mean(label, dtype, keep, quantization=((0.05, -7), (0.031, 12))):
    shape, axes = AXES[label]
    (scale_x, zero_x), (scale_y, zero_y) = quantization
    name = f"{label}_keep_{keep}_{scale_x}_{zero_x}_to_{scale_y}_{zero_y}"
    rng = rng_for(f"MEAN {dtype} {name}")
    if dtype == "int16":
        zero_x = zero_y = 0
    reduced = {axis % len(shape) for axis in axes}
    kept = [1 if axis in reduced else size for axis, size in enumerate(shape)]
    if not keep:
        kept = [size for axis, size in enumerate(shape) if axis not in reduced]
    x = activation(dtype, shape, scale_x, zero_x)
    y = activation(dtype, kept, scale_y, zero_y, "y")
    model = one_op("MEAN", [x, constant("int32", axes, "axes")], [y], {"keepDims": keep}, 1 if dtype == "float32" else 2)
    runs = [[random_array(rng, dtype, shape)]]
    if dtype != "float32":
        runs.append([random_array(rng, dtype, shape, -5, 5)])
        # All at an end: the mean is that end, or saturates.
        runs.append([np.full(shape, runs[0][0].max())])
    return Case(f"mean_{dtype}", name, model, runs)
