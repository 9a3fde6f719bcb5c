#!/usr/bin/env python3
"""Makes `tests/golden/audio/pcen.json` with librosa: `pip install librosa==0.11.0`, then run this file.

Energies are whole numbers times 2^-20 of sound with full scale 1, so that JSON, 32-bit and 64-bit floats hold the same
ones. librosa computes in 64 bits.
"""

import json
from pathlib import Path

import librosa
import numpy as np

RATE, HOP = 16000, 320
FRAMES, BANDS = 60, 5

# Keyword arguments of librosa.pcen, named as our options are.
CASES = {
    "defaults": {},
    "strong": {"gain": 0.8, "bias": 10.0, "power": 0.25, "time": 0.06},
    "bias 0": {"bias": 0.0},
    "power 0": {"power": 0.0},
    "scale 1": {"scale": 1.0},
}
NAMES = {"time": "time_constant"}


def energies():
    rng = np.random.default_rng(1)
    level = np.exp(rng.normal(0, 1.5, (FRAMES, BANDS))) * 2.0 ** np.array([4, 6, 8, 10, 12])
    level[20:30] *= 30  # someone speaks up
    level[45:50] = 0  # and is silent
    return np.round(level)


def main():
    whole = energies()
    spectrum = whole.T * 2.0**-20
    cases = []
    for name, options in CASES.items():
        scale = options.get("scale", 2.0**31)
        arguments = {NAMES.get(key, key): value for key, value in options.items() if key != "scale"}
        with np.errstate(divide="ignore"):
            out = librosa.pcen(spectrum * scale, sr=RATE, hop_length=HOP, **arguments)
        cases.append({"name": name, "options": options, "expected": [float(f"{x:.9g}") for x in out.T.flatten()]})
    content = {
        "source": f"librosa {librosa.__version__}, librosa.pcen at {RATE} Hz, hop {HOP}",
        "frames_per_second": RATE / HOP,
        "bands": BANDS,
        "energies_times_2_to_20": [int(x) for x in whole.flatten()],
        "cases": cases,
    }
    path = Path(__file__).parent.parent / "golden" / "audio" / "pcen.json"
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n")
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
