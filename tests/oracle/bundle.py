"""The test vectors of a bundle, as its C++ holds them, run in the live TFLM."""

import io
import re
import zipfile

import numpy as np

import tflm

WHAT = "test vectors of bundles"


def check(report, command, name, model, inputs, compare):
    """TFLM answers each vector with the expected bytes, in an arena of the size that the bundle names."""
    preset = "codebook4" if inputs.dtype == np.float32 else "slim-tflm"
    try:
        with zipfile.ZipFile(io.BytesIO(command.bundle(model, preset))) as archive:
            files = {entry: archive.read(entry) for entry in archive.namelist()}
        given, expected = arrays(files["test_vectors.cc"].decode())
        written = files["model.tflite"]
        (dtype, shape), (answer, _) = (ports[0] for ports in tflm.details(written))
        fed = [[vector.view(dtype).reshape(shape)] for vector in given]
        said = np.stack([np.asarray(outputs[0]).reshape(-1) for outputs in tflm.run(written, fed)])
        problem = compare(expected.view(answer).reshape(said.shape), said)
        # The wheel is built with USE_TFLM_COMPRESSION.
        header = files["model.h"].decode()
        wide = int(re.search(r"USE_TFLM_COMPRESSION\)\n.*\n.* kMilliwattArenaBytes = (\d+);", header).group(1))
        if not tflm.loads(written, wide):
            problem = problem or f"the arena of {wide} bytes that model.h names does not load"
        elif tflm.loads(written, wide - 32):
            problem = problem or f"model.h names an arena of {wide} bytes, and 32 fewer load"
    except (RuntimeError, OSError, KeyError, AttributeError, tflm.Refused) as error:
        problem = str(error)
    report.note(WHAT, problem and f"{name}: {problem}")


def arrays(text):
    """Inputs and outputs, [vector, byte]."""
    found = []
    for body in re.findall(r"milliwatt_(?:input|output)_0\[\d+\]\[\d+\] = \{(.*?)\n\};", text, re.S):
        rows = re.findall(r"\{([^{}]*)\}", body)
        found.append(np.array([[int(byte, 16) for byte in re.findall(r"0x(\w\w)", row)] for row in rows], np.uint8))
    return found
