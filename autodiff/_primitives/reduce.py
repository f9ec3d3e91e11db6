"""Reductions over dimensions: rules see `g` and `out` with the reduced dimensions kept at size 1."""

from __future__ import annotations

import math
from typing import Any

from autodiff._core.kinds import general, linear, reduction
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._kernels import reductions, summation
from autodiff._kernels.reductions import count

# -- sums ---------------------------------------------------------------------------------------------------------
linear("sum_all", reductions.total_of_all, lambda g, input_shape: ops.expand(g, shape=input_shape), node="SumBackward0")
reduction("sum", summation.total, lambda g, input_shape: ops.expand(g, shape=input_shape), node="SumBackward1")


reduction("nansum", reductions.total_of_numbers, lambda g, input: ops.where(ops.isnan(input), g * 0, g))


def _share(g: Any, input_shape: tuple[int, ...], dims: tuple[int, ...]) -> Any:
    number = count(input_shape, dims) or math.nan
    if isinstance(g, Tensor):
        # The quotient last, as in torch: a user may write into a gradient that has memory of its own.
        return ops.divided(ops.expand(g, shape=input_shape), number=number)
    return ops.expand(g / number, shape=input_shape)


linear(
    "mean_all",
    reductions.mean_of_all,
    lambda g, input_shape: _share(g, input_shape, tuple(range(len(input_shape)))),
    node="MeanBackward0",
)
reduction("mean", reductions.mean, _share, node="MeanBackward1")


# -- extremes -----------------------------------------------------------------------------------------------------
# Ties share the gradient evenly, except along a single dimension, where the first index takes it all.
def _shared(g: Any, input: Any, out: Any, dims: tuple[int, ...]) -> Any:
    return g / ops.ties(input, out, dims=dims, nan=False)


def _shared_by_nans(g: Any, input: Any, out: Any, dims: tuple[int, ...]) -> Any:
    divisors = ops.ties(input, out, dims=dims, nan=True)
    # Losers get 0 also of an infinite gradient.
    return ops.where(divisors == math.inf, 0, g / divisors)


reduction("amax", reductions.largest, _shared)
reduction("amin", reductions.smallest, _shared)
reduction("max_all", reductions.largest, _shared_by_nans, node="MaxBackward1")
reduction("min_all", reductions.smallest, _shared_by_nans, node="MinBackward1")


def _both_shared(g: Any, input: Any, min: Any, max: Any, dims: tuple[int, ...], keepdim: bool) -> Any:
    if not keepdim:
        min, max = ops.keep_dims(min, dims=dims), ops.keep_dims(max, dims=dims)
    low, high = [x if keepdim or x is None else ops.keep_dims(x, dims=dims) for x in g]
    if low is None:
        return _shared(high, input, max, dims)
    low = _shared(low, input, min, dims)
    return low if high is None else low + _shared(high, input, max, dims)


general("aminmax", reductions.extremes, _both_shared, inputs=("input",), outputs=("min", "max"), materializes=False)
general("ties", reductions.ties, None, None, inputs=("input", "out"))


def _at_first(g: Any, indices: Any, input_shape: tuple[int, ...], dim: int) -> Any:
    return ops.place(g, indices, shape=input_shape, dim=dim)


general(
    "max_at", reductions.largest_at, _at_first, inputs=("input",), outputs=("values", "indices"), node="MaxBackward0"
)
general(
    "min_at", reductions.smallest_at, _at_first, inputs=("input",), outputs=("values", "indices"), node="MinBackward0"
)
general(
    "place", reductions.place, lambda g, indices, dim: ops.pick(g, indices, dim=dim), None, inputs=("input", "indices")
)
general("pick", reductions.pick, _at_first, None, inputs=("input", "indices"))

# -- moments ------------------------------------------------------------------------------------------------------


def _per_degree(input_shape: tuple[int, ...], dims: tuple[int, ...], correction: float) -> float:
    degrees = count(input_shape, dims) - correction
    return 2 / degrees if degrees else math.inf


def _var(g: Any, input: Any, input_shape: Any, dims: Any, correction: float, whole: bool) -> Any:
    if whole and count(input_shape, dims) <= correction:
        # torch's answer where no degree is left is a constant, without a derivative of its own.
        return ops.where(input == ops.mean(input, dims=dims, keepdim=True), g * math.nan, g * math.inf)
    return g * _per_degree(input_shape, dims, correction) * ops.deviations(input, dims=dims)


def _std(g: Any, input: Any, out: Any, input_shape: Any, dims: Any, correction: float, whole: bool) -> Any:
    """Where all elements are equal the standard deviation has no derivative; torch's answer is 0."""
    return _var(ops.where(out == 0, 0, g / (2 * out)), input, input_shape, dims, correction, whole)


