"""RELU, RELU6, LEAKY_RELU, PRELU, HARD_SWISH, LOGISTIC, TANH, SOFTMAX and L2_NORMALIZATION."""

import numpy as np

from builder import Tensor, one_op
from case import Case, activation, all_int8, all_int16, random_array, rng_for

SPECIAL_FLOATS = np.array([0.0, -0.0, 1e-8, -1e-8, 1e-30, 3.0, -3.0, 6.0, 88.0, -88.0, 104.0, -104.0, 1e4, -1e4], np.float32)


def cases():
    yield from clamps()
    yield from leaky()
    yield from prelu()
    yield from tables()
    yield from softmax()
    yield from l2_normalization()


def unary(op, dtype, name, x, y, options=None, version=1, runs=None):
    if runs is None:
        if dtype == "int8":
            runs = [[all_int8(x.shape)]]
        elif dtype == "int16":
            runs = [[all_int16(int(np.prod(x.shape)), x.shape)]]
        else:
            rng = rng_for(f"{op} {name}")
            runs = [[np.resize(SPECIAL_FLOATS, x.shape).astype(np.float32)], [random_array(rng, "float32", x.shape)]]
    return Case(f"{op.lower()}_{dtype}", name, one_op(op, [x], [y], options, version), runs)


def clamps():
    for op in ("RELU", "RELU6"):
        yield unary(op, "float32", "plain", activation("float32", (2, 17)), activation("float32", (2, 17), name="y"))
        for i, ((sx, zx), (sy, zy)) in enumerate(
            [((0.05, 0), (0.05, 0)), ((0.05, -7), (0.03, -128)), ((0.11, 127), (0.2, 127)), ((0.0235, -128), (0.0471, 5))]
        ):
            name = f"{sx}_{zx}_to_{sy}_{zy}"
            x, y = activation("int8", (1, 16, 16), sx, zx), activation("int8", (1, 16, 16), sy, zy, "y")
            yield unary(op, "int8", name, x, y, version=2)
            if i < 2:
                x, y = activation("int16", (1, 257), sx / 256, 0), activation("int16", (1, 257), sy / 256, 0, "y")
                yield unary(op, "int16", name, x, y, version=2)


def leaky():
    for alpha in (0.1, 0.01, 0.3, 1.5, -0.2, 0.0):
        options = {"alpha": alpha}
        x, y = activation("float32", (2, 17)), activation("float32", (2, 17), name="y")
        yield unary("LEAKY_RELU", "float32", f"alpha_{alpha}", x, y, options)
        for (sx, zx), (sy, zy) in [((0.05, 0), (0.05, 0)), ((0.05, -7), (0.031, 20)), ((0.5, 127), (0.25, -128))]:
            name = f"alpha_{alpha}_{sx}_{zx}_to_{sy}_{zy}"
            x, y = activation("int8", (1, 256), sx, zx), activation("int8", (1, 256), sy, zy, "y")
            yield unary("LEAKY_RELU", "int8", name, x, y, options, 2)
        x, y = activation("int16", (1, 257), 0.0002, 0), activation("int16", (1, 257), 0.00013, 0, "y")
        yield unary("LEAKY_RELU", "int16", f"alpha_{alpha}", x, y, options, 2)


def prelu():
    for label, shape in [("channels", (1, 1, 5)), ("rank1", (5,)), ("full", (3, 4, 5)), ("single", (1, 1, 1))]:
        rng = rng_for(f"PRELU {label}")
        x, y = activation("float32", (1, 3, 4, 5)), activation("float32", (1, 3, 4, 5), name="y")
        alpha = Tensor("float32", shape, data=random_array(rng, "float32", shape) / 4, name="alpha")
        runs = [[random_array(rng, "float32", x.shape)]]
        yield Case("prelu_float32", label, one_op("PRELU", [x, alpha], [y]), runs)
        for (sx, zx), (sa, za), (sy, zy) in [
            ((0.05, -7), (0.004, 3), (0.05, -7)),
            ((0.05, 127), (0.01, -128), (0.03, -128)),
            ((0.5, 0), (0.5, 0), (0.25, 0)),
        ]:
            name = f"{label}_{sx}_{zx}_alpha_{sa}_{za}_to_{sy}_{zy}"
            x, y = activation("int8", (1, 3, 4, 5), sx, zx), activation("int8", (1, 3, 4, 5), sy, zy, "y")
            alpha = Tensor("int8", shape, data=random_array(rng, "int8", shape), scale=sa, zero_point=za, name="alpha")
            runs = [[random_array(rng, "int8", x.shape)], [random_array(rng, "int8", x.shape)]]
            yield Case("prelu_int8", name, one_op("PRELU", [x, alpha], [y]), runs)


# Input scales for functions with a fixed output scale; the last ones reach far into saturation.
INPUT_SCALES = [(0.0041, 0), (0.0235, -128), (0.047, -7), (0.0625, 0), (0.09, 127), (0.17, 3), (1.3, 0)]


