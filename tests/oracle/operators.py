#!/usr/bin/env python3
"""Writes `tests/golden/ops/operators.tsv`: which operators TFLM registers, and with which element types each of them runs.

    python tests/oracle/operators.py

One row for each operator: its name in the file, the builtin code (32 for custom operators), and the types of its data input
with which the wheel loads and runs a small model of it. `?` stands for operators whose types are not tried here, because
they need graphs, states or resources of their own. `tests/exec/golden.rs` compares the table in `src/model/op/tflm.rs` with it.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import builder
import tflm
from builder import Tensor, one_op, schema

TYPES = ["float32", "int8", "int16", "int32", "int64", "uint8", "uint32", "bool"]
SHAPE = (1, 4, 4, 4)
builder.NUMPY["uint32"] = np.uint32

# Where the options class is not the operator's name in camel case; builder.py knows those of operators that run here.
builder.OPTIONS_CLASS.update(
    DEPTH_TO_SPACE="DepthToSpaceOptions",
    SPACE_TO_DEPTH="SpaceToDepthOptions",
    L2_POOL_2D="Pool2DOptions",
    BATCH_TO_SPACE_ND="BatchToSpaceNDOptions",
    SPACE_TO_BATCH_ND="SpaceToBatchNDOptions",
    SUM="ReducerOptions",
    REDUCE_MAX="ReducerOptions",
    REDUCE_MIN="ReducerOptions",
    REDUCE_ALL="ReducerOptions",
    MAXIMUM="MaximumMinimumOptions",
    MINIMUM="MaximumMinimumOptions",
    BATCH_MATMUL="BatchMatMulOptions",
    SVDF="SVDFOptions",
    UNIDIRECTIONAL_SEQUENCE_LSTM="UnidirectionalSequenceLSTMOptions",
    ADD_N="AddNOptions",
    SPLIT_V="SplitVOptions",
)
builder.NO_OPTIONS |= {"EMBEDDING_LOOKUP", "FLOOR", "CEIL", "ELU", "LOG", "SIN", "SQRT", "RSQRT", "ROUND", "BROADCAST_ARGS"}


def data(dtype, shape=SHAPE, name="x"):
    tensor = Tensor(dtype, shape, name=name)
    if dtype in ("int8", "int16", "uint8"):
        tensor.scale, tensor.zero_point = 0.1, 128 if dtype == "uint8" else 0
    return tensor


def ints(values, dtype="int32"):
    values = np.array(values)
    return Tensor(dtype, values.shape, data=values, name="c")


def weights(dtype, shape):
    kind = {"float32": "float32", "uint8": "uint8"}.get(dtype, "int8")
    w = Tensor(kind, shape, data=np.ones(shape, np.int8), name="w")
    if kind != "float32":
        w.scale, w.zero_point = 0.1, 128 if kind == "uint8" else 0
    return w


def bias(dtype, count):
    kind = {"float32": "float32", "int16": "int64"}.get(dtype, "int32")
    return Tensor(kind, (count,), data=np.zeros(count), scale=None if kind == "float32" else np.float32(0.1) * np.float32(0.1), name="b")


FIXED = {
    "LOGISTIC": {"int8": (1 / 256, -128), "int16": (1 / 32768, 0)},
    "SOFTMAX": {"int8": (1 / 256, -128), "int16": (1 / 32768, 0)},
    "TANH": {"int8": (1 / 128, 0), "int16": (1 / 32768, 0)},
    "L2_NORMALIZATION": {"int8": (1 / 128, 0)},
    "LOG_SOFTMAX": {"int8": (16 / 256, 127)},
}
UNARY = """ABS CEIL COS ELU EXP FLOOR HARD_SWISH L2_NORMALIZATION LEAKY_RELU LOG LOGICAL_NOT LOGISTIC LOG_SOFTMAX NEG RELU
RELU6 ROUND RSQRT SIN SOFTMAX SQRT SQUARE TANH ZEROS_LIKE""".split()
BINARY = """ADD SUB MUL DIV MAXIMUM MINIMUM FLOOR_DIV FLOOR_MOD SQUARED_DIFFERENCE ADD_N LOGICAL_AND LOGICAL_OR""".split()
COMPARE = "EQUAL NOT_EQUAL LESS LESS_EQUAL GREATER GREATER_EQUAL".split()
REDUCE = "MEAN SUM REDUCE_MAX REDUCE_MIN REDUCE_ALL".split()
WINDOW = {"padding": "valid", "strideH": 1, "strideW": 1}


def small(op, d):
    """A model of one operator whose data input has the type `d`; `None` where that is not tried."""
    x, y = data(d), data(d, name="y")
    if op in UNARY:
        if d in FIXED.get(op, {}):
            y.scale, y.zero_point = FIXED[op][d]
        return one_op(op, [x], [y], {"beta": 1.0} if op == "SOFTMAX" else {"alpha": 0.1} if op == "LEAKY_RELU" else {})
    if op in BINARY:
        if op in ("ADD", "SUB") and d in ("int8", "int16", "uint8"):
            y.scale = 0.3
        b = data(d, name="b")
        if op in ("DIV", "FLOOR_DIV", "FLOOR_MOD"):
            b.data = np.ones(SHAPE)
        return one_op(op, [x, b], [y])
    if op in COMPARE:
        return one_op(op, [x, data(d, name="b")], [Tensor("bool", SHAPE)])
    if op in REDUCE:
        return one_op(op, [x, ints([1, 2])], [data(d, (1, 4), "y")], {"keepDims": False})
    if op in ("ARG_MAX", "ARG_MIN"):
        return one_op(op, [x, ints([3])], [Tensor("int32", (1, 4, 4))], {"outputType": 2})
    if op in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        extra = {"depthMultiplier": 1} if op[0] == "D" else {}
        w = weights(d, (1, 2, 2, 4) if op[0] == "D" else (4, 2, 2, 4))
        w.axis = 3 if op[0] == "D" else 0
        return one_op(op, [x, w, bias(d, 4)], [data(d, (1, 3, 3, 4), "y")], {**WINDOW, **extra}, 3)
    if op == "TRANSPOSE_CONV":
        return one_op(op, [ints([1, 5, 5, 4]), weights(d, (4, 2, 2, 4)), x, bias(d, 4)], [data(d, (1, 5, 5, 4), "y")], WINDOW, 3)
    if op == "FULLY_CONNECTED":
        return one_op(op, [data(d, (1, 8)), weights(d, (4, 8)), bias(d, 4)], [data(d, (1, 4), "y")], {}, 4)
    if op == "BATCH_MATMUL":
        return one_op(op, [data(d, (1, 4, 4)), data(d, (1, 4, 4), "b")], [data(d, (1, 4, 4), "y")])
    if op in ("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"):
        return one_op(op, [x], [data(d, (1, 3, 3, 4), "y")], {**WINDOW, "filterHeight": 2, "filterWidth": 2})
    if op == "PRELU":
        a = data(d if d != "int16" else "int8", (4,), "a")
        a.data = np.ones(4)
        return one_op(op, [x, a], [y])
    if op == "CONCATENATION":
        return one_op(op, [x, data(d, name="b")], [data(d, (1, 4, 4, 8), "y")], {"axis": 3})
    if op == "PACK":
        return one_op(op, [x, data(d, name="b")], [data(d, (2, *SHAPE), "y")], {"axis": 0, "valuesCount": 2})
    if op == "UNPACK":
        return one_op(op, [x], [data(d, (1, 4, 4), f"y{i}") for i in range(4)], {"axis": 1, "num": 4})
    if op == "SPLIT":
        return one_op(op, [ints(3), x], [data(d, (1, 4, 4, 2), f"y{i}") for i in range(2)], {"numSplits": 2})
    if op == "SPLIT_V":
        return one_op(op, [x, ints([1, 3]), ints(3)], [data(d, (1, 4, 4, n), f"y{n}") for n in (1, 3)], {"numSplits": 2})
    if op in ("PAD", "PADV2", "MIRROR_PAD"):
        pads = ints([[0, 0], [1, 1], [1, 1], [0, 0]])
        fill = data(d, (), "f")
        fill.data = np.zeros(())
        inputs = [x, pads, fill] if op == "PADV2" else [x, pads]
        return one_op(op, inputs, [data(d, (1, 6, 6, 4), "y")])
    if op == "RESHAPE":
        return one_op(op, [x, ints([1, 64])], [data(d, (1, 64), "y")])
    if op == "SQUEEZE":
        return one_op(op, [x], [data(d, (4, 4, 4), "y")], {"squeezeDims": [0]})
    if op == "EXPAND_DIMS":
        return one_op(op, [x, ints([0])], [data(d, (1, *SHAPE), "y")])
    if op == "TRANSPOSE":
        return one_op(op, [x, ints([0, 2, 1, 3])], [y])
    if op == "REVERSE_V2":
        return one_op(op, [x, ints([1])], [y])
    if op == "CUMSUM":
        return one_op(op, [x, ints(1)], [y])
    if op == "SHAPE":
        return one_op(op, [x], [Tensor("int32", (4,))], {"outType": 2})
    if op == "SLICE":
        return one_op(op, [x, ints([0, 1, 1, 0]), ints([1, 2, 2, 4])], [data(d, (1, 2, 2, 4), "y")])
    if op == "STRIDED_SLICE":
        ends = [ints([0, 0, 0, 0]), ints([1, 4, 4, 4]), ints([1, 2, 2, 1])]
        return one_op(op, [x, *ends], [data(d, (1, 2, 2, 4), "y")])
    if op in ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"):
        return one_op(op, [x, ints([8, 8])], [data(d, (1, 8, 8, 4), "y")])
    if op in ("DEPTH_TO_SPACE", "SPACE_TO_DEPTH"):
        shape = (1, 8, 8, 1) if op[0] == "D" else (1, 2, 2, 16)
        return one_op(op, [x], [data(d, shape, "y")], {"blockSize": 2})
    if op == "SPACE_TO_BATCH_ND":
        return one_op(op, [x, ints([2, 2]), ints([[0, 0], [0, 0]])], [data(d, (4, 2, 2, 4), "y")])
    if op == "BATCH_TO_SPACE_ND":
        return one_op(op, [data(d, (4, 2, 2, 4)), ints([2, 2]), ints([[0, 0], [0, 0]])], [y])
    if op == "GATHER":
        return one_op(op, [x, ints([0, 1])], [data(d, (1, 2, 4, 4), "y")], {"axis": 1, "batchDims": 0})
    if op == "GATHER_ND":
        return one_op(op, [x, ints([[0, 0], [0, 1]])], [data(d, (2, 4, 4), "y")])
    if op == "SELECT_V2":
        return one_op(op, [Tensor("bool", SHAPE), x, data(d, name="b")], [y])
    if op == "FILL":
        return one_op(op, [ints([1, 4]), data(d, (), "v")], [data(d, (1, 4), "y")])
    if op == "BROADCAST_TO":
        return one_op(op, [data(d, (1, 1, 1, 4)), ints(SHAPE)], [y])
    if op == "DYNAMIC_UPDATE_SLICE":
        return one_op(op, [x, data(d, (1, 1, 4, 4), "u"), ints([0, 1, 0, 0])], [y])
    if op == "EMBEDDING_LOOKUP":
        table = data(d, (4, 4), "t")
        table.data = np.ones((4, 4))
        return one_op(op, [ints([0, 1]), table], [data(d, (2, 4), "y")])
    if op == "DEQUANTIZE":
        return one_op(op, [x], [Tensor("float32", SHAPE)])
    if op == "QUANTIZE":
        return one_op(op, [data(d) if d != "int32" else Tensor(d, SHAPE, scale=0.1)], [data("int8", name="y")])
    if op == "CAST":
        return one_op(op, [x], [Tensor("float32", SHAPE)])
    return None


def outcome(made):
    """Whether TFLM loads the model and runs it once, on zeros."""

    def go():
        interpreter = tflm._interpreter(made)
        for index, one in enumerate(tflm._all(interpreter.get_input_details)):
            interpreter.set_input(np.zeros(one["shape"], one["dtype"]), index)
        interpreter.invoke()

    try:
        tflm.in_child(go)
        return "runs"
    except tflm.Refused as reason:
        return str(reason)


def is_registered(name):
    """Whether the wheel finds a kernel for a builtin operator, whatever it thinks of the node."""
    builder.NO_OPTIONS.add("" if name in builder.NO_OPTIONS else name)
    try:
        made = one_op(name, [Tensor("float32", (1, 4))], [Tensor("float32", (1, 4))])
        reason = outcome(made)
    finally:
        builder.NO_OPTIONS.discard("")
    return "Failed to get registration" not in reason



CUSTOM = """BasicClassifier CIRCULAR_BUFFER TFLM_DECODE TFLite_Detection_PostProcess SignalDelay SignalEnergy
SignalFftAutoScale SignalFilterBank SignalFilterBankLog SignalFilterBankSpectralSubtraction SignalFilterBankSquareRoot
SignalFramer SignalIrfft SignalOverlapAdd SignalPCAN SignalRfft SignalStacker SignalWindow""".split()


def is_registered_custom(name):
    made = schema.ModelT.InitFromPackedBuf(one_op("RELU", [Tensor("float32", (1, 4))], [Tensor("float32", (1, 4))]), 0)
    code = made.operatorCodes[0]
    code.builtinCode = code.deprecatedBuiltinCode = 32
    code.customCode = name
    packed = builder.flatbuffers.Builder(256)
    packed.Finish(made.Pack(packed), b"TFL3")
    return "Failed to get registration" not in outcome(bytes(packed.Output()))


def main():
    names = sorted((code, name) for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_"))
    plain = set(builder.NO_OPTIONS)
    rows = []
    for code, name in names:
        if name == "CUSTOM":
            continue
        found = is_registered(name)
        builder.NO_OPTIONS.clear()
        builder.NO_OPTIONS.update(plain)
        if not found:
            continue
        tried = {dtype: small(name, dtype) for dtype in TYPES}
        types = "?" if None in tried.values() else " ".join(t for t, made in tried.items() if outcome(made) == "runs")
        if "-v" in sys.argv:
            print(name, types, *[f"\n    {t}: {outcome(m)[-140:]}" for t, m in tried.items() if m and outcome(m) != "runs"])
        rows.append((name, code, types))
    rows += [(name, 32, "?") for name in CUSTOM if is_registered_custom(name)]
    path = Path(__file__).parent.parent / "golden" / "ops" / "operators.tsv"
    lines = [f"# tflite-micro {tflm.version()}", "name\tcode\ttypes", *["\t".join(map(str, row)) for row in rows]]
    path.write_text("\n".join(lines) + "\n")
    print(f"{len(rows)} operators")


if __name__ == "__main__":
    main()
