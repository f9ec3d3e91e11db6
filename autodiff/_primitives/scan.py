"""Running sums and products. A product's adjoint is a linear recurrence, and so is the recurrence's own: no division,
so zeros need no care at any order."""

from __future__ import annotations

import math
from typing import Any

from autodiff._core.kinds import general, linear
from autodiff._core.registry import ops
from autodiff._kernels import scans


def _running_back(g: Any, input_shape: tuple[int, ...], dim: int, reverse: bool) -> Any:
    if not input_shape or input_shape[dim] == 1 or 0 in input_shape:
        return g  # one number each, or none: what arrives goes on as it is
    return ops.cumsum(g, dim=dim, reverse=not reverse)


linear("cumsum", scans.cumsum, _running_back)


def _running_product(g: Any, input: Any, out: Any, input_shape: tuple[int, ...], dim: int, reverse: bool) -> Any:
    if not input_shape or input_shape[dim] == 1 or 0 in input_shape:
        return g
    later = ops.delay(input, dim=dim, reverse=not reverse, first=0)
    arriving = ops.recur(g, ops.conj(later), dim=dim, reverse=not reverse)
    return arriving * ops.conj(ops.delay(out, dim=dim, reverse=reverse, first=1))


general("cumprod", scans.cumprod, _running_product, inputs=("input",))
# Affine rather than linear: `first` comes in.
general("delay", scans.delay, lambda g, dim, reverse: ops.delay(g, dim=dim, reverse=not reverse, first=0))


def _recurrence_back(g: Any, factor: Any, dim: int, reverse: bool) -> Any:
    following = ops.delay(factor, dim=dim, reverse=not reverse, first=0)
    return ops.recur(g, ops.conj(following), dim=dim, reverse=not reverse)


general(
    "recur",
    scans.recur,
    _recurrence_back,
    lambda g, factor, out, dim, reverse: (
        _recurrence_back(g, factor, dim, reverse) * ops.conj(ops.delay(out, dim=dim, reverse=reverse, first=0))
    ),
    inputs=("input", "factor"),
)

# torch saves the input, though only its shape counts: one without elements is its own gradient.
for name, kernel in (("cummax", scans.cummax), ("cummin", scans.cummin)):
    general(
        name,
        kernel,
        lambda g, input, indices, dim: (
            input if 0 in input.shape else ops.gather_back(g, indices, shape=input.shape, dim=dim)
        ),
        inputs=("input",),
        outputs=("values", "indices"),
    )


def _running_logarithm(g: Any, input: Any, out: Any, input_shape: tuple[int, ...], dim: int) -> Any:
    """exp(input - out) times what arrives from here on, carried back by the ratio of neighbouring sums.

    No exponent is positive, so nothing overflows.
    """
    if not input_shape or 0 in input_shape:
        return g
    following = ops.delay(out, dim=dim, reverse=True, first=math.inf)
    alike = ops.isinf(out) & (out == following)
    carried = ops.conj(ops.where(alike, 1, ops.exp(out - following)))
    return ops.conj(ops.exp(input - out)) * ops.recur(g, carried, dim=dim, reverse=True)


general("logcumsumexp", scans.logcumsumexp, _running_logarithm, inputs=("input",))
