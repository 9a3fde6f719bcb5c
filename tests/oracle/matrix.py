"""Recipes times models: every file that `milliwatt` makes runs in the live TFLM with the bytes that it predicts.

Or `milliwatt info` says beforehand that TFLM will not run it, or `milliwatt compress` refuses the recipe in a sentence.
"""

import importlib
import itertools
import json
import subprocess

import numpy as np

import tflm

# Inputs of each combination: few, because one wrong byte shows.
INPUTS = 3
# The arena is asked of TFLM for every so manieth combination, which takes another run.
ARENA_EVERY = 4


def float_recipes():
    """Recipes for float models: every way to quantize, each with one of the ways to write it smaller behind it."""
    quantize = [
        {"granularity": granularity, "calibration": calibration, "float_io": float_io}
        for granularity, calibration, float_io in itertools.product(
            ("per_channel", "per_tensor"),
            ({"method": "min_max"}, {"method": "percentile", "percent": 99.5}, {"method": "mse"}, {"method": "kl"}),
            (False, True),
        )
    ]
    quantize += [
        {"weight_bits": bits, "mixed": mixed, "rounding": rounding, "granularity": granularity}
        for bits, mixed, rounding, granularity in itertools.product(
            (2, 3, 4, 6, 8), (False, True), ("nearest", "compensated"), ("per_channel", "per_tensor")
        )
    ]
    quantize += [
        {"scheme": "int16x8", "granularity": granularity, "float_io": float_io, "rounding": rounding}
        for granularity, float_io, rounding in itertools.product(
            ("per_channel", "per_tensor"), (False, True), ("nearest", "adaptive")
        )
    ]
    quantize += [
        {"weight_bits": bits, "rounding": "adaptive", "calibration": {"method": "moving_average"}} for bits in (3, 4, 8)
    ]
    quantize += [{"weight_bits": bits, "correct_bias": True} for bits in (4, 8)]
    quantize += [
        {"granularity": "every_layer", "weight_bits": bits, "rounding": rounding}
        for bits, rounding in itertools.product((4, 8), ("nearest", "adaptive"))
    ]
    quantize.append({"granularity": "every_layer", "scheme": "int16x8"})
    quantize += [{"activation_bits": bits, "symmetric": symmetric} for bits in (8, 4, 1) for symmetric in (True, False)]
    ends = integer_ends()
    recipes = [[{"step": "quantize", **options}, *ends[at * 5 % len(ends)]] for at, options in enumerate(quantize)]
    before = [{"step": "prune", "sparsity": 0.6, "scope": "global"}]
    recipes += [[*before, {"step": "quantize"}, *end] for end in ends[:8]]
    recipes += [[{"step": "equalize", "by": by}, {"step": "quantize"}] for by in ("weights", "activations", "both")]
    recipes += [
        [{"step": "prune", "sparsity": 0.5, "criterion": criterion, "grouping": grouping}, {"step": "quantize"}, *ends[5]]
        for criterion in ("inputs", "random")
        for grouping in ({"kind": "single"}, {"kind": "n_of_m", "n": 2, "m": 4}, {"kind": "block", "size": 4})
    ]
    channels = [{"keep": 0.5}, {"keep": 0.75, "scope": "global", "measure": "l2", "multiple": 8}]
    channels.append({"keep": 0.75, "scope": "global", "measure": "reconstruction", "refit": True})
    recipes += [[{"step": "channels", **options}, {"step": "quantize"}, *ends[3]] for options in channels]
    recipes.append([{"step": "channels", **channels[-1]}])
    recipes += [[], before, [{"step": "slim"}], [{"step": "slim", "target": "portable"}]]
    recipes += [[{"step": "codebook", "values": values}, {"step": "slim"}] for values in (4, 16)]
    recipes += [[{"step": "codebook", "format": name}, {"step": "slim"}] for name in ("integer8", "additive5", "e4m3", "e5m2")]
    recipes.append([{"step": "codebook", "format": "e2m1", "group": 16}])
    recipes += [
        [{"step": "quantize"}, {"step": "codebook", "format": name}, {"step": "slim"}, {"step": "pack"}]
        for name in ("sign", "ternary", "integer3", "integer6", "power3", "power4", "additive4", "additive5", "e2m1", "e4m3")
    ]
    return recipes


def integer_ends():
    """Recipes for models of integers, and ends of those for others."""
    slim = [[], [{"step": "slim", "target": "tflm"}], [{"step": "slim", "target": "portable"}]]
    pack = [[], *([{"step": "pack", "method": method}] for method in ("smallest", "huffman", "codebook", "bitmap"))]
    ends = [[*a, *b] for a, b in itertools.product(slim, pack)]
    for at, (values, tables, zeros) in enumerate(
        itertools.product((2, 8, 16, 100), ("per_channel", "shared"), (False, True))
    ):
        codebook = {"step": "codebook", "values": values, "tables": tables, "keep_zeros": zeros}
        prune = [{"step": "prune", "sparsity": 0.5}] if zeros else []
        ends.append([*prune, codebook, *slim[at % 3], *pack[1 + at % 4]])
    ends += [[{"step": "codebook", "format": name}, *pack[1]] for name in ("ternary", "power4", "e2m1")]
    # Packed first, slim afterwards: what one leaves the other must not break.
    ends += [[*pack[at], {"step": "slim"}] for at in range(1, 5)]
    return ends


