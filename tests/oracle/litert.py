"""Runs a model in LiteRT (the PyPI wheel `ai-edge-litert`): with the XNNPACK delegate, or with its reference kernels."""

import numpy as np

import tflm


class Undelegated(Exception):
    """XNNPACK does not take every operator of the model."""


def version():
    """The wheel's version, such as `2.3.0`."""
    from importlib.metadata import version as of

    return of("ai_edge_litert")


def xnnpack(model, runs):
    """The outputs of each run (a list of inputs as bytes), when XNNPACK computes the whole model.

    Raises `Undelegated` where it leaves an operator to other kernels, and `tflm.Refused` where LiteRT runs nothing.
    """
    (answers, whole), _ = tflm.in_child(_xnnpack, model, runs)
    if not whole:
        raise Undelegated
    return answers


def reference(model, runs):
    """The outputs of each run by LiteRT's reference kernels."""
    answers, _ = tflm.in_child(_reference, model, runs)
    return answers


def _xnnpack(model, runs):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model)
    answers = _answers(interpreter, runs)
    # The interpreter lists the delegate's nodes after those of the file, also those that it replaced.
    nodes = interpreter._get_ops_details()
    delegates = [node for node in nodes if node["op_name"] == "DELEGATE"]
    written = {int(tensor) for node in nodes if node["op_name"] != "DELEGATE" for tensor in node["outputs"]}
    outputs = {detail["index"] for detail in interpreter.get_output_details()}
    whole = (
        len(delegates) == 1
        and written.isdisjoint(map(int, delegates[0]["inputs"]))
        and outputs.issubset(map(int, delegates[0]["outputs"]))
    )
    return answers, whole


def _reference(model, runs):
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    resolver = OpResolverType.BUILTIN_REF
    return _answers(Interpreter(model_content=model, experimental_op_resolver_type=resolver), runs)


def _answers(interpreter, runs):
    interpreter.allocate_tensors()
    answers = []
    for inputs in runs:
        for detail, data in zip(interpreter.get_input_details(), inputs, strict=True):
            array = np.frombuffer(data, detail["dtype"]).reshape(detail["shape"])
            interpreter.set_tensor(detail["index"], array)
        interpreter.invoke()
        answers.append([interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()])
    return answers
