"""CONV_2D, DEPTHWISE_CONV_2D and TRANSPOSE_CONV."""

import numpy as np

from builder import Tensor, one_op
from case import Case, activation, constant, extremes, random_array, rng_for
from ops.weighted import BIAS_TYPE, accumulators_near_ties, bias, output_scale, weights

# name: input height, width, channels; output channels (or multiplier); kernel; stride; dilation; padding
GEOMETRIES = {
    "1x1": (3, 4, 5, 3, (1, 1), (1, 1), (1, 1), "same"),
    "1x1_one_pixel": (1, 1, 17, 5, (1, 1), (1, 1), (1, 1), "valid"),
    "1x1_stride2": (5, 4, 3, 4, (1, 1), (2, 2), (1, 1), "same"),
    "1x1_wide_channels": (2, 3, 33, 17, (1, 1), (1, 1), (1, 1), "valid"),
    "3x3_same": (5, 6, 3, 4, (3, 3), (1, 1), (1, 1), "same"),
    "3x3_valid": (5, 4, 1, 3, (3, 3), (1, 1), (1, 1), "valid"),
    "3x3_one_pixel": (1, 1, 3, 5, (3, 3), (1, 1), (1, 1), "same"),
    "3x3_stride2_even_input": (6, 8, 3, 5, (3, 3), (2, 2), (1, 1), "same"),
    "3x3_stride2_odd_input": (7, 5, 3, 5, (3, 3), (2, 2), (1, 1), "same"),
    "3x3_stride3_valid": (8, 9, 1, 5, (3, 3), (3, 3), (1, 1), "valid"),
    "2x2_same": (5, 5, 3, 3, (2, 2), (1, 1), (1, 1), "same"),
    "2x2_stride2_odd_input": (5, 7, 3, 3, (2, 2), (2, 2), (1, 1), "same"),
    "4x4_same": (6, 5, 1, 3, (4, 4), (1, 1), (1, 1), "same"),
    "4x2_stride_1x3": (6, 9, 3, 2, (4, 2), (1, 3), (1, 1), "same"),
    "1x5_same": (3, 8, 5, 2, (1, 5), (1, 1), (1, 1), "same"),
    "10x4_stride2": (13, 6, 1, 6, (10, 4), (2, 2), (1, 1), "same"),
    "3x3_dilation2_same": (7, 8, 3, 2, (3, 3), (1, 1), (2, 2), "same"),
    "3x3_dilation3x2_valid": (9, 8, 1, 3, (3, 3), (1, 1), (3, 2), "valid"),
    "2x3_dilation_1x3": (4, 9, 5, 1, (2, 3), (1, 1), (1, 3), "same"),
    "5x5_larger_than_input": (3, 2, 3, 3, (5, 5), (1, 1), (1, 1), "same"),
    "batch2": (4, 4, 3, 3, (3, 3), (2, 2), (1, 1), "same"),
}
SOME = ["1x1_one_pixel", "1x1", "3x3_same", "3x3_stride2_even_input", "2x2_stride2_odd_input", "3x3_dilation2_same"]
# Depth multipliers for the depthwise reading of a geometry.
MULTIPLIER = {"1x1": 2, "3x3_valid": 8, "3x3_stride3_valid": 5, "4x4_same": 3, "10x4_stride2": 4, "4x2_stride_1x3": 2}
CHANNELS = {"3x3_same": 17, "1x1_one_pixel": 16, "3x3_stride2_even_input": 8, "batch2": 5}


