"""Runs a model in the real TensorFlow Lite for Microcontrollers (the PyPI wheel `tflite-micro`).

Each call works in a child process: a model that TFLM does not like may end the process (a failed assertion is an
abort), and TFLM writes its reasons to the C library's stderr, which only a file descriptor can catch.
"""

import os
import pickle
import re
import struct
import tempfile

import numpy as np

ARENA_BYTES = 8_000_000


class Refused(Exception):
    """TFLM did not run the model; the message is what it said."""


def version():
    """The wheel's version, such as `0.dev20261023182759`."""
    from importlib.metadata import version as of

    return of("tflite_micro")


def run(model, batches):
    """Runs each list of inputs (arrays, or their bytes) through the model; returns a list of lists of output arrays.

    Raises `Refused` with TFLM's own words.
    """
    outputs, _ = in_child(_run, model, batches)
    return outputs


def allocations(model):
    """What `print_allocations()` says after one inference, as a dictionary of bytes."""
    _, log = in_child(_allocations, model)
    found = {}
    for what, bytes_ in re.findall(r"Arena allocation (\w+) (\d+) bytes", log):
        found[f"{what}_bytes"] = int(bytes_)
    parts = {}
    for what, used, requested, count in re.findall(
        r"'([^']+)' used (\d+) bytes with alignment overhead \(requested (\d+) bytes for (\d+)", log
    ):
        parts[what] = {"used_bytes": int(used), "requested_bytes": int(requested), "count": int(count)}
    found["parts"] = parts
    return found


def loads(model, arena_bytes):
    """Whether TFLM allocates the model in an arena of a size and runs it once."""
    try:
        in_child(_fits, model, arena_bytes)
    except Refused:
        return False
    return True


def details(model):
    """(inputs, outputs), each a list of (NumPy type, shape)."""
    found, _ = in_child(_details, model)
    return found


def input_quantization(model):
    """The scale and zero point of the first input, (None, None) for floats."""
    found, _ = in_child(_input_quantization, model)
    return found


def _interpreter(model, arena_bytes=ARENA_BYTES):
    from tflite_micro import runtime

    return runtime.Interpreter.from_bytes(model, arena_size=arena_bytes)


def _all(get):
    """What `get(0)`, `get(1)`, ... give until there is no more."""
    found = []
    while True:
        try:
            found.append(get(len(found)))
        except Exception:
            return found


def _details(model):
    interpreter = _interpreter(model)
    return tuple(
        [(np.dtype(one["dtype"]), tuple(int(size) for size in one["shape"])) for one in _all(get)]
        for get in (interpreter.get_input_details, interpreter.get_output_details)
    )


def _input_quantization(model):
    parameters = _interpreter(model).get_input_details(0)["quantization_parameters"]
    if len(parameters["scales"]) == 0:
        return None, None
    return float(parameters["scales"][0]), int(parameters["zero_points"][0])


def _run(model, batches):
    interpreter = _interpreter(model)
    answers = []
    for inputs in batches:
        for index, array in enumerate(inputs):
            if isinstance(array, bytes):
                one = interpreter.get_input_details(index)
                array = np.frombuffer(array, one["dtype"]).reshape(one["shape"])
            # A fresh array each time: the wrapper takes the address, so it must be contiguous.
            interpreter.set_input(np.array(array, order="C"), index)
        interpreter.invoke()
        answers.append([np.array(output) for output in _all(interpreter.get_output)])
    return answers


def _fits(model, arena_bytes):
    interpreter = _interpreter(model, arena_bytes)
    for index, one in enumerate(_all(interpreter.get_input_details)):
        interpreter.set_input(np.zeros(one["shape"], one["dtype"]), index)
    interpreter.invoke()


def _allocations(model):
    interpreter = _interpreter(model)
    for index, one in enumerate(_all(interpreter.get_input_details)):
        interpreter.set_input(np.zeros(one["shape"], one["dtype"]), index)
    interpreter.invoke()
    interpreter.print_allocations()


def in_child(function, *arguments):
    """Calls `function` in a forked child; returns (its result, what it wrote to stderr)."""
    read_end, write_end = os.pipe()
    log = tempfile.TemporaryFile()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        os.dup2(log.fileno(), 2)
        try:
            answer = ("ok", function(*arguments))
        except BaseException as error:
            answer = ("error", f"{error}")
        payload = pickle.dumps(answer)
        with os.fdopen(write_end, "wb") as pipe:
            pipe.write(struct.pack("<Q", len(payload)) + payload)
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        received = pipe.read()
    _, status = os.waitpid(child, 0)
    log.seek(0)
    text = log.read().decode("utf-8", "replace")
    log.close()
    if len(received) < 8:
        end = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"status {status}"
        raise Refused(" ".join([*_last_lines(text).split(), f"(the process ended by {end})"]))
    kind, value = pickle.loads(received[8:])
    if kind == "error":
        raise Refused(_last_lines(text) or value)
    return value, text


def _last_lines(text):
    # TFLM prints doubles as if they were integers: such a number differs from run to run and says nothing.
    text = re.sub(r" \(-?\d{6,} != -?\d{6,}\)", "", text)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " | ".join(lines[-3:])
