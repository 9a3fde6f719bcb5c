"""ADD, SUB and MUL."""

import numpy as np

from builder import Tensor, one_op
from case import Case, activation, extremes, random_array, rng_for

# Shapes of the two inputs; one of size 1 is repeated.
SHAPES = {
    "same": ((1, 3, 4, 5), (1, 3, 4, 5)),
    "scalar": ((1, 3, 4, 5), (1,)),
    "channels": ((1, 3, 4, 5), (5,)),
    "scalar_first": ((1,), (2, 3)),
    "rank0": ((), (2, 3)),
    "both": ((2, 1, 3, 1), (1, 4, 1, 5)),
    "rows": ((3, 1, 4), (3, 2, 4)),
    "leading": ((4, 3), (2, 4, 3)),
}
# Scale and zero point of the inputs and the output.
SCALES = {
    "usual": ((0.05, -7), (0.03, 12), (0.06, 3)),
    "very_different": ((0.9, 1), (0.0011, -3), (0.95, 0)),
    "very_different_swapped": ((0.0011, -128), (0.9, 127), (0.5, 0)),
    "powers_of_two": ((0.5, 0), (0.25, 0), (0.5, 0)),
    "equal": ((0.25, 0), (0.25, 0), (0.25, 0)),
    "equal_to_half": ((0.25, 0), (0.25, 0), (0.5, 0)),
    "saturating": ((0.5, 5), (0.4, -5), (0.011, 0)),
    "coarse_output": ((0.02, 100), (0.03, -100), (1.7, 0)),
    "low_zero_points": ((0.05, -128), (0.04, -128), (0.06, -128)),
    "high_zero_points": ((0.05, 127), (0.04, 127), (0.06, 127)),
    "mixed_zero_points": ((0.05, -128), (0.04, 127), (0.06, 127)),
    "relu_outputs": ((0.0235, -128), (0.0235, -128), (0.047, -128)),
}


def cases():
    for op in ("ADD", "SUB", "MUL"):
        for label in SCALES:
            yield combine(op, "int8", "pairs", label)
        for label in ("usual", "very_different", "powers_of_two", "saturating", "coarse_output"):
            yield combine(op, "int16", "pairs", label)
        for shapes in SHAPES:
            for dtype in ("float32", "int8"):
                yield combine(op, dtype, shapes, "usual")
        for shapes in ("same", "channels", "both"):
            yield combine(op, "int16", shapes, "usual")
        for act in ("relu", "relu6", "relu_n1_to_1"):
            for dtype in ("float32", "int8", "int16"):
                yield combine(op, dtype, "same", "usual", act)
        yield combine(op, "int32", "same", "usual")
        yield with_constant(op)
        yield same_tensor(op)


def combine(op, dtype, shapes, scales, act="none"):
    name = f"{shapes}_{scales}_{act}"
    rng = rng_for(f"{op} {dtype} {name}")
    if shapes == "pairs":
        # Each of many first operands meets each of many second ones.
        shape_a, shape_b = (1, 24, 1), (1, 1, 24)
    else:
        shape_a, shape_b = SHAPES[shapes]
    (scale_a, zero_a), (scale_b, zero_b), (scale_y, zero_y) = SCALES[scales]
    if dtype == "int16":
        # The same reals in 256 times finer steps, symmetric.
        scale_a, scale_b, scale_y, zero_a, zero_b, zero_y = scale_a / 256, scale_b / 256, scale_y / 256, 0, 0, 0
    if op == "MUL":
        # The product's range is that of the two together.
        steps = 128 if dtype == "int8" else 32768
        scale_y = scale_a * scale_b * steps * (0.05 if scales == "saturating" else 0.6)
    if op == "MUL" and scales == "powers_of_two":
        scale_y = scale_a * scale_b * 2
    a = activation(dtype, shape_a, scale_a, zero_a, "a")
    b = activation(dtype, shape_b, scale_b, zero_b, "b")
    y = activation(dtype, np.broadcast_shapes(shape_a, shape_b), scale_y, zero_y, "y")
    if dtype == "int32":
        for tensor in (a, b, y):
            tensor.scale = None
    version = {"float32": 1, "int8": 2, "int16": 4 if op == "MUL" else 3, "int32": 1}[dtype]
    options = {"fusedActivationFunction": act}
    model = one_op(op, [a, b], [y], options, version)
    runs = [[random_array(rng, dtype, shape_a), random_array(rng, dtype, shape_b)]]
    if dtype != "int32":
        runs.append([extremes(dtype, shape_a), random_array(rng, dtype, shape_b)])
    return Case(f"{op.lower()}_{dtype}", name, model, runs)


def with_constant(op):
    """The second operand is a constant of the file."""
    rng = rng_for(f"{op} constant operand")
    a = activation("int8", (1, 4, 5), 0.05, -7, "a")
    b = Tensor("int8", (5,), data=random_array(rng, "int8", (5,)), scale=0.02, zero_point=4, name="b")
    y = activation("int8", (1, 4, 5), 0.06, 3, "y")
    runs = [[random_array(rng, "int8", a.shape)]]
    return Case(f"{op.lower()}_int8", "constant_operand", one_op(op, [a, b], [y], {}, 2), runs)


def same_tensor(op):
    """Both operands are one tensor."""
    rng = rng_for(f"{op} same tensor")
    a = activation("int8", (1, 4, 5), 0.05, -7, "a")
    y = activation("int8", (1, 4, 5), 0.11, 3, "y")
    return Case(
        f"{op.lower()}_int8", "both_operands_are_one", one_op(op, [a, a], [y], {}, 2), [[random_array(rng, "int8", a.shape)]]
    )
