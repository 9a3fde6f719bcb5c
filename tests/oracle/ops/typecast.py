"""QUANTIZE (which also requantizes) and DEQUANTIZE."""

import numpy as np

from builder import Tensor, one_op
from case import Case, activation, all_int8, all_int16, random_array, rng_for

# From type, scale, zero point; to type, scale, zero point.
FROM_FLOAT = [
    ("int8", 0.05, -7), ("int8", 0.5, 0), ("int8", 0.0078125, -128), ("int8", 1.0, 127), ("int8", 0.3910153, 89),
    ("int16", 0.0004, 0), ("int16", 0.5, 0), ("uint8", 0.05, 128), ("int32", 0.001, 0),
]  # fmt: skip
BETWEEN = [
    (("int8", 0.05, -7), ("int8", 0.05, -7)),
    (("int8", 0.05, -7), ("int8", 0.031, 12)),
    (("int8", 0.5, 0), ("int8", 1.0, 0)),
    (("int8", 0.25, -128), ("int8", 1.0, 127)),
    (("int8", 0.05, 127), ("int8", 0.00041, -128)),
    (("int8", 0.05, -7), ("int16", 0.0002, 0)),
    (("int8", 0.05, -7), ("int32", 0.0001, 0)),
    (("int8", 0.05, -7), ("uint8", 0.05, 121)),
    (("uint8", 0.05, 121), ("int8", 0.05, -7)),
    (("uint8", 0.05, 121), ("int8", 0.031, 3)),
    (("int16", 0.0002, 0), ("int8", 0.05, -7)),
    (("int16", 0.5, 0), ("int8", 128.0, 0)),
    (("int16", 0.0002, 0), ("int16", 0.00031, 0)),
    (("int16", 0.5, 0), ("int16", 1.0, 0)),
    (("int16", 0.0002, 0), ("int32", 0.0000001, 0)),
    (("int32", 0.0002, 0), ("int8", 0.05, 3)),
    (("int32", 0.0002, 0), ("int16", 0.0004, 0)),
]


def cases():
    for dtype, scale, zero_point in FROM_FLOAT:
        name = f"float32_to_{dtype}_{scale}_{zero_point}"
        rng = rng_for(f"QUANTIZE {name}")
        x = Tensor("float32", (1, 64), name="x")
        y = Tensor(dtype, (1, 64), scale=scale, zero_point=zero_point, name="y")
        # Exact halves of a step, both signs, and values beyond the range (but within 32 bits of steps: a float that
        # does not fit int32 is undefined in C, and x86 and Arm differ).
        halves = ((np.arange(64) - 32) + 0.5).astype(np.float32) * np.float32(scale)
        far = np.resize(np.array([1e6 * scale, -1e6 * scale, 0.0, -0.0, 129 * scale, -129 * scale], np.float32), 64)
        runs = [[random_array(rng, "float32", x.shape) * np.float32(20 * scale)], [halves[None]], [far[None]]]
        yield Case(f"quantize_{dtype}", name, one_op("QUANTIZE", [x], [y]), runs)
    for (from_type, from_scale, from_zero), (to_type, to_scale, to_zero) in BETWEEN:
        name = f"{from_type}_{from_scale}_{from_zero}_to_{to_type}_{to_scale}_{to_zero}"
        rng = rng_for(f"QUANTIZE {name}")
        x = Tensor(from_type, (1, 256), scale=from_scale, zero_point=from_zero, name="x")
        y = Tensor(to_type, (1, 256), scale=to_scale, zero_point=to_zero, name="y")
        runs = [[values(rng, from_type)]]
        yield Case(f"quantize_{to_type}", name, one_op("QUANTIZE", [x], [y], version=2), runs)
    for dtype, scale, zero_point in [
        ("int8", 0.05, -7), ("int8", 0.3910153, 89), ("int8", 1 / 256, -128), ("int8", 0.1, 127),
        ("int16", 0.0004, 0), ("uint8", 0.05, 121),
    ]:  # fmt: skip
        name = f"{dtype}_{scale:.6g}_{zero_point}"
        rng = rng_for(f"DEQUANTIZE {name}")
        x = Tensor(dtype, (1, 256), scale=scale, zero_point=zero_point, name="x")
        y = Tensor("float32", (1, 256), name="y")
        yield Case(f"dequantize_{dtype}", name, one_op("DEQUANTIZE", [x], [y], version=2), [[values(rng, dtype)]])
    # A scalar in the file's sense: no dimension at all.
    x, y = activation("int8", (), 0.05, -7), activation("int8", (), 0.1, 3, "y")
    yield Case("quantize_int8", "rank0", one_op("QUANTIZE", [x], [y], version=2), [[np.array(100, np.int8)]])


def values(rng, dtype):
    if dtype == "int8":
        return all_int8((1, 256))
    if dtype == "uint8":
        return np.arange(256, dtype=np.uint8)[None]
    if dtype == "int16":
        return all_int16(256, (1, 256))
    return random_array(rng, dtype, (1, 256))
