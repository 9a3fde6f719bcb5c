"""Makes the ONNX files of the benchmark from the MLPerf Tiny .tflite files, and checks what they answer.

    python3 -m venv venv && venv/bin/pip install tf2onnx tensorflow-cpu onnxruntime numpy
    venv/bin/python tests/bench/make_onnx.py FOLDER
    MILLIWATT_ONNX=FOLDER cargo xtask bench

FOLDER lies outside this project: the files are not ours to ship. tf2onnx keeps the weights, scales and zero points of
int8 files, with QuantizeLinear and DequantizeLinear around each operator, from which ONNX Runtime makes integer kernels.

The answers are held against TFLM's own (`golden/*.npz`). Float files must agree to 1e-5 of the largest output. ONNX
Runtime scales int8 sums by a float and rounds once, half to even: it cannot give the device's bytes. On most int8 files
it stays within a few steps; ResNet-8 amplifies single steps to tens of them under every such rounding (XNNPACK's too), so
that int8 files must agree in most bytes, and where they classify, in the winner of all but one in eight random inputs.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("MILLIWATT_SHARED", ROOT.parent / "shared")) / "mlperf"
MODELS = [
    *["kws01_int8", "kws01_fp32_qualcomm", "ic01_int8", "ic01_fp32"],
    *["vww01_int8", "vww01_fp32", "ad01_int8", "ad01_fp32"],
]


def convert(name: str, to: Path) -> None:
    """Writes the ONNX file of one model."""
    source = SHARED / "models" / f"{name}.tflite"
    command = [sys.executable, "-m", "tf2onnx.convert", "--tflite", source, "--output", to, "--opset", "18"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"tf2onnx failed on {source}:\n{done.stderr}")


def check(name: str, file: Path) -> str:
    """Compares answers with TFLM's, and says how far they are."""
    golden = np.load(SHARED / "golden" / f"{name}.npz")
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    model_input = session.get_inputs()[0]
    shape = [size if isinstance(size, int) else 1 for size in model_input.shape]
    found = [session.run(None, {model_input.name: x.reshape(shape)})[0].ravel() for x in golden["x"]]
    found = np.array(found, dtype=np.float64)
    expected = golden["y_tflm"].reshape(found.shape).astype(np.float64)
    distance = np.abs(found - expected)
    if name.endswith("int8"):
        if np.mean(distance > 0) > 0.5:
            sys.exit(f"{name}: more than half of the outputs differ from TFLM's")
        others = np.mean(found.argmax(1) != expected.argmax(1))
        if not name.startswith("ad") and others > 1 / 8:
            sys.exit(f"{name}: on {others:.0%} of the inputs another class wins than under TFLM")
        return f"{np.mean(distance == 0):.1%} of bytes equal TFLM's, the rest differ by at most {distance.max():.0f}"
    relative = distance.max() / np.abs(expected).max()
    if relative > 1e-5:
        sys.exit(f"{name}: differs from TFLM by {relative:.2e} of the largest output")
    return f"within {relative:.1e} of TFLM's largest output"


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1]).resolve()
    if folder.is_relative_to(ROOT):
        sys.exit("choose a folder outside the project: these files are never committed")
    folder.mkdir(parents=True, exist_ok=True)
    for name in MODELS:
        file = folder / f"{name}.onnx"
        convert(name, file)
        print(f"{file}: {file.stat().st_size} bytes; {check(name, file)}", flush=True)


if __name__ == "__main__":
    main()