def output_size(size, kernel, stride, dilation, padding):
    reach = (kernel - 1) * dilation + 1
    return -(-size // stride) if padding == "same" else (size - reach) // stride + 1


def cases():
    for depthwise in (False, True):
        op = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
        for label, geometry in GEOMETRIES.items():
            if depthwise and geometry[5] == (1, 3):
                # TFLM's depthwise kernels take unequal strides, but other runtimes do not: kept for CONV_2D only.
                geometry = (*geometry[:5], (2, 2), *geometry[6:])
            for kind in ("float32", "int8"):
                yield convolve(op, label, geometry, kind, kind)
        for label in SOME:
            for dtype, kind in [("int8", "int8_per_tensor"), ("int8", "int4"), ("int16", "int8")]:
                yield convolve(op, label, GEOMETRIES[label], dtype, kind)
        yield convolve(op, "1x1", GEOMETRIES["1x1"], "int8", "int4_per_tensor")
        for label in ("1x1", "3x3_same"):
            yield convolve(op, label, GEOMETRIES[label], "int16", "int8", bias_type="int32")
            yield convolve(op, label, GEOMETRIES[label], "int16", "int8_per_tensor")
            yield convolve(op, label, GEOMETRIES[label], "int16", "int4")
            for dtype in ("float32", "int8", "int16"):
                yield convolve(op, label, GEOMETRIES[label], dtype, "float32" if dtype == "float32" else "int8", bias_type=None)
                yield convolve(op, label, GEOMETRIES[label], dtype, "float32" if dtype == "float32" else "int8", bias_type="absent")
        for act in ("relu", "relu6", "relu_n1_to_1"):
            for dtype in ("float32", "int8", "int16"):
                kind = "float32" if dtype == "float32" else "int8"
                yield convolve(op, "3x3_same", GEOMETRIES["3x3_same"], dtype, kind, act=act)
        for zx, zy in [(-128, -128), (127, 127), (-128, 127), (127, -128)]:
            yield convolve(op, "3x3_same", GEOMETRIES["3x3_same"], "int8", "int8", zero_points=(zx, zy))
            yield convolve(op, "2x2_same", GEOMETRIES["2x2_same"], "int8", "int8", zero_points=(zx, zy), act="relu")
        for dtype in ("int8", "int16"):
            yield convolve(op, "3x3_same", GEOMETRIES["3x3_same"], dtype, "int8", gain=40)
            yield convolve(op, "3x3_same", GEOMETRIES["3x3_same"], dtype, "int8", gain=0.01)
            yield from ties(op, dtype)
        yield multiplier_above_one(op)
    yield from transposed()


def convolve(op, label, geometry, dtype, kind, act="none", zero_points=(-7, 11), gain=1.0, bias_type="default"):
    depthwise = op == "DEPTHWISE_CONV_2D"
    height, width, channels, out_channels, kernel, stride, dilation, padding = geometry
    batch = 2 if label == "batch2" else 1
    name = f"{label}_w_{kind}_{act}_zp{zero_points[0]}_{zero_points[1]}_gain{gain:g}_bias_{bias_type}"
    rng = rng_for(f"{op} {dtype} {name}")
    if depthwise:
        channels = CHANNELS.get(label, channels)
        out_channels = channels * MULTIPLIER.get(label, 1)
        shape, axis, taps = (1, *kernel, out_channels), 3, kernel[0] * kernel[1]
    else:
        shape, axis, taps = (out_channels, *kernel, channels), 0, kernel[0] * kernel[1] * channels
    if dtype == "int16":
        zero_points = (0, 0)
    x = activation(dtype, (batch, height, width, channels), {"int8": 0.031, "int16": 0.00021}.get(dtype), zero_points[0])
    w = weights(rng, kind, shape, axis)
    size = [output_size(s, *rest, padding) for s, *rest in zip((height, width), kernel, stride, dilation)]
    scale = None if dtype == "float32" else output_scale(x, w, taps, gain)
    y = activation(dtype, (batch, *size, out_channels), scale, zero_points[1], "y")
    # No bias is said in two ways: the index -1 (None here) or a list of two inputs.
    inputs = [x, w, None]
    if bias_type == "absent":
        inputs.pop()
    elif bias_type is not None:
        bias_type = BIAS_TYPE[dtype] if bias_type == "default" else bias_type
        inputs[2] = bias(rng, x, w, out_channels, bias_type, 3000 if dtype == "int8" else 700_000)
    options = {
        "padding": padding,
        "strideH": stride[0],
        "strideW": stride[1],
        "dilationHFactor": dilation[0],
        "dilationWFactor": dilation[1],
        "fusedActivationFunction": act,
    }
    if depthwise:
        options["depthMultiplier"] = out_channels // channels
    version = {"float32": 1, "int8": 3, "int16": 4}[dtype]
    runs = [[random_array(rng, dtype, x.shape)], [extremes(dtype, x.shape)]]
    case = Case(f"{op.lower()}_{dtype}", name, one_op(op, inputs, [y], options, version), runs)
    if depthwise and dtype == "int16" and bias_type == "int32":
        case.unsound = "TFLM's depthwise kernel reads 64-bit biases whatever their type: beyond the tensor's end"
    return case


def ties(op, dtype):
    """The input is zero, the bias is the accumulator: exact ties, near ties, and the ends of its range."""
    channels = 48
    for label, scale in [("half", 0.5), ("quarter", 0.25), ("near_ties", 0.0037)]:
        name = f"accumulators_{label}"
        rng = rng_for(f"{op} {dtype} {name}")
        depthwise = op == "DEPTHWISE_CONV_2D"
        in_channels = channels if depthwise else 1
        x = activation(dtype, (1, 1, 1, in_channels), 0.5, 0)
        shape = (1, 1, 1, channels) if depthwise else (channels, 1, 1, 1)
        # The factor is x.scale * w.scale / y.scale = w.scale, a little different in each channel for near ties.
        factors = np.full(channels, scale, np.float32)
        if label == "near_ties":
            factors = (scale * rng.uniform(0.3, 3.0, channels)).astype(np.float32)
        w = Tensor("int8", shape, data=np.ones(shape), scale=factors, axis=3 if depthwise else 0, name="w")
        y = activation(dtype, (1, 1, 1, channels), 0.5, 0, "y")
        reach = 140 if dtype == "int8" else 33_000
        if label == "near_ties":
            accumulators = np.array([accumulators_near_ties(rng, f, -reach, reach, 1)[0] for f in factors])
            accumulators[:4] = [2**31 - 1, -(2**31), 2**30, -(2**30) - 1]
        else:
            accumulators = np.concatenate([np.arange(-channels // 2, channels // 2)])
        b = Tensor(BIAS_TYPE[dtype], (channels,), data=accumulators, scale=np.float32(0.5) * factors, name="b")
        options = {"padding": "valid", "strideH": 1, "strideW": 1}
        if depthwise:
            options["depthMultiplier"] = 1
        runs = [[np.zeros(x.shape, np.int8 if dtype == "int8" else np.int16)]]
        runs.append([np.ones(x.shape, runs[0][0].dtype)])
        yield Case(f"{op.lower()}_{dtype}", name, one_op(op, [x, w, b], [y], options, 3), runs)


def multiplier_above_one(op):
    """Effective scales above one shift to the left before they multiply."""
    depthwise = op == "DEPTHWISE_CONV_2D"
    rng = rng_for(f"{op} multiplier_above_one")
    channels = 5
    x = activation("int8", (1, 2, 2, channels), 1.5, 3)
    shape = (1, 1, 1, channels) if depthwise else (channels, 1, 1, channels)
    factors = np.array([1.0, 1.7, 3.999, 40.0, 0.9999999], np.float32)
    w = Tensor("int8", shape, data=random_array(rng, "int8", shape, -3, 3), scale=factors, axis=3 if depthwise else 0)
    y = activation("int8", (1, 2, 2, channels), 1.5, -20, "y")
    b = Tensor("int32", (channels,), data=[1, -1, 2, 0, 5], scale=np.float32(1.5) * factors, name="b")
    options = {"padding": "same", "strideH": 1, "strideW": 1}
    if depthwise:
        options["depthMultiplier"] = 1
    runs = [[random_array(rng, "int8", x.shape)], [random_array(rng, "int8", x.shape, -6, 12)]]
    return Case(f"{op.lower()}_int8", "multiplier_above_one", one_op(op, [x, w, b], [y], options, 3), runs)


# name: input height, width, channels; output channels; kernel; stride; padding; output size when not the usual one
TRANSPOSED = {
    "2x2_stride2": (3, 4, 3, 5, (2, 2), (2, 2), "same", None),
    "3x3_stride2_same": (3, 3, 5, 3, (3, 3), (2, 2), "same", None),
    "3x3_stride2_same_odd_output": (3, 3, 1, 3, (3, 3), (2, 2), "same", (5, 5)),
    "3x3_stride1_valid": (3, 2, 3, 3, (3, 3), (1, 1), "valid", None),
    "3x3_stride3_valid": (2, 3, 3, 1, (3, 3), (3, 3), "valid", None),
    "4x4_stride2": (3, 3, 3, 2, (4, 4), (2, 2), "same", None),
    "2x3_stride_1x3": (3, 2, 3, 3, (2, 3), (1, 3), "valid", None),
    "one_pixel": (1, 1, 17, 3, (3, 3), (2, 2), "same", None),
}


def transposed():
    for label, geometry in TRANSPOSED.items():
        for dtype in ("float32", "int8", "int16"):
            yield transpose(label, geometry, dtype)
    first = TRANSPOSED["3x3_stride2_same"]
    for dtype in ("float32", "int8", "int16"):
        yield transpose("3x3_stride2_same", first, dtype, with_bias=False)
        for act in ("relu", "relu6"):
            yield transpose("3x3_stride2_same", first, dtype, act=act)
    for zero_points in [(-128, 127), (127, -128)]:
        yield transpose("3x3_stride2_same", first, "int8", zero_points=zero_points)
    yield transpose("3x3_stride2_same", first, "int8", kind="int8_per_tensor")
    yield transpose("3x3_stride2_same", first, "int8", gain=30)


def transpose(label, geometry, dtype, act="none", kind=None, zero_points=(-7, 11), gain=1.0, with_bias=True):
    height, width, channels, out_channels, kernel, stride, padding, size = geometry
    kind = kind or ("float32" if dtype == "float32" else "int8")
    name = f"{label}_w_{kind}_{act}_zp{zero_points[0]}_{zero_points[1]}_gain{gain:g}_bias_{with_bias}"
    rng = rng_for(f"TRANSPOSE_CONV {dtype} {name}")
    if dtype == "int16":
        zero_points = (0, 0)
    if size is None:
        grow = (lambda s, k, t: s * t) if padding == "same" else (lambda s, k, t: (s - 1) * t + k)
        size = [grow(*pair) for pair in zip((height, width), kernel, stride)]
    x = activation(dtype, (1, height, width, channels), {"int8": 0.031, "int16": 0.00021}.get(dtype), zero_points[0])
    w = weights(rng, kind, (out_channels, *kernel, channels), 0)
    scale = None if dtype == "float32" else output_scale(x, w, channels * 3, gain)
    y = activation(dtype, (1, *size, out_channels), scale, zero_points[1], "y")
    inputs = [constant("int32", y.shape, "shape"), w, x]
    if with_bias:
        inputs.append(bias(rng, x, w, out_channels, BIAS_TYPE[dtype], 3000 if dtype == "int8" else 700_000))
    options = {"padding": padding, "strideH": stride[0], "strideW": stride[1], "fusedActivationFunction": act}
    runs = [[random_array(rng, dtype, x.shape)], [extremes(dtype, x.shape)]]
    version = {"float32": 1, "int8": 2, "int16": 2}[dtype] + (2 if with_bias or act != "none" else 0)
    return Case(f"transpose_conv_{dtype}", name, one_op("TRANSPOSE_CONV", inputs, [y], options, version), runs)
