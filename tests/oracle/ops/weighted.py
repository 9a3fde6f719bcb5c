"""What the operators with weights share: random weights, scales that fill the output, crafted accumulators."""

import numpy as np

from builder import Tensor
from case import LIMITS, random_array

BIAS_TYPE = {"float32": "float32", "int8": "int32", "int16": "int64"}


def weights(rng, kind, shape, axis):
    """A filter of `kind`: float32, int8 (per channel), int8_per_tensor or int4 (per channel), int4_per_tensor."""
    if kind == "float32":
        return Tensor("float32", shape, data=random_array(rng, "float32", shape) / 2, name="w")
    dtype = "int4" if kind.startswith("int4") else "int8"
    limit = LIMITS[dtype][1]
    channels = 1 if kind.endswith("per_tensor") else shape[axis]
    # Scales spread over a factor of 30, so that channels need different shifts.
    scale = np.exp(rng.uniform(np.log(0.0007), np.log(0.02), channels)).astype(np.float32)
    data = random_array(rng, dtype, shape, -limit, limit)
    # An int4 minimum of -8 is outside the symmetric range but legal in files.
    if dtype == "int4":
        data.reshape(-1)[0] = -8
    return Tensor(dtype, shape, data=data, scale=scale if channels > 1 else scale[0], axis=axis, name="w")


def output_scale(x, w, taps, gain):
    """A scale for which `gain` 1 fills the output's range and a larger one saturates it."""
    spread_x = {"int8": 74.0, "int16": 18900.0}[x.dtype]
    spread_w = {"int8": 73.0, "int4": 4.3}[w.dtype]
    target = {"int8": 50.0, "int16": 13000.0}[x.dtype]
    real = float(x.scale) * float(np.mean(w.scale)) * spread_x * spread_w * np.sqrt(taps)
    return np.float32(real / target / gain)


def bias(rng, x, w, channels, dtype, reach):
    """A bias of `dtype` with magnitudes up to `reach` accumulator units."""
    if dtype == "float32":
        return Tensor("float32", (channels,), data=random_array(rng, "float32", (channels,)), name="b")
    scale = np.float32(x.scale) * np.atleast_1d(np.asarray(w.scale, np.float32))
    data = rng.integers(-reach, reach, channels, endpoint=True)
    return Tensor(dtype, (channels,), data=data, scale=scale, name="b")


def accumulators_near_ties(rng, multiplier, low, high, count):
    """Integers whose product with `multiplier` lies within 1/512 of a half, of both signs, inside [low, high].

    Here double rounding, single rounding and float rounding part.
    """
    candidates = rng.integers(int(low / multiplier), int(high / multiplier), 400_000)
    exact = candidates * float(multiplier)
    away = np.abs(exact - np.floor(exact) - 0.5)
    near = candidates[np.argsort(away, kind="stable")]
    return near[: 4 * count][rng.permutation(min(4 * count, near.size))][:count]


def accumulators_between(rng, one, other, reach, count):
    """Integers whose doubly rounded products with two almost equal multipliers differ."""
    limit = int(reach / max(one, other))
    candidates = np.unique(rng.integers(-limit, limit, 3_000_000))
    differ = candidates[doubly_rounded(candidates, one) != doubly_rounded(candidates, other)]
    return differ[rng.permutation(differ.size)[:count]]


def doubly_rounded(x, multiplier):
    """TFLM's default requantization of an array for a multiplier below one half (no left shift)."""
    fraction, exponent = np.frexp(multiplier)
    high = (x * int(np.floor(fraction * 2**31 + 0.5)) + 2**30) >> 31
    mask = (1 << -exponent) - 1
    return (high >> -exponent) + ((high & mask) > (mask >> 1) + (high < 0))
