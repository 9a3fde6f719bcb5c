"""Builds small TFLite files, one table of tensors and nodes at a time.

It stands on the schema classes inside the `tflite-micro` wheel, so the files are those of the real schema, not of
this project's own writer: the two check each other.
"""

from dataclasses import dataclass, field

import flatbuffers
import numpy as np
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

# Storage types of the schema; int4 is held as int8 here and packed on the way out.
NUMPY = {
    "float32": np.float32,
    "int4": np.int8,
    "int8": np.int8,
    "uint8": np.uint8,
    "int16": np.int16,
    "int32": np.int32,
    "int64": np.int64,
    "bool": np.bool_,
}

ACTIVATIONS = {"none": 0, "relu": 1, "relu_n1_to_1": 2, "relu6": 3, "tanh": 4, "sign_bit": 5}
PADDINGS = {"same": 0, "valid": 1}

# Where the options class is not the operator's name in camel case.
OPTIONS_CLASS = {
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "PADV2": "PadV2Options",
    "L2_NORMALIZATION": "L2NormOptions",
}
# These have no options table in the schema.
NO_OPTIONS = {"RELU", "RELU6", "RELU_N1_TO_1", "PRELU", "LOGISTIC", "TANH"}


@dataclass(eq=False)
class Tensor:
    """A tensor of the file; it is a constant when it has data."""

    dtype: str
    shape: tuple
    data: np.ndarray = None
    scale: object = None  # a number, or one for each channel
    zero_point: object = 0  # likewise
    axis: int = 0
    name: str = ""
    is_variable: bool = False


@dataclass
class Node:
    """An operator; inputs may be None where an optional one is left out."""

    op: str
    inputs: list
    outputs: list
    options: dict = field(default_factory=dict)
    version: int = 1


class AlignedBuffer(schema.BufferT):
    """A buffer whose data starts at a multiple of 16, as the schema's force_align asks and the generator forgets."""

    def Pack(self, builder):
        if self.data is None:
            return super().Pack(builder)
        builder.StartVector(1, len(self.data), 16)
        builder.head -= len(self.data)
        builder.Bytes[builder.head : builder.head + len(self.data)] = self.data
        data = builder.EndVector()
        schema.BufferStart(builder)
        schema.BufferAddData(builder, data)
        return schema.BufferEnd(builder)


def pack_int4(values):
    """Two values in a byte, the first in the low half; an odd tail is padded with zero."""
    flat = values.astype(np.int8).reshape(-1)
    if flat.size % 2:
        flat = np.append(flat, np.int8(0))
    low, high = flat[0::2].astype(np.uint8) & 15, flat[1::2].astype(np.uint8) & 15
    return (low | (high << 4)).tobytes()


def one_op(op, inputs, outputs, options=None, version=1):
    """A model of a single operator: its inputs without data are the model's inputs."""
    return model([Node(op, inputs, outputs, options or {}, version)], outputs)


def model(nodes, outputs, inputs=None):
    """The bytes of a model; its inputs are the tensors that nobody writes and that have no data, in order of use."""
    tensors = []
    for node in nodes:
        for tensor in [*node.inputs, *node.outputs]:
            if tensor is not None and not any(tensor is seen for seen in tensors):
                tensors.append(tensor)
    index = {id(tensor): position for position, tensor in enumerate(tensors)}
    written = {id(tensor) for node in nodes for tensor in node.outputs}
    if inputs is None:
        inputs = [t for t in tensors if t.data is None and not t.is_variable and id(t) not in written]

    buffers = [schema.BufferT()]
    graph = schema.SubGraphT()
    graph.tensors = []
    for tensor in tensors:
        graph.tensors.append(_tensor(tensor, buffers))
    graph.inputs = [index[id(t)] for t in inputs]
    graph.outputs = [index[id(t)] for t in outputs]
    codes = []
    graph.operators = [_operator(node, index, codes) for node in nodes]

    whole = schema.ModelT()
    whole.version = 3
    whole.operatorCodes = [_code(name, version) for name, version in codes]
    whole.subgraphs = [graph]
    whole.buffers = buffers
    builder = flatbuffers.Builder(1024)
    builder.Finish(whole.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _tensor(tensor, buffers):
    packed = schema.TensorT()
    packed.shape = list(tensor.shape)
    packed.type = getattr(schema.TensorType, tensor.dtype.upper())
    packed.name = tensor.name
    packed.isVariable = tensor.is_variable
    packed.hasRank = True
    packed.buffer = 0
    if tensor.data is not None:
        data = np.asarray(tensor.data).astype(NUMPY[tensor.dtype])
        assert data.shape == tuple(tensor.shape), (data.shape, tensor.shape)
        buffer = AlignedBuffer()
        buffer.data = pack_int4(data) if tensor.dtype == "int4" else data.tobytes()
        packed.buffer = len(buffers)
        buffers.append(buffer)
    if tensor.scale is not None:
        quantization = schema.QuantizationParametersT()
        quantization.scale = np.atleast_1d(np.asarray(tensor.scale, np.float32))
        zero_point = np.atleast_1d(np.asarray(tensor.zero_point, np.int64))
        quantization.zeroPoint = np.broadcast_to(zero_point, quantization.scale.shape).copy()
        quantization.quantizedDimension = tensor.axis
        packed.quantization = quantization
    return packed


def _operator(node, index, codes):
    code = (node.op, node.version)
    if code not in codes:
        codes.append(code)
    operator = schema.OperatorT()
    operator.opcodeIndex = codes.index(code)
    operator.inputs = [-1 if t is None else index[id(t)] for t in node.inputs]
    operator.outputs = [index[id(t)] for t in node.outputs]
    if node.op not in NO_OPTIONS:
        name = OPTIONS_CLASS.get(node.op) or "".join(p.capitalize() for p in node.op.split("_")) + "Options"
        options = getattr(schema, name + "T")()
        for attribute, value in node.options.items():
            if not hasattr(options, attribute):
                raise AttributeError(f"{name} has no attribute {attribute}")
            if attribute == "fusedActivationFunction":
                value = ACTIVATIONS[value]
            elif attribute == "padding":
                value = PADDINGS[value]
            setattr(options, attribute, value)
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, name)
        operator.builtinOptions = options
    return operator


def _code(name, version):
    code = schema.OperatorCodeT()
    code.builtinCode = getattr(schema.BuiltinOperator, name)
    # Old readers know only this field, which is a byte.
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)
    code.version = version
    return code
