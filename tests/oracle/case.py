"""What a case is, how it gets its random numbers, and how cases are stored."""

import struct
import zlib
from dataclasses import dataclass, field

import numpy as np

from builder import NUMPY, Tensor

LIMITS = {"int4": (-8, 7), "int8": (-128, 127), "int16": (-32768, 32767), "uint8": (0, 255)}


@dataclass
class Case:
    """A model, the inputs to run it on, and (once an oracle has run) the outputs, as bytes."""

    group: str
    name: str
    model: bytes
    runs: list = field(default_factory=list)  # each a list of input arrays
    answers: list = field(default_factory=list)  # each a list of output arrays
    unsound: str = ""  # why TFLM's answer is not to be imitated, where it gives one


def rng_for(name):
    """The generator of a case: seeded by the CRC-32 of its name, so that cases do not depend on each other."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def random_array(rng, dtype, shape, low=None, high=None):
    """Full-range integers, or normal floats of standard deviation 2."""
    if dtype == "float32":
        return (rng.standard_normal(shape) * 2).astype(np.float32)
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(np.bool_)
    minimum, maximum = LIMITS.get(dtype, (-100000, 100000))
    low, high = (minimum if low is None else low), (maximum if high is None else high)
    return rng.integers(low, high, shape, endpoint=True).astype(NUMPY[dtype])


def extremes(dtype, shape):
    """Smallest and largest values alternating (for floats: -100 and 100)."""
    low, high = LIMITS.get(dtype, (-100, 100))
    flat = np.where(np.arange(int(np.prod(shape))) % 2 == 0, low, high)
    return flat.reshape(shape).astype(NUMPY[dtype])


def all_int8(shape):
    """Every int8 value once, then again until the shape is full."""
    return np.resize(np.arange(-128, 128), shape).astype(np.int8)


def all_int16(count, shape):
    """`count` int16 values spread evenly over the range, both ends included."""
    return np.linspace(-32768, 32767, count).round().reshape(shape).astype(np.int16)


def activation(dtype, shape, scale=None, zero_point=0, name="x"):
    """An activation tensor; floats have no scale."""
    if dtype in ("float32", "bool", "int32", "int64"):
        return Tensor(dtype, tuple(shape), scale=scale, zero_point=zero_point, name=name)
    return Tensor(dtype, tuple(shape), scale=0.05 if scale is None else scale, zero_point=zero_point, name=name)


def constant(dtype, values, name="c"):
    """A constant without quantization, such as a shape, an axis or a padding."""
    values = np.asarray(values)
    return Tensor(dtype, values.shape, data=values, name=name)


def write_group(path, cases):
    """Stores cases as `tests/golden/ops/README.md` says."""
    with open(path, "wb") as file:
        file.write(b"MWOPS\x01\x00\x00" + struct.pack("<I", len(cases)))
        for case in cases:
            _blob(file, case.name.encode())
            _blob(file, case.model)
            file.write(struct.pack("<I", len(case.runs)))
            for inputs, outputs in zip(case.runs, case.answers, strict=True):
                for arrays in (inputs, outputs):
                    file.write(struct.pack("<I", len(arrays)))
                    for array in arrays:
                        _blob(file, np.ascontiguousarray(array).tobytes())


def read_group(path):
    """The cases of a file as (name, model, runs), each run a pair (input bytes, output bytes)."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:8] != b"MWOPS\x01\x00\x00":
        raise ValueError(f"{path} is not a file of operator vectors")
    position = 8

    def number():
        nonlocal position
        position += 4
        return struct.unpack_from("<I", data, position - 4)[0]

    def blob():
        nonlocal position
        length = number()
        position += length
        return data[position - length : position]

    cases = []
    for _ in range(number()):
        name, model = blob().decode(), blob()
        runs = []
        for _ in range(number()):
            inputs = [blob() for _ in range(number())]
            runs.append((inputs, [blob() for _ in range(number())]))
        cases.append((name, model, runs))
    if position != len(data):
        raise ValueError(f"{path} has {len(data) - position} bytes too many")
    return cases


def _blob(file, data):
    file.write(struct.pack("<I", len(data)) + data)
