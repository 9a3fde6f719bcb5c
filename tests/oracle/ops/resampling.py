"""RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR."""

from builder import one_op
from case import Case, activation, constant, extremes, random_array, rng_for

# name: input height, width, channels; output height, width
SIZES = {
    "double": (3, 4, 3, 6, 8),
    "to_7x5": (3, 4, 1, 7, 5),
    "half": (6, 8, 5, 3, 4),
    "to_2x3": (5, 7, 3, 2, 3),
    "one_pixel": (1, 1, 17, 3, 2),
    "to_one_pixel": (4, 5, 3, 1, 1),
    "same": (3, 3, 1, 3, 3),
}
MODES = {
    "plain": {},
    "align_corners": {"alignCorners": True},
    "half_pixel_centers": {"halfPixelCenters": True},
}


def cases():
    for op in ("RESIZE_NEAREST_NEIGHBOR", "RESIZE_BILINEAR"):
        for dtype in ("float32", "int8", "int16"):
            for mode, options in MODES.items():
                for label in SIZES:
                    yield resize(op, dtype, label, mode, options)
            both = {"alignCorners": True, "halfPixelCenters": True}
            yield resize(op, dtype, "to_7x5", "align_corners_and_half_pixel_centers", both)
    yield resize("RESIZE_BILINEAR", "int8", "double", "zero_point_127", {}, 127)
    yield resize("RESIZE_BILINEAR", "int8", "double", "zero_point_-128", {}, -128)


def resize(op, dtype, label, mode, options, zero_point=-7):
    height, width, channels, out_height, out_width = SIZES[label]
    name = f"{label}_{mode}"
    rng = rng_for(f"{op} {dtype} {name}")
    zero_point = 0 if dtype == "int16" else zero_point
    scale = None if dtype == "float32" else 0.05
    x = activation(dtype, (1, height, width, channels), scale, zero_point)
    y = activation(dtype, (1, out_height, out_width, channels), scale, zero_point, "y")
    model = one_op(op, [x, constant("int32", [out_height, out_width], "size")], [y], options, 3)
    runs = [[random_array(rng, dtype, x.shape)], [extremes(dtype, x.shape)]]
    return Case(f"{op.lower()}_{dtype}", name, model, runs)