# `whole`: no dimension was named. Only the rules care.
reduction("var", lambda x, dims, correction, keepdim, whole: reductions.variance(x, dims, correction, keepdim), _var)
reduction("std", lambda x, dims, correction, keepdim, whole: reductions.deviation(x, dims, correction, keepdim), _std)


def _with_mean(g: Any, keepdim: bool, dims: Any, input_shape: Any, moment: Any) -> Any:
    """The gradient of a moment and of the mean beside it, either of which may have none."""
    by_moment, by_mean = [x if keepdim or x is None else ops.keep_dims(x, dims=dims) for x in g]
    if by_moment is None:
        return _share(by_mean, input_shape, dims)
    return moment(by_moment) if by_mean is None else moment(by_moment) + _share(by_mean, input_shape, dims)


def _var_mean(g: Any, input: Any, input_shape: Any, dims: Any, correction: float, keepdim: bool, whole: bool) -> Any:
    return _with_mean(g, keepdim, dims, input_shape, lambda g: _var(g, input, input_shape, dims, correction, whole))


def _std_mean(
    g: Any, input: Any, std: Any, input_shape: Any, dims: Any, correction: float, keepdim: bool, whole: bool
) -> Any:
    std = std if keepdim else ops.keep_dims(std, dims=dims)
    return _with_mean(
        g, keepdim, dims, input_shape, lambda g: _std(g, input, std, input_shape, dims, correction, whole)
    )


general(
    "var_mean",
    lambda x, dims, correction, keepdim, whole: reductions.variance_and_mean(x, dims, correction, keepdim),
    _var_mean,
    inputs=("input",),
    outputs=("var", "mean"),
    materializes=False,
)
general(
    "std_mean",
    lambda x, dims, correction, keepdim, whole: reductions.deviation_and_mean(x, dims, correction, keepdim),
    _std_mean,
    inputs=("input",),
    outputs=("std", "mean"),
    materializes=False,
)
linear("deviations", reductions.deviations, lambda g, dims: ops.deviations(g, dims=dims))
reduction("logsumexp", reductions.logsumexp, lambda g, input, out: g * ops.conj(ops.exp(input - out)))

# -- truth --------------------------------------------------------------------------------------------------------
reduction("all", reductions.every, None)
reduction("any", reductions.some, None)
reduction("all_normal", reductions.all_normal, None)
general("nonzeros", reductions.nonzeros, inputs=("input",))


# -- products -----------------------------------------------------------------------------------------------------
# `out` is mentioned for its own sake: torch saves it, so the product must not be written before backward.
def _product_rule(g: Any, input: Any, out: Any, dim: int, keepdim: bool, input_shape: tuple[int, ...]) -> Any:
    """g times the product of all the others.

    As torch by the result, which has a derivative of its own then; where that is 0, infinite or not to be trusted,
    those before times those after, so that no zero is divided by.
    """
    if not input_shape:
        return g
    if not keepdim:
        g = ops.keep_dims(g, dims=(dim,))
    if input_shape[dim] == 1 and bool(ops.any(input == 0, dims=tuple(range(len(input_shape))), keepdim=False)):
        return g  # a second derivative is None for torch here, but zeros where no factor is 0
    if _divides(input, out):
        return g * ops.conj((out if keepdim else ops.keep_dims(out, dims=(dim,))) / input)
    # Delayed before they are multiplied: the product of all would meet derivatives of 0, and might be infinite.
    before = ops.cumprod(ops.delay(input, dim=dim, reverse=False, first=1), dim=dim, reverse=False)
    after = ops.cumprod(ops.delay(input, dim=dim, reverse=True, first=1), dim=dim, reverse=True)
    return g * ops.conj(before * after)


def _divides(input: Any, out: Any) -> bool:
    """Whether the product by each factor is that of the others: what was written by `.data` is no product."""
    normal = ops.all_normal(out, dims=tuple(range(len(out.shape))), keepdim=False)
    return bool(normal) and not bool(ops.any(input == 0, dims=tuple(range(len(input.shape))), keepdim=False))


def _product_of_all_rule(g: Any, input: Any, out: Any, input_shape: tuple[int, ...]) -> Any:
    if not input_shape:
        return g
    if not bool(g - g == 0):
        moving = int(ops.nonzeros(input, dims=tuple(range(len(input_shape)))))
        if moving < math.prod(input_shape) - 1:
            return ops.zeros_like(input)  # with two zeros nothing moves the product: inf and nan come to nothing
    if _divides(input, out):
        return g * ops.conj(out / input)
    flat = ops.reshape_to(input, shape=(-1,))
    return ops.reshape_to(_product_rule(g, flat, out, 0, False, (math.prod(input_shape),)), shape=input_shape)


general("prod", reductions.product, _product_rule, inputs=("input",), node="ProdBackward1")
general(
    "prod_all",
    reductions.product_of_all,
    _product_of_all_rule,
    inputs=("input",),
    node="ProdBackward0",
)
