"""Operators that only move elements: CONCATENATION, PAD, PADV2, RESHAPE, SQUEEZE, EXPAND_DIMS, TRANSPOSE,
STRIDED_SLICE and SPLIT."""

import numpy as np

from builder import Tensor, one_op
from case import Case, activation, constant, random_array, rng_for

TYPES = ("float32", "int8", "int16")
QUANTIZED = {"int8": (0.05, -7), "int16": (0.0004, 0)}


def cases():
    yield from concatenation()
    yield from padding()
    yield from shapes()
    yield from transpose()
    yield from strided_slice()
    yield from split()


def like(dtype, shape, name="x"):
    scale, zero_point = QUANTIZED.get(dtype, (None, 0))
    return activation(dtype, shape, scale, zero_point, name)


def moved(op, dtype, name, inputs, outputs, options=None, version=1):
    """A case with one random run over the inputs that are not constants."""
    rng = rng_for(f"{op} {dtype} {name}")
    runs = [[random_array(rng, t.dtype, t.shape) for t in inputs if t is not None and t.data is None]]
    return Case(f"{op.lower()}_{dtype}", name, one_op(op, inputs, outputs, options, version), runs)


def concatenation():
    joined = {
        "channels": ([(1, 2, 3, 1), (1, 2, 3, 5), (1, 2, 3, 3)], 3),
        "channels_negative": ([(1, 2, 3, 4), (1, 2, 3, 1)], -1),
        "height": ([(1, 2, 3, 2), (1, 1, 3, 2)], 1),
        "batch": ([(1, 3), (2, 3), (1, 3), (3, 3)], 0),
        "one_input": ([(2, 3)], 1),
        "rank1": ([(3,), (4,)], 0),
    }
    for label, (shapes, axis) in joined.items():
        out = list(shapes[0])
        out[axis] = sum(shape[axis] for shape in shapes)
        for dtype in TYPES:
            inputs = [like(dtype, shape) for shape in shapes]
            yield moved("CONCATENATION", dtype, label, inputs, [like(dtype, out, "y")], {"axis": axis}, 2)
    a, b = like("int8", (2, 3)), like("int8", (2, 2))
    b.scale, b.zero_point = 0.08, 3
    yield moved("CONCATENATION", "int8", "scales_differ", [a, b], [like("int8", (2, 5), "y")], {"axis": 1}, 2)
    a, b = like("int8", (2, 3)), like("int8", (2, 2))
    options = {"axis": 1, "fusedActivationFunction": "relu"}
    yield moved("CONCATENATION", "int8", "fused_relu", [a, b], [like("int8", (2, 5), "y")], options, 2)
    b = Tensor("int8", (2, 2), data=[[1, 2], [3, 4]], scale=0.05, zero_point=-7, name="c")
    yield moved("CONCATENATION", "int8", "constant_input", [a, b], [like("int8", (2, 5), "y")], {"axis": 1}, 2)


def padding():
    amounts = {
        "spatial": ((1, 3, 4, 3), [[0, 0], [1, 2], [3, 0], [0, 0]]),
        "all": ((1, 2, 2, 3), [[1, 0], [1, 1], [0, 2], [2, 1]]),
        "none": ((1, 2, 2, 1), [[0, 0], [0, 0], [0, 0], [0, 0]]),
        "rank2": ((2, 3), [[1, 0], [0, 2]]),
        "rank1": ((5,), [[2, 3]]),
    }
    for label, (shape, pads) in amounts.items():
        out = [size + before + after for size, (before, after) in zip(shape, pads)]
        for dtype in TYPES:
            x, y = like(dtype, shape), like(dtype, out, "y")
            yield moved("PAD", dtype, label, [x, constant("int32", pads, "pads")], [y], version=2)
            value = like(dtype, (1,), "value")
            value.data = np.array([-1.5 if dtype == "float32" else 42])
            yield moved("PADV2", dtype, label, [x, constant("int32", pads, "pads"), value], [y], version=2)
    for zero_point in (-128, 127):
        x, y = activation("int8", (1, 2, 2, 1), 0.1, zero_point), activation("int8", (1, 3, 3, 1), 0.1, zero_point, "y")
        pads = constant("int32", [[0, 0], [1, 0], [0, 1], [0, 0]], "pads")
        yield moved("PAD", "int8", f"zero_point_{zero_point}", [x, pads], [y], version=2)
    x, y = like("float32", (2, 3)), like("float32", (3, 3), "y")
    yield moved("PAD", "float32", "int64_amounts", [x, constant("int64", [[1, 0], [0, 0]], "pads")], [y])