def tables():
    for op, out_scale, out_zero in [("LOGISTIC", 1 / 256, -128), ("TANH", 1 / 128, 0)]:
        yield unary(op, "float32", "plain", activation("float32", (2, 32)), activation("float32", (2, 32), name="y"))
        for scale, zero_point in INPUT_SCALES:
            x, y = activation("int8", (1, 256), scale, zero_point), activation("int8", (1, 256), out_scale, out_zero, "y")
            yield unary(op, "int8", f"scale_{scale}_zp{zero_point}", x, y, version=2)
        for scale in (2**-12, 2**-13, 2**-11, 2**-10, 2**-15, 0.0003, 0.00021, 0.0011, 0.00007):
            x, y = activation("int16", (1, 513), scale, 0), activation("int16", (1, 513), 1 / 32768, 0, "y")
            yield unary(op, "int16", f"scale_{scale:.6g}", x, y, version=3)
    x, y = activation("float32", (2, 32)), activation("float32", (2, 32), name="y")
    yield unary("HARD_SWISH", "float32", "plain", x, y)
    for (sx, zx), (sy, zy) in [
        ((0.05, 0), (0.05, 0)),
        ((0.0235, -128), (0.0235, -128)),
        ((0.047, -7), (0.025, -110)),
        ((0.0041, 127), (0.003, 127)),
        ((0.3, 3), (0.2, -120)),
        ((1.3, 0), (1.1, 0)),
        ((0.047, -7), (0.002, -110)),
        ((0.02, 30), (0.011, -90)),
    ]:
        x, y = activation("int8", (1, 256), sx, zx), activation("int8", (1, 256), sy, zy, "y")
        yield unary("HARD_SWISH", "int8", f"{sx}_{zx}_to_{sy}_{zy}", x, y)


def softmax():
    for shape in [(1, 10), (3, 5), (1, 1), (2, 3, 4, 2)]:
        label = "x".join(map(str, shape))
        for beta in (1.0, 0.5, 2.0):
            x, y = activation("float32", shape), activation("float32", shape, name="y")
            yield unary("SOFTMAX", "float32", f"{label}_beta_{beta}", x, y, {"beta": beta})
    for scale, zero_point, beta in [
        (0.0041, 0, 1.0), (0.0235, -128, 1.0), (0.0625, 0, 1.0), (0.1, -7, 1.0), (0.25, 127, 1.0), (0.58, 12, 1.0),
        (1.3, 0, 1.0), (9.0, 5, 1.0), (0.1, -7, 0.3), (0.1, -7, 3.0),
    ]:  # fmt: skip
        name = f"scale_{scale}_zp{zero_point}_beta_{beta}"
        rng = rng_for(f"SOFTMAX {name}")
        shape = (12, 12)
        rows = random_array(rng, "int8", shape)
        rows[0] = np.arange(-128, 128, 22)[:12]
        rows[1] = -128
        rows[2] = 127
        rows[3, :] = -128
        rows[3, 5] = 127
        rows[4] = rng.integers(-5, 5, 12)
        rows[5] = rng.integers(90, 127, 12)
        x, y = activation("int8", shape, scale, zero_point), activation("int8", shape, 1 / 256, -128, "y")
        yield unary("SOFTMAX", "int8", name, x, y, {"beta": beta}, 2, [[rows]])
        # One row of every value, and rows of two: the maximum and each value.
        x, y = activation("int8", (1, 256), scale, zero_point), activation("int8", (1, 256), 1 / 256, -128, "y")
        yield unary("SOFTMAX", "int8", f"{name}_row_of_256", x, y, {"beta": beta}, 2)
    pairs = np.stack([np.full(256, 127), np.arange(-128, 128)], axis=1).astype(np.int8)
    for scale in (0.0235, 0.1):
        x, y = activation("int8", (256, 2), scale, 0), activation("int8", (256, 2), 1 / 256, -128, "y")
        yield unary("SOFTMAX", "int8", f"pairs_scale_{scale}", x, y, {"beta": 1.0}, 2, [[pairs]])
        x, y = activation("int8", (8, 2), scale, 0), activation("int16", (8, 2), 1 / 65536, -32768, "y")
        yield unary("SOFTMAX", "int8", f"to_int16_scale_{scale}", x, y, {"beta": 1.0}, 3, [[pairs[::32]]])
    for scale, beta in [(0.0003, 1.0), (0.00021, 1.0), (0.001, 1.0), (0.0003, 0.5)]:
        rng = rng_for(f"SOFTMAX int16 {scale} {beta}")
        shape = (6, 17)
        rows = random_array(rng, "int16", shape)
        rows[1] = rng.integers(-900, 900, 17)
        rows[2] = 32767
        rows[3] = all_int16(17, (17,))
        x, y = activation("int16", shape, scale, 0), activation("int16", shape, 1 / 32768, 0, "y")
        yield unary("SOFTMAX", "int16", f"scale_{scale}_beta_{beta}", x, y, {"beta": beta}, 3, [[rows]])
    # An output scale other than 1/256.
    x, y = activation("int8", (1, 10), 0.1, 0), activation("int8", (1, 10), 1 / 255, -128, "y")
    yield unary("SOFTMAX", "int8", "output_scale_1_255", x, y, {"beta": 1.0}, 2)


def l2_normalization():
    for shape in [(1, 17), (3, 5), (1, 2, 3, 4), (2, 1)]:
        label = "x".join(map(str, shape))
        rng = rng_for(f"L2_NORMALIZATION {label}")
        x, y = activation("float32", shape), activation("float32", shape, name="y")
        runs = [[random_array(rng, "float32", shape)], [np.zeros(shape, np.float32)]]
        yield unary("L2_NORMALIZATION", "float32", label, x, y, runs=runs)
        for zero_point in (0, -128, 127, 9):
            x, y = activation("int8", shape, 0.03, zero_point), activation("int8", shape, 1 / 128, 0, "y")
            runs = [[random_array(rng, "int8", shape)] for _ in range(2)]
            runs.append([random_array(rng, "int8", shape, -3, 3)])
            runs.append([np.full(shape, zero_point, np.int8)])
            yield unary("L2_NORMALIZATION", "int8", f"{label}_zp{zero_point}", x, y, version=2, runs=runs)
