"""Integer inference written a second time, from the definitions that gemmlowp and TFLM publish, with the rounding to choose.

No released runtime is built with `TFLITE_SINGLE_ROUNDING`, so the vectors of the single rounding come from here. What
speaks for them: with `rounding="double"` the same lines give the bytes of the live TFLM on every case (`check.py`), and
the two roundings differ in `rescale`, in RESIZE_BILINEAR and in the cap of SOFTMAX's multiplier alone. Everything is
vectorised over int64, unlike the crate's kernels, which this shares nothing with.
"""

import numpy as np
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

INT32 = np.iinfo(np.int32)
TYPES = {getattr(schema.TensorType, name): kind for name, kind in [("INT8", np.int8), ("INT32", np.int32)]}
NAMES = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}


class Unknown(Exception):
    """An operator, type or attribute that is not written here."""


# gemmlowp's three primitives, as its public header defines them.


def high_mul(a, b):
    """SaturatingRoundingDoublingHighMul: the nudge has the product's sign, the division truncates."""
    product = np.asarray(a, np.int64) * np.asarray(b, np.int64)
    nudged = product + np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    result = np.where(nudged >= 0, nudged >> 31, -(-nudged >> 31))
    return np.where((np.asarray(a) == INT32.min) & (np.asarray(b) == INT32.min), INT32.max, result)


def divide(x, exponent):
    """RoundingDivideByPOT: to nearest, ties away from zero."""
    x = np.asarray(x, np.int64)
    mask = (np.int64(1) << exponent) - 1
    return (x >> exponent) + ((x & mask) > (mask >> 1) + (x < 0))


def times_power(x, exponent):
    """SaturatingRoundingMultiplyByPOT."""
    if exponent <= 0:
        return divide(x, -exponent)
    return np.clip(np.asarray(x, np.int64) << exponent, INT32.min, INT32.max)


def wrap(x):
    """What a 32-bit register keeps."""
    return np.asarray(x, np.int64).astype(np.int32).astype(np.int64)


def quantize_multiplier(real):
    """QuantizeMultiplier: a 31-bit fraction and a power of two."""
    fraction, shift = np.frexp(float(real))
    fixed, shift = int(np.floor(fraction * 2.0**31 + 0.5)), int(shift)
    if fixed == 1 << 31:
        fixed, shift = fixed // 2, shift + 1
    return (0, 0) if shift < -31 else (fixed, shift)