def shapes():
    for dtype in TYPES:
        for label, before, after in [
            ("flatten", (1, 2, 3, 4), (1, 24)),
            ("infer_one", (2, 3, 4), (-1, 6)),
            ("to_rank4", (24,), (1, 2, 3, 4)),
            ("same", (2, 3), (2, 3)),
        ]:
            wanted = list(after)
            size = [s if s >= 0 else int(np.prod(before)) // -int(np.prod(after)) for s in after]
            x, y = like(dtype, before), like(dtype, size, "y")
            options = {"newShape": wanted}
            yield moved("RESHAPE", dtype, label, [x, constant("int32", wanted, "shape")], [y], options)
            if label == "flatten":
                yield moved("RESHAPE", dtype, f"{label}_shape_as_attribute", [x], [y], options)
        for label, before, dims, after in [
            ("all", (1, 3, 1, 2), [], (3, 2)),
            ("one", (1, 3, 1, 2), [2], (1, 3, 2)),
            ("negative", (1, 3, 2, 1), [-1], (1, 3, 2)),
            ("two", (1, 1, 5), [0, 1], (5,)),
        ]:
            x, y = like(dtype, before), like(dtype, after, "y")
            yield moved("SQUEEZE", dtype, label, [x], [y], {"squeezeDims": dims})
        for label, before, axis, after in [
            ("first", (2, 3), 0, (1, 2, 3)),
            ("middle", (2, 3), 1, (2, 1, 3)),
            ("last", (2, 3), -1, (2, 3, 1)),
        ]:
            x, y = like(dtype, before), like(dtype, after, "y")
            yield moved("EXPAND_DIMS", dtype, label, [x, constant("int32", [axis], "axis")], [y])


def transpose():
    for label, shape, order in [
        ("nhwc_to_nchw", (1, 2, 3, 4), (0, 3, 1, 2)),
        ("nchw_to_nhwc", (1, 4, 2, 3), (0, 2, 3, 1)),
        ("matrix", (3, 5), (1, 0)),
        ("reverse", (2, 3, 4), (2, 1, 0)),
        ("identity", (2, 3, 1), (0, 1, 2)),
        ("rank5", (2, 1, 3, 2, 2), (4, 2, 0, 3, 1)),
    ]:
        for dtype in TYPES:
            x, y = like(dtype, shape), like(dtype, [shape[axis] for axis in order], "y")
            yield moved("TRANSPOSE", dtype, label, [x, constant("int32", order, "perm")], [y], version=2)


def strided_slice():
    # name: shape, begin, end, strides, masks, the same in Python
    for label, shape, begin, end, strides, masks, index in [
        ("plain", (4, 5), [1, 0], [3, 4], [1, 1], {}, np.s_[1:3, 0:4]),
        ("steps", (6, 7), [0, 1], [6, 7], [2, 3], {}, np.s_[0:6:2, 1:7:3]),
        ("negative_index", (4, 5), [-3, -4], [-1, 5], [1, 1], {}, np.s_[-3:-1, -4:5]),
        ("reversed", (3, 4), [2, 3], [0, 0], [-1, -2], {}, np.s_[2:0:-1, 3:0:-2]),
        ("reversed_whole", (3, 4), [0, 0], [0, 0], [-1, -1], {"beginMask": 3, "endMask": 3}, np.s_[::-1, ::-1]),
        ("begin_mask", (4, 5), [2, 2], [3, 4], [1, 1], {"beginMask": 1}, np.s_[:3, 2:4]),
        ("end_mask", (4, 5), [2, 2], [3, 4], [1, 1], {"endMask": 2}, np.s_[2:3, 2:]),
        ("shrink", (4, 5), [2, 0], [3, 5], [1, 1], {"shrinkAxisMask": 1}, np.s_[2, 0:5]),
        ("shrink_negative", (4, 5), [-1, 0], [0, 5], [1, 1], {"shrinkAxisMask": 1}, np.s_[-1, 0:5]),
        ("rank4", (1, 4, 5, 3), [0, 1, 0, 0], [1, 4, 5, 2], [1, 2, 2, 1], {}, np.s_[0:1, 1:4:2, 0:5:2, 0:2]),
        ("beyond_the_end", (3, 4), [0, 1], [9, 99], [1, 1], {}, np.s_[0:9, 1:99]),
        ("rank1", (9,), [1], [8], [3], {}, np.s_[1:8:3]),
        ("ellipsis", (2, 3, 4), [0, 1], [0, 3], [1, 1], {"ellipsisMask": 1}, np.s_[..., 1:3]),
        ("new_axis", (3, 4), [0, 0, 0], [0, 3, 4], [1, 1, 1], {"newAxisMask": 1}, np.s_[None, :, :]),
        ("offset", (4, 5), [1, 2], [2, 3], [1, 1], {"offset": True}, np.s_[1:3, 2:5]),
    ]:
        out = np.zeros(shape)[index].shape
        for dtype in ("float32", "int8", "int16", "int32", "bool"):
            if dtype in ("int32", "bool") and label not in ("plain", "reversed"):
                continue
            x, y = like(dtype, shape), like(dtype, out, "y")
            inputs = [x, constant("int32", begin, "begin"), constant("int32", end, "end")]
            inputs.append(constant("int32", strides, "strides"))
            yield moved("STRIDED_SLICE", dtype, label, inputs, [y], masks, 2)


def split():
    for label, shape, axis, count in [
        ("channels", (1, 2, 3, 6), 3, 3),
        ("negative", (1, 2, 3, 4), -1, 2),
        ("rows", (4, 3), 0, 4),
        ("one", (2, 3), 1, 1),
    ]:
        out = list(shape)
        out[axis] //= count
        for dtype in (*TYPES, "int32"):
            outputs = [like(dtype, out, f"y{i}") for i in range(count)]
            inputs = [constant("int32", [axis], "axis"), like(dtype, shape)]
            yield moved("SPLIT", dtype, label, inputs, outputs, {"numSplits": count}, 2)
