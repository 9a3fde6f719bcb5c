"""The tables of cases, one module for each family of operators; each has `cases()`, which yields `Case` objects."""

from . import activations, convolution, dense, elementwise, graphs, layout, pooling, resampling, typecast

FAMILIES = [convolution, dense, pooling, elementwise, activations, layout, resampling, typecast, graphs]


def all_cases():
    """Every case of every family."""
    for family in FAMILIES:
        yield from family.cases()