def check(report, command, models):
    """Checks every combination; `models` are (name, bytes, inputs [n, ...])."""
    # Loaded here once, so that the child of each run need not.
    importlib.import_module("tflite_micro")
    count = 0
    for name, model, inputs in models:
        recipes = float_recipes() if inputs.dtype == np.float32 else integer_ends()
        for recipe in thinned(recipes, model, inputs):
            problem = combination(command, model, inputs, recipe, count % ARENA_EVERY == 0)
            kind, problem = problem if isinstance(problem, tuple) else ("combinations that run as predicted", problem)
            report.note(kind, problem and f"{name} {json.dumps(recipe)}: {problem}")
            count += 1
    if count < 500:
        report.note("combinations", f"only {count} combinations")


def thinned(recipes, model, inputs):
    """Fewer recipes for larger models, and for int16 ones, whose weights are int8 all the same."""
    step = 1 if len(model) < 40_000 else 8 if len(model) < 120_000 else 12
    return recipes[:: max(step, 3 if inputs.dtype == np.int16 else 1)]


def combination(command, model, inputs, recipe, with_arena):
    """What is wrong with one combination, None where nothing is, (kind, None) where it was refused beforehand."""
    try:
        file = command.apply(model, recipe, inputs if inputs.dtype == np.float32 else None)
    except RuntimeError as error:
        # A sentence, and no file: nothing was promised.
        sentence = str(error)
        return ("recipes refused in a sentence", None) if "panicked" not in sentence else sentence
    try:
        ((dtype, _),) = tflm.details(file)[0]
        fed = inputs[:INPUTS]
        if dtype != fed.dtype:
            scale, zero_point = tflm.input_quantization(file)
            fed = np.clip(np.round(fed / np.float32(scale)) + zero_point, np.iinfo(dtype).min, np.iinfo(dtype).max).astype(dtype)
        found = np.stack([outputs[0] for outputs in tflm.run(file, [[x[None]] for x in fed])]).reshape(-1)
    except tflm.Refused as reason:
        said = [remark for remark in command.info(file)["remarks"] if remark["severity"] == "blocks"]
        return ("files that were said not to run", None) if said else f"refused, and nobody said so: {reason}"
    predicted = command.run(file, fed).reshape(-1)
    if found.dtype == np.float32:
        wrong = ~np.isclose(predicted, found, rtol=1e-5, atol=1e-6 * np.abs(found).max(initial=0))
    else:
        wrong = predicted != found
    if wrong.any():
        return f"{wrong.sum()} of {wrong.size} bytes differ"
    if with_arena:
        (predicted, smallest), found = command.arena(file), tflm.allocations(file)["head_bytes"]
        if predicted != found:
            return f"the arena's head has {found} bytes instead of {predicted}"
        if not tflm.loads(file, smallest) or tflm.loads(file, smallest - 32):
            return f"the smallest arena that loads is not {smallest} bytes"
    return None


class Command:
    """The `milliwatt` command, with files in a folder of its own."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def apply(self, model, steps, data=None):
        (self.folder / "in.tflite").write_bytes(model)
        (self.folder / "recipe.json").write_text(json.dumps({"version": 1, "steps": steps}))
        arguments = ["compress", self.folder / "in.tflite", "--recipe", self.folder / "recipe.json"]
        if data is not None:
            np.save(self.folder / "data.npy", data)
            arguments += ["--data", self.folder / "data.npy"]
        self._call([*arguments, "-o", self.folder / "out.tflite"])
        return (self.folder / "out.tflite").read_bytes()

    def run(self, model, inputs):
        (self.folder / "run.tflite").write_bytes(model)
        np.save(self.folder / "x.npy", inputs)
        self._call(["run", self.folder / "run.tflite", "--input", self.folder / "x.npy", "--output", self.folder / "y.npy"])
        return np.load(self.folder / "y.npy")

    def info(self, model):
        (self.folder / "info.tflite").write_bytes(model)
        return json.loads(self._call(["info", self.folder / "info.tflite", "--json"]))

    def arena(self, model):
        (self.folder / "info.tflite").write_bytes(model)
        memory = json.loads(self._call(["report", self.folder / "info.tflite", "--json"]))["memory"]
        (wheel,) = [row["bytes"]["value"] for row in memory["smallest"] if "USE_TFLM_COMPRESSION" in row["runtime"]]
        return int(memory["arena"]["value"]), int(wheel)

    def _call(self, arguments):
        done = subprocess.run([self.program, *arguments], capture_output=True, text=True, timeout=600)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return done.stdout
