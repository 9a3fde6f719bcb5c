"""Small networks of several operators: branches, residuals and buffers of unequal life, for the memory planner."""

from builder import Node, model
from case import Case, activation, constant, random_array, rng_for
from ops.convolution import output_size
from ops.weighted import BIAS_TYPE, bias, output_scale, weights


class Net:
    """Grows a network node by node; each method returns the new activation."""

    def __init__(self, name, dtype, shape):
        self.name, self.dtype, self.nodes = name, dtype, []
        self.rng = rng_for(f"graph {dtype} {name}")
        self.input = self.act(shape)

    def act(self, shape, scale=None, zero_point=-7):
        scale = {"int8": 0.05, "int16": 0.0003}.get(self.dtype) if scale is None else scale
        if self.dtype != "int8":
            zero_point = 0
        return activation(self.dtype, shape, scale if self.dtype != "float32" else None, zero_point, "t")

    def add(self, op, inputs, output, options=None):
        self.nodes.append(Node(op, inputs, [output], options or {}))
        return output

    def conv(self, x, channels, kernel=(3, 3), stride=(1, 1), act="relu", depthwise=False, kind=None):
        kind = kind or ("float32" if self.dtype == "float32" else "int8")
        channels = x.shape[3] if depthwise else channels
        shape = (1, *kernel, channels) if depthwise else (channels, *kernel, x.shape[3])
        w = weights(self.rng, kind, shape, 3 if depthwise else 0)
        taps = kernel[0] * kernel[1] * (1 if depthwise else x.shape[3])
        size = [output_size(s, k, t, 1, "same") for s, k, t in zip(x.shape[1:3], kernel, stride)]
        scale = None if self.dtype == "float32" else output_scale(x, w, taps, 1.0)
        y = self.act((1, *size, channels), scale, -128 if act == "relu" else 5)
        b = bias(self.rng, x, w, channels, BIAS_TYPE[self.dtype], 2000)
        options = {"padding": "same", "strideH": stride[0], "strideW": stride[1], "fusedActivationFunction": act}
        if depthwise:
            options["depthMultiplier"] = 1
        return self.add("DEPTHWISE_CONV_2D" if depthwise else "CONV_2D", [x, w, b], y, options)

    def dense(self, x, units, act="none", kind=None):
        kind = kind or ("float32" if self.dtype == "float32" else "int8_per_tensor")
        w = weights(self.rng, kind, (units, x.shape[-1]), 0)
        scale = None if self.dtype == "float32" else output_scale(x, w, x.shape[-1], 1.0)
        y = self.act((1, units), scale, -128 if act == "relu" else 5)
        b = bias(self.rng, x, w, units, BIAS_TYPE[self.dtype], 2000)
        return self.add("FULLY_CONNECTED", [x, w, b], y, {"fusedActivationFunction": act})

    def same(self, op, x, shape, extra=(), options=None):
        """An operator whose output has the quantization of its input."""
        return self.add(op, [x, *extra], self.act(shape, x.scale, x.zero_point), options)

    def flatten(self, x):
        size = 1
        for dim in x.shape:
            size *= dim
        return self.same("RESHAPE", x, (1, size), [constant("int32", [1, size], "shape")], {"newShape": [1, size]})

    def softmax(self, x):
        scale, zero_point = {"int8": (1 / 256, -128), "int16": (1 / 32768, 0)}.get(self.dtype, (None, 0))
        return self.add("SOFTMAX", [x], self.act(x.shape, scale, zero_point), {"beta": 1.0})

    def case(self, *outputs):
        runs = [[random_array(self.rng, self.dtype, self.input.shape)] for _ in range(3)]
        return Case(f"graph_{self.dtype}", self.name, model(self.nodes, list(outputs), [self.input]), runs)


def cases():
    for dtype in ("float32", "int8", "int16"):
        yield residual(dtype)
        yield branches(dtype)
        yield separable(dtype)
        yield autoencoder(dtype)
        yield long_lived(dtype)
        yield two_outputs(dtype)
    yield int4_weights()


