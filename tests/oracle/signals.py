"""Sounds of integer arithmetic alone, so that Python and Rust (`tests/common/signals.rs`) make the same samples."""

import numpy as np

LENGTH = 8_000


def noise(seed, bits):
    """White noise of so many bits."""
    state, samples = seed, []
    for _ in range(LENGTH):
        state = (state * 1_664_525 + 1_013_904_223) & 0xFFFFFFFF
        samples.append((state >> (32 - bits)) - (1 << (bits - 1)))
    return samples


def triangle(phase, level):
    """A triangle wave over a 16-bit phase, between minus and plus `level`."""
    phase &= 0xFFFF
    rise = phase if phase < 0x8000 else 0x10000 - phase
    return (rise * 2 * level >> 15) - level


def chirp(level):
    """From 0 Hz to about 4 kHz at 16 kHz."""
    return [triangle((n * n * 16_384 // (2 * LENGTH)), level) for n in range(LENGTH)]


def bursts():
    """A low tone with noise in bursts, louder each time: nearly a voice."""
    hiss = noise(7, 14)
    tone = [triangle(n * 614, 6_000) for n in range(LENGTH)]
    return [tone[n] // 4 + hiss[n] * (n // 1_000) // 8 if n // 500 % 2 else tone[n] // 64 for n in range(LENGTH)]


def all_signals():
    """Name and samples of each."""
    signals = {
        "silence": [0] * LENGTH,
        "lowest": [-32_768] * LENGTH,
        "full scale": [32_767 if n // 20 % 2 else -32_768 for n in range(LENGTH)],
        "impulse": [32_767 if n == 700 else -32_768 if n == 5_000 else 0 for n in range(LENGTH)],
        "noise": noise(1, 16),
        "quiet noise": noise(2, 3),
        "chirp": chirp(20_000),
        "bursts": bursts(),
    }
    return {name: np.array(samples, np.int16) for name, samples in signals.items()}
