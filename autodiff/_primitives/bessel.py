"""Bessel's functions; those of torch's later additions have no derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.kinds import discrete, general, pointwise
from autodiff._core.registry import ops
from autodiff._kernels import bessel
from autodiff._kernels.late import Late

modified_bessel = Late("modified_bessel")


def exact(name: str) -> Any:
    """The kernel of that name, SciPy's where float64 is not asked for."""
    return bessel.in_double(getattr(modified_bessel, name), bessel.scipys(name))


def _known(kernel: str, input: Any) -> Any:
    """The input with 0 for nan. Raises NotImplementedError for floats of two bytes, by torch's name of the kernel."""
    d = getattr(input, "_array", input).dtype
    if dtypes.is_half(d):
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtypes.title(d)}'")
    return ops.where(input == input, input, 0.0)


pointwise("i0", exact("i0"), lambda input: ops.i1(input), refuses="c", public="i0 special.i0")
pointwise(
    "i1",
    exact("i1"),
    # As in torch 1/2 for nan too.
    lambda input, out: ops._i1_slope(_known("i1_backward", input), out),
    node="SpecialI1Backward0",
    refuses="c",
    spellings="out",
    public="special.i1",
)
pointwise(
    "i0e",
    exact("i0e"),
    lambda input, out: ops._i0e_slope(input, out),
    node="SpecialI0EBackward0",
    refuses="c",
    spellings="out",
    public="special.i0e",
)
pointwise(
    "i1e",
    exact("i1e"),
    lambda input, out: ops._i1e_slope(_known("i1e_backward", input), out),
    node="SpecialI1EBackward0",
    refuses="c",
    spellings="out",
    public="special.i1e",
)
# As in torch slopes are made of the result too, whose node the second derivative passes. Its shares of that cancel near
# 0: the input's has what is left of both, unless hooks look on.
pointwise(
    "_i1_slope",
    lambda input, other: modified_bessel.i1_slope(input),
    lambda input: 0.75 * ops.i1(input) + 0.25 * ops._bessel_i(input, n=3),
    0,
    apart=(
        lambda input, other: ops.i1(input) + other * ops.square(_over(input)),
        lambda input: -_over(input),
    ),
)
pointwise(
    "_i0e_slope",
    lambda input, other: modified_bessel.i0e_slope(input),
    lambda input: ops._i1e_slope(input, ops.i1e(input)),
    lambda input: -ops.sgn(input),
)


def _over(input: Any) -> Any:
    """1/x, and 0 where torch takes the slope for that at 0."""
    near = ops.abs(input) <= np.finfo(getattr(input, "_array", input).dtype).eps
    return ops.where(near, 0.0, 1 / ops.where(near, 1.0, input))


def _bend(input: Any, slope: Any) -> Any:
    """The second derivative of i1e: near 0 from its neighbours, where I1/x and the like would cancel.

    Far out those cancel as the square of the distance, and its differential equation only as the distance.
    """
    sign, first = ops.sgn(input), ops.i1e(input)
    is_far = ops.abs(input) > 4
    close = ops.where(is_far, 4.0, input)
    near = (
        1.75 * first
        + 0.25 * ops._scaled_bessel_i(close, n=3)
        - sign * (ops.i0e(input) + ops._scaled_bessel_i(close, n=2))
    )
    share = 1 / ops.where(is_far, ops.abs(input), 4.0)
    return ops.where(is_far, (share * share - share) * first - sign * (2 + share) * slope, near)


pointwise(
    "_i1e_slope",
    lambda input, other: modified_bessel.i1e_slope(input),
    lambda input, out: _bend(input, out),
    0,
    apart=(
        lambda input, other: ops.i1e(input) - ops.sgn(input) * ops.i0e(input) + other * ops.square(_over(input)),
        lambda input: -(ops.sgn(input) + _over(input)),
    ),
)
general(
    "_bessel_i",
    bessel.modified,
    lambda g, input, n: g * (0.5 * (ops._bessel_i(input, n=n - 1) + ops._bessel_i(input, n=n + 1))),
    inputs=("input",),
)
general(
    "_scaled_bessel_i",
    bessel.scaled_modified,
    lambda g, input, n: (
        g
        * (
            0.5 * (ops._scaled_bessel_i(input, n=n - 1) + ops._scaled_bessel_i(input, n=n + 1))
            - ops.sgn(input) * ops._scaled_bessel_i(input, n=n)
        )
    ),
    inputs=("input",),
)

for _name, _kernel in {
    "bessel_j0": bessel.scipys("j0"),
    "bessel_j1": bessel.scipys("j1"),
    "bessel_y0": bessel.scipys("y0"),
    "bessel_y1": bessel.scipys("y1"),
    "modified_bessel_i0": exact("i0"),
    "modified_bessel_i1": exact("i1"),
    "modified_bessel_k0": bessel.in_double(modified_bessel.k0, bessel.near_logarithm("k0")),
    "modified_bessel_k1": exact("k1"),
}.items():
    discrete(_name, _kernel, 1, "ch", "out", computes="float", public=f"special.{_name}")
for _name, _kernel in {
    "scaled_modified_bessel_k0": bessel.in_double(modified_bessel.k0e, bessel.near_logarithm("k0e")),
    "scaled_modified_bessel_k1": exact("k1e"),
    "spherical_bessel_j0": bessel.spherical_bessel_j0,
    "airy_ai": bessel.airy_ai,
}.items():
    discrete(_name, _kernel, 1, "ch", "out", computes="float", inputs="x", public=f"special.{_name}")