class Emulator:
    """Runs the graph of a `.tflite` file whose activations are int8."""

    def __init__(self, model, rounding):
        assert rounding in ("single", "double")
        self.single = rounding == "single"
        self.model = schema.ModelT.InitFromPackedBuf(bytearray(model), 0)
        (self.graph,) = self.model.subgraphs

    def run(self, inputs):
        """The outputs, as int8 arrays, for one list of inputs as bytes."""
        self.values = {}
        for index, data in zip(self.graph.inputs, inputs, strict=True):
            self.values[index] = self.array(index, data)
        for node in self.graph.operators:
            code = self.model.operatorCodes[node.opcodeIndex]
            name = NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)]
            operator = getattr(self, name.lower(), None)
            if operator is None:
                raise Unknown(name)
            (y,) = node.outputs
            if self.graph.tensors[y].type != schema.TensorType.INT8:
                raise Unknown(f"an output of type {self.graph.tensors[y].type}")
            result = operator(node, node.builtinOptions)
            self.values[y] = np.asarray(result).reshape(self.graph.tensors[y].shape)
        return [self.values[index].astype(np.int8) for index in self.graph.outputs]

    # Tensors.

    def array(self, index, data):
        tensor = self.graph.tensors[index]
        if tensor.type not in TYPES:
            raise Unknown(f"a tensor of type {tensor.type}")
        return np.frombuffer(data, TYPES[tensor.type]).reshape(tensor.shape).astype(np.int64)

    def value(self, index):
        if index in self.values:
            return self.values[index]
        return self.array(index, bytes(self.model.buffers[self.graph.tensors[index].buffer].data))

    def scales(self, index):
        return self.graph.tensors[index].quantization.scale

    def scale(self, index):
        return np.float32(self.scales(index)[0])

    def zero_point(self, index):
        return int(self.graph.tensors[index].quantization.zeroPoint[0])

    def centred(self, index):
        return self.value(index) - self.zero_point(index)

    # From sums to outputs.

    def rescale(self, x, real):
        """MultiplyByQuantizedMultiplier, in the one of its two builds that was asked for."""
        multiplier, shift = quantize_multiplier(real)
        return self.rescale_fixed(x, multiplier, shift)

    def rescale_fixed(self, x, multiplier, shift):
        x = np.asarray(x, np.int64)
        if self.single:
            total = 31 - shift
            return wrap((x * multiplier + (1 << (total - 1))) >> total)
        return divide(high_mul(wrap(x << max(shift, 0)), multiplier), max(-shift, 0))

    def finish(self, y, scaled, activation=0):
        """Adds the zero point and clamps, to the type's range and the fused activation's."""
        low, high, zero_point = -128, 127, self.zero_point(y)
        step = lambda real: zero_point + int(np.floor(np.abs(np.float32(real) / self.scale(y)) + 0.5)) * (1 if real > 0 else -1)
        bounds = {0: (None, None), 1: (0, None), 2: (-1, 1), 3: (0, 6)}
        if activation not in bounds:
            raise Unknown(f"fused activation {activation}")
        at_least, at_most = bounds[activation]
        low = low if at_least is None else max(low, step(at_least))
        high = high if at_most is None else min(high, step(at_most))
        return np.clip(scaled + zero_point, low, high)

    def weighted(self, node, sums, w, activation, x=None):
        """The way out of a layer with weights: bias, scale of each channel, zero point, clamp. Channels come last."""
        x = node.inputs[0] if x is None else x
        (y,) = node.outputs
        channels = sums.shape[-1]
        bias = node.inputs[-1] if len(node.inputs) > (3 if x != node.inputs[0] else 2) else -1
        if bias >= 0:
            sums = sums + self.value(bias)
        sums = wrap(sums)
        scaled = np.empty_like(sums)
        scales = np.resize(np.asarray(self.scales(w), np.float32), channels)
        for channel, scale in enumerate(scales):
            real = float(self.scale(x)) * float(scale) / float(self.scale(y))
            scaled[..., channel] = self.rescale(sums[..., channel], real)
        return self.finish(y, scaled, activation)

    # Operators.

    def taps(self, node, options, kernel, same):
        """For each tap of a window, the part of the padded, centred input that it sees: [taps, batch, h, w, channels]."""
        x = self.centred(node.inputs[0])
        out = self.graph.tensors[node.outputs[0]].shape[1:3]
        strides = (options.strideH, options.strideW)
        dilations = (getattr(options, "dilationHFactor", 1), getattr(options, "dilationWFactor", 1))
        pads = []
        for size, k, s, d, o in zip(x.shape[1:3], kernel, strides, dilations, out):
            total = max((o - 1) * s + (k - 1) * d + 1 - size, 0)
            pads.append((total // 2, total - total // 2) if same else (0, 0))
        padded = np.pad(x, [(0, 0), *pads, (0, 0)])
        seen = []
        for i in range(kernel[0]):
            for j in range(kernel[1]):
                rows = slice(i * dilations[0], i * dilations[0] + (out[0] - 1) * strides[0] + 1, strides[0])
                columns = slice(j * dilations[1], j * dilations[1] + (out[1] - 1) * strides[1] + 1, strides[1])
                seen.append(padded[:, rows, columns])
        return np.stack(seen)

    def conv_2d(self, node, options):
        w = self.value(node.inputs[1])
        seen = self.taps(node, options, w.shape[1:3], options.padding == 0)
        filters = w.reshape(w.shape[0], -1, w.shape[3])
        sums = np.einsum("tbhwc,otc->bhwo", seen, filters)
        return self.weighted(node, sums, node.inputs[1], options.fusedActivationFunction)

    def depthwise_conv_2d(self, node, options):
        w = self.value(node.inputs[1])
        seen = self.taps(node, options, w.shape[1:3], options.padding == 0)
        filters = w.reshape(-1, seen.shape[-1], w.shape[3] // seen.shape[-1])
        sums = np.einsum("tbhwc,tcm->bhwcm", seen, filters)
        return self.weighted(
            node, sums.reshape(*sums.shape[:3], -1), node.inputs[1], options.fusedActivationFunction
        )

    def transpose_conv(self, node, options):
        _, w_index, x_index = node.inputs[:3]
        x, w = self.centred(x_index), self.value(w_index)
        out = self.graph.tensors[node.outputs[0]].shape
        strides, kernel = (options.strideH, options.strideW), w.shape[1:3]
        before = []
        for size, k, s, o in zip(x.shape[1:3], kernel, strides, out[1:3]):
            # SAME is meant for the convolution that this one undoes, whose input has the size of our output.
            steps = -(-o // s)
            before.append(max((steps - 1) * s + k - o, 0) // 2 if options.padding == 0 else 0)
        sums = np.zeros(out, np.int64)
        for row in range(x.shape[1]):
            for column in range(x.shape[2]):
                for i in range(kernel[0]):
                    for j in range(kernel[1]):
                        a, b = row * strides[0] + i - before[0], column * strides[1] + j - before[1]
                        if 0 <= a < out[1] and 0 <= b < out[2]:
                            sums[:, a, b] += x[:, row, column] @ w[:, i, j].T
        return self.weighted(node, sums, w_index, options.fusedActivationFunction, x=x_index)

    def fully_connected(self, node, options):
        w = self.centred(node.inputs[1])
        sums = self.centred(node.inputs[0]).reshape(-1, w.shape[1]) @ w.T
        return self.weighted(node, sums, node.inputs[1], options.fusedActivationFunction)

    def sum(self, node, options, sign):
        a, b = node.inputs
        (y,) = node.outputs
        twice = 2 * float(max(self.scale(a), self.scale(b)))
        one = self.rescale(self.centred(a) << 20, float(self.scale(a)) / twice)
        other = self.rescale(self.centred(b) << 20, float(self.scale(b)) / twice)
        scaled = self.rescale(wrap(one + sign * other), twice / (2.0**20 * float(self.scale(y))))
        return self.finish(y, scaled, options.fusedActivationFunction)

    def add(self, node, options):
        return self.sum(node, options, 1)

    def sub(self, node, options):
        return self.sum(node, options, -1)

    def mul(self, node, options):
        a, b = node.inputs
        (y,) = node.outputs
        real = float(self.scale(a)) * float(self.scale(b)) / float(self.scale(y))
        return self.finish(y, self.rescale(self.centred(a) * self.centred(b), real), options.fusedActivationFunction)

    def ratio(self, node):
        return float(self.scale(node.inputs[0])) / float(self.scale(node.outputs[0]))

    def mean(self, node, options):
        x, axes = self.value(node.inputs[0]), self.value(node.inputs[1]).reshape(-1)
        axes = tuple({int(axis) % x.ndim for axis in axes})
        sums = x.sum(axis=axes)
        count = x.size // sums.size
        multiplier, shift = quantize_multiplier(self.ratio(node))
        gained = min(count.bit_length() - 1, 32, 31 + shift)
        sums = sums - self.zero_point(node.inputs[0]) * count
        return self.finish(node.outputs[0], self.rescale_fixed(sums, (multiplier << gained) // count, shift - gained))

    def quantize(self, node, _):
        return self.finish(node.outputs[0], self.rescale(self.centred(node.inputs[0]), self.ratio(node)))

    def relu(self, node, _):
        return self.finish(node.outputs[0], self.rescale(self.centred(node.inputs[0]), self.ratio(node)), 1)

    def leaky_relu(self, node, options):
        x, ((x_index,), (y,)) = self.centred(node.inputs[0]), (node.inputs, node.outputs)
        # Unlike other operators' factors, these two are worked out in float32.
        up = self.scale(x_index) / self.scale(y)
        down = self.scale(x_index) * np.float32(options.alpha) / self.scale(y)
        return self.finish(y, np.where(x >= 0, self.rescale(x, up), self.rescale(x, down)))

    def prelu(self, node, _):
        x, alpha = self.centred(node.inputs[0]), self.centred(node.inputs[1])
        scales = [float(self.scale(index)) for index in (*node.inputs, *node.outputs)]
        below = self.rescale(x * alpha, scales[0] * scales[1] / scales[2])
        return self.finish(node.outputs[0], np.where(x >= 0, self.rescale(x, self.ratio(node)), below))

    def resize_bilinear(self, node, options):
        x = self.value(node.inputs[0])
        (y,) = node.outputs
        ends = [
            self.between(size, new, options) for size, new in zip(x.shape[1:3], self.graph.tensors[y].shape[1:3])
        ]
        (top, bottom, down), (left, right, across) = ends
        down, across = down[:, None, None], across[:, None]
        at = lambda rows, columns: x[:, rows][:, :, columns]
        total = at(top, left) * (1024 - down) * (1024 - across) + at(bottom, left) * down * (1024 - across)
        total = total + at(top, right) * (1024 - down) * across + at(bottom, right) * down * across
        if self.single:
            return (total + (1 << 19)) >> 20
        away = total + np.where(total > 0, 1 << 19, -(1 << 19))
        return np.sign(away) * (np.abs(away) >> 20)

    @staticmethod
    def between(size, new, options):
        """For each output row: the input rows before and after it, and the distance in 1/1024."""
        over, under = (size - 1, new - 1) if options.alignCorners and new > 1 else (size, new)
        scale = (1024 * over + under // 2) // under
        exact = np.arange(new) * scale + (scale // 2 - 512 if options.halfPixelCenters else 0)
        toward_zero = lambda v: np.sign(v) * (np.abs(v) // 1024)
        low, high = (np.clip(toward_zero(v), 0, size - 1) for v in (exact, exact + 1023))
        return low, high, exact - 1024 * low

    def softmax(self, node, options):
        x = self.value(node.inputs[0])
        real = float(np.float32(options.beta)) * float(self.scale(node.inputs[0])) * 2.0**26
        multiplier, shift = quantize_multiplier(min(real, 2.0 ** (30 if self.single else 31) - 1))
        least = -input_radius(5, shift)
        difference = x - x.max(axis=-1, keepdims=True)
        counts = difference >= least
        scaled = self.rescale_fixed(np.where(counts, difference, 0), multiplier, shift)
        exps = np.where(counts, exp_of_negative(scaled, 5), 0)
        total = np.where(counts, divide(exps, 12), 0).sum(axis=-1, keepdims=True)
        headroom = np.vectorize(lambda t: 32 - int(t).bit_length())(total)
        factor = one_over_one_plus(wrap((total << headroom) - (1 << 31)))
        exponent = 12 - headroom + 31 - 8
        results = np.clip(divide(high_mul(factor, exps), exponent) - 128, -128, 127)
        return np.where(counts, results, -128)

    def sigmoidal(self, node, function, bits, shift_down, offset):
        x = self.centred(node.inputs[0])
        multiplier, shift = quantize_multiplier(float(self.scale(node.inputs[0])) * 2.0 ** (31 - bits))
        radius = input_radius(bits, shift)
        inside = np.abs(x) < radius
        scaled = self.rescale_fixed(np.where(inside, x, 0), multiplier, shift)
        results = np.clip(divide(function(scaled), shift_down) + offset, -128, 127)
        return np.where(inside, results, np.where(x > 0, 127, -128))

    def logistic(self, node, _):
        return self.sigmoidal(node, logistic, 4, 23, -128)

    def tanh(self, node, _):
        return self.sigmoidal(node, tanh, 4, 24, 0)

    # Without any rescaling.

    def average_pool_2d(self, node, options):
        x, (y,) = self.value(node.inputs[0]), node.outputs
        if options.padding == 0:
            raise Unknown("AVERAGE_POOL_2D with SAME padding")
        height, width = self.graph.tensors[y].shape[1:3]
        result = np.empty(self.graph.tensors[y].shape, np.int64)
        for i in range(height):
            for j in range(width):
                a, b = i * options.strideH, j * options.strideW
                window = x[:, a : a + options.filterHeight, b : b + options.filterWidth]
                count, total = window.shape[1] * window.shape[2], window.sum(axis=(1, 2))
                away = total + np.where(total > 0, count // 2, -(count // 2))
                result[:, i, j] = np.sign(away) * (np.abs(away) // count)
        return self.finish(y, result - self.zero_point(y), options.fusedActivationFunction)

    def reshape(self, node, _):
        return self.value(node.inputs[0])


# gemmlowp's fixed-point functions; a number in Qm.n is an integer over 2^n.


def input_radius(integer_bits, shift):
    """CalculateInputRadius with 31 signed bits."""
    return int(np.floor((2.0**integer_bits - 1) * 2.0 ** (31 - integer_bits) / 2.0**shift))


def exp_of_negative(x, integer_bits):
    """exp_on_negative_values, to Q0.31."""
    x = np.asarray(x, np.int64)
    fraction_bits = 31 - integer_bits
    quarter = 1 << (fraction_bits - 2)
    modulo = (x & (quarter - 1)) - quarter
    a = times_power(modulo, integer_bits) + (1 << 28)
    a2 = high_mul(a, a)
    a3, a4 = high_mul(a2, a), high_mul(a2, a2)
    rest = divide(high_mul(divide(a4, 2) + a3, 715827883) + a2, 1)
    result = 1895147668 + high_mul(1895147668, a + rest)
    left = modulo - x
    for k in range(-2, 5):
        if k < integer_bits:
            factor = int(np.floor(np.exp(-(2.0**k)) * 2.0**31 + 0.5))
            result = np.where(left & (1 << (fraction_bits + k)), high_mul(result, factor), result)
    return np.where(x == 0, INT32.max, result)


def twice_reciprocal(x):
    """2 / (1 + x) in Q2.29 by three steps of Newton, for x in Q0.31 from 0 to 1."""
    total = np.asarray(x, np.int64) + INT32.max
    half = np.sign(total + np.sign(total)) * (np.abs(total + np.where(total >= 0, 1, -1)) >> 1)
    quotient = 1515870810 + high_mul(half, -1010580540)
    for _ in range(3):
        quotient = quotient + times_power(high_mul(quotient, (1 << 29) - high_mul(half, quotient)), 2)
    return quotient


def one_over_one_plus(x):
    return times_power(twice_reciprocal(x), 1)


def logistic(x):
    positive = one_over_one_plus(exp_of_negative(-np.abs(x), 4))
    return np.where(x == 0, 1 << 30, np.where(x > 0, positive, INT32.max - positive))


def tanh(x):
    magnitude = times_power(twice_reciprocal(exp_of_negative(-np.abs(x), 5)) - (1 << 29), 2)
    return np.where(x == 0, 0, np.where(x > 0, magnitude, -magnitude))