def residual(dtype):
    """Two blocks, the second with a convolution on its shortcut."""
    net = Net("residual", dtype, (1, 9, 7, 3))
    x = net.conv(net.input, 8)
    y = net.conv(net.conv(x, 8), 8, act="none")
    x = net.add("ADD", [x, y], net.act(x.shape, zero_point=-128), {"fusedActivationFunction": "relu"})
    y = net.conv(net.conv(x, 12, stride=(2, 2)), 12, act="none")
    x = net.conv(x, 12, (1, 1), (2, 2), act="none")
    x = net.add("ADD", [x, y], net.act(x.shape, zero_point=-128), {"fusedActivationFunction": "relu"})
    size = x.shape[1:3]
    options = {"padding": "valid", "strideH": 1, "strideW": 1, "filterHeight": size[0], "filterWidth": size[1]}
    x = net.same("AVERAGE_POOL_2D", x, (1, 1, 1, 12), options=options)
    return net.case(net.softmax(net.dense(net.flatten(x), 5)))


def branches(dtype):
    """Three branches of different size, joined."""
    net = Net("branches", dtype, (1, 8, 8, 4))
    a = net.conv(net.input, 3, (1, 1))
    b = net.conv(net.conv(net.input, 10, (1, 1)), 5, (3, 3))
    options = {"padding": "same", "strideH": 1, "strideW": 1, "filterHeight": 3, "filterWidth": 3}
    c = net.same("MAX_POOL_2D", net.input, (1, 8, 8, 4), options=options)
    for branch in (a, b):
        branch.scale, branch.zero_point = c.scale, c.zero_point
    y = net.same("CONCATENATION", a, (1, 8, 8, 12), [b, c], {"axis": 3})
    axes = constant("int32", [1, 2], "axes")
    y = net.add("MEAN", [y, axes], net.act((1, 12), 0.02 if dtype == "int8" else None), {"keepDims": False})
    return net.case(net.dense(y, 3))


def separable(dtype):
    """Depthwise and pointwise convolutions in turn, as in a keyword spotter."""
    net = Net("separable", dtype, (1, 25, 5, 1))
    x = net.conv(net.input, 16, (10, 4), (2, 2))
    for _ in range(2):
        x = net.conv(net.conv(x, None, depthwise=True), 16, (1, 1))
    options = {"padding": "valid", "strideH": 1, "strideW": 1, "filterHeight": x.shape[1], "filterWidth": x.shape[2]}
    x = net.same("AVERAGE_POOL_2D", x, (1, 1, 1, 16), options=options)
    return net.case(net.softmax(net.dense(net.flatten(x), 12)))


def autoencoder(dtype):
    net = Net("autoencoder", dtype, (1, 40))
    x = net.input
    for units in (32, 4, 32):
        x = net.dense(x, units, "relu")
    return net.case(net.dense(x, 40))


def long_lived(dtype):
    """An early small tensor is read last, so that it lies between larger ones."""
    net = Net("long_lived", dtype, (1, 6, 6, 2))
    early = net.conv(net.input, 1, (1, 1), (2, 2))
    x = net.conv(net.input, 11)
    x = net.conv(x, 7, stride=(2, 2))
    x = net.conv(x, 13)
    x = net.conv(x, 1, (1, 1))
    y = net.add("MUL", [early, x], net.act(x.shape, 0.01 if dtype == "int8" else None))
    return net.case(net.add("LOGISTIC", [y], net.act(y.shape, *{"int8": (1 / 256, -128), "int16": (1 / 32768, 0)}.get(dtype, (None,)))))


def two_outputs(dtype):
    """One activation is an output and is read further."""
    net = Net("two_outputs", dtype, (1, 5, 5, 3))
    x = net.conv(net.input, 6)
    y = net.conv(x, 2, (1, 1), act="none")
    z = net.dense(net.flatten(net.conv(x, 3, stride=(2, 2))), 4)
    return net.case(y, x, z)


def int4_weights():
    """int4 filters are unpacked into scratch memory while their node runs."""
    net = Net("int4_weights", "int8", (1, 6, 6, 3))
    x = net.conv(net.input, 5, kind="int4")
    x = net.conv(x, None, depthwise=True, kind="int4")
    return net.case(net.dense(net.flatten(x), 7, kind="int4_per_tensor"))
