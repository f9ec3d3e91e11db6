"""Differences, and integrals and derivatives by finite differences, with torch's signatures: compositions all."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core.arguments import dim as one_dim
from autodiff._core.arguments import dims as several_dims
from autodiff._core.arguments import whole
from autodiff._core.function import function
from autodiff._core.registry import FUNCTIONS, ops
from autodiff._core.tensor import Tensor, wrap

#: How torch prints a slice of nothing.
_NO_DIMENSIONS = "Dimension specified as {} but tensor has no dimensions"


def _part(x: Tensor, dim: int, start: int, stop: int | None) -> Tensor:
    return x[(slice(None),) * dim + (slice(start, stop),)]  # type: ignore[no-any-return]


def _joined(parts: list[Tensor], d: int) -> Tensor:
    return FUNCTIONS["cat"].public(parts, d)  # type: ignore[no-any-return]


# -- differences ----------------------------------------------------------------------------------------------


def _check_joined(input: Tensor, other: Tensor | None, d: int) -> None:
    if other is None:
        return
    own, its = input._array.shape, other._array.shape
    if len(own) != len(its):
        raise RuntimeError("diff expects prepend or append to be the same dimension as input")
    for n, (a, b) in enumerate(zip(own, its)):
        if n != d and a != b:
            raise RuntimeError(
                "diff expects the shape of tensor to prepend or append to match that of input except along the "
                f"differencing dimension; input.size({n}) = {a}, but got tensor.size({n}) = {b}"
            )


@function(out=True)
def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """The n-th differences of neighbours along `dim`; of bool, where they differ."""
    array = input._array
    if not array.ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    d = one_dim(dim, array.ndim)
    _check_joined(input, prepend, d)
    _check_joined(input, append, d)
    n = whole(n, "n")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    if n == 0:
        return input.clone()  # type: ignore[no-any-return]
    joined = [t for t in (prepend, input, append) if t is not None]
    x = input if len(joined) == 1 else _joined(joined, d)
    for _ in range(min(n, x._array.shape[d])):
        later, earlier = _part(x, d, 1, None), _part(x, d, 0, -1)
        x = ops.logical_xor(later, earlier) if x._array.dtype.kind == "b" else later - earlier
    return x  # type: ignore[no-any-return]


# -- the rule of trapezoids -----------------------------------------------------------------------------------


def _check_trapezoid(name: str, y: Tensor, x: Tensor | None, dx: Any) -> None:
    if x is not None and "b" in (x._array.dtype.kind, y._array.dtype.kind):
        raise RuntimeError(f"{name}: received a bool input for `x` or `y`, but bool is not supported")
    if y._array.dtype.kind == "b":
        raise RuntimeError(f"{name}: received a bool input for `y`, but bool is not supported")
    if isinstance(dx, (complex, bool)):
        raise RuntimeError(f"{name}: Currently, we only support dx as a real number.")


def _widths(name: str, y: Tensor, x: Tensor, d: int) -> Tensor:
    """The distances between sample points, with a dimension for each of y's."""
    points = x
    if x._array.ndim == 1:
        if x._array.shape[0] != y._array.shape[d]:
            raise RuntimeError(f"{name}: There must be one `x` value for each sample point")
        points = x.reshape((-1,) + (1,) * (y._array.ndim - 1 - d))
    elif x._array.ndim < y._array.ndim:
        points = x.reshape((1,) * (y._array.ndim - x._array.ndim) + x._array.shape)
    axis = d - y._array.ndim
    axis %= points._array.ndim
    return _part(points, axis, 1, None) - _part(points, axis, 0, -1)  # type: ignore[no-any-return]


def _by(x: Tensor, number: Any) -> Tensor:
    return ops._by_number(x, number=number) if x._array.dtype.kind in "fc" else x * number  # type: ignore[no-any-return, operator]


def _half(x: Tensor) -> Tensor:
    return ops._over_number(x, number=2.0) if x._array.dtype.kind in "fc" else x / 2.0  # type: ignore[no-any-return, operator]


@function(method=False, aliases=("trapz",))
def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = 1, dim: int = -1) -> Tensor:
    """The integral of samples along `dim`, taken at points `x` or `dx` apart, by the rule of trapezoids."""
    shape = y._array.shape
    if not shape:
        raise IndexError(_NO_DIMENSIONS.format(dim))
    d = one_dim(dim, len(shape))
    if not shape[d]:
        return wrap(np.zeros(shape[:d] + shape[d + 1 :], y._array.dtype))
    _check_trapezoid("trapezoid", y, x, dx)
    if x is None:
        ends = y.select(d, 0) + y.select(d, -1)
        return _by(ops.contiguous(y.sum(d)) - _by(ends, 0.5), dx)
    widths = _widths("trapezoid", y, x, d)
    return _half((widths * (_part(y, d, 0, -1) + _part(y, d, 1, None))).sum(d))


@function(method=False)
def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = 1, dim: int = -1) -> Tensor:
    """The running integral of samples along `dim`: one element fewer."""
    _check_trapezoid("cumulative_trapezoid", y, x, dx)
    if not y._array.ndim:
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    d = one_dim(dim, y._array.ndim)
    pairs = _part(y, d, 0, -1) + _part(y, d, 1, None)
    if x is None:
        return _by(pairs, dx / 2).cumsum(d)  # type: ignore[no-any-return]
    return _half((_widths("cumulative_trapezoid", y, x, d) * pairs).cumsum(d))


# -- derivatives ----------------------------------------------------------------------------------------------


def _spacings(spacing: Any, dims: tuple[int, ...], ndim: int, named: bool) -> list[Any]:
    """The spacing of each dimension: a number (1 where none is given), or a tensor of coordinates."""
    if spacing is None:
        return [1] * len(dims)
    if isinstance(spacing, Tensor):
        if spacing._array.ndim:
            raise TypeError("gradient(): argument 'spacing' must be a number or a tuple, not a Tensor of coordinates")
        spacing = spacing.item()
    if not isinstance(spacing, (tuple, list)):
        return [spacing] * len(dims)
    if named and len(spacing) != len(dims):
        raise RuntimeError(
            "torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim arguments to have the "
            f"same length, but got a spacing argument of length {len(spacing)} and a dim argument of length "
            f"{len(dims)}."
        )
    if len(spacing) != len(dims):
        raise RuntimeError(
            "torch.gradient expected spacing to be unspecified, a scalar, or a list of length equal to 'self.dim() = "
            f"{ndim}', since dim argument was not given, but got a list of length {len(spacing)}"
        )
    for s in spacing:
        if isinstance(s, Tensor) and s._array.ndim != 1:
            raise RuntimeError(
                "torch.gradient expected each element of spacing to have one dimension, but got an element with "
                f"{s._array.ndim} dimensions!"
            )
    return list(spacing)


@function(method=False)
def gradient(input: Tensor, *, spacing: Any = None, dim: Any = None, edge_order: int = 1) -> tuple[Tensor, ...]:
    """The derivative along each dimension by central differences, one-sided (of `edge_order` 1 or 2) at the ends."""
    shape = input._array.shape
    if input._array.dtype == "uint8":
        raise RuntimeError("torch.gradient does not support uint8 input.")
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    dims = tuple(range(len(shape))) if dim is None else several_dims(dim, len(shape))
    spacings = _spacings(spacing, dims, len(shape), dim is not None)
    for d in dims:
        if shape[d] < edge_order + 1:
            raise RuntimeError("torch.gradient expected each dimension size to be at least edge_order+1")
    return tuple(
        _by_coordinates(input, d, s, edge_order) if isinstance(s, Tensor) else _evenly(input, d, s, edge_order)
        for d, s in zip(dims, spacings)
    )


def _evenly(x: Tensor, d: int, step: Any, order: int) -> Tensor:
    def at(i: int) -> Tensor:
        return _part(x, d, i, i + 1 if i != -1 else None)

    middle = _over(_part(x, d, 2, None) - _part(x, d, 0, -2), 2 * step)
    if order == 1:
        first, last = at(1) - at(0), at(-1) - at(-2)
    else:
        first = _by(at(0), -1.5) + _by(at(1), 2) - _by(at(2), 0.5)
        last = _by(at(-3), 0.5) - _by(at(-2), 2) + _by(at(-1), 1.5)
    first, last = _over(first, step), _over(last, step)
    return _joined([first, middle, last], d)  # type: ignore[no-any-return]


def _by(x: Tensor, number: Any) -> Tensor:
    """The product, of whose factors torch saves nothing; a whole number becomes a floating-point one."""
    return ops._by_number(x, number=number) if x._array.dtype.kind in "fc" else x * number  # type: ignore[no-any-return]


def _over(x: Tensor, number: Any) -> Tensor:
    return ops._over_number(x, number=number) if x._array.dtype.kind in "fc" else x / number  # type: ignore[no-any-return]


def _by_coordinates(x: Tensor, d: int, points: Tensor, order: int) -> Tensor:
    def at(i: int) -> Tensor:
        return _part(x, d, i, i + 1 if i != -1 else None)

    steps = points.diff()
    before, after = _part(steps, 0, 0, -1), _part(steps, 0, 1, None)
    wide = (-1,) + (1,) * (x._array.ndim - 1 - d)

    def weigh(*weights: Tensor) -> Tensor:
        return [w.reshape(wide) for w in weights]  # type: ignore[return-value]

    a, b, c = weigh(
        -after / (before * (before + after)),
        (after - before) / (before * after),
        before / (after * (before + after)),
    )
    middle = a * _part(x, d, 0, -2) + b * _part(x, d, 1, -1) + c * _part(x, d, 2, None)
    if order == 1:
        first, last = (at(1) - at(0)) / steps[0], (at(-1) - at(-2)) / steps[-1]
    else:
        h, k = steps[0], steps[1]
        first = -(2 * h + k) / (h * (h + k)) * at(0) + (h + k) / (h * k) * at(1) - h / (k * (h + k)) * at(2)
        h, k = steps[-2], steps[-1]
        last = k / (h * (h + k)) * at(-3) - (h + k) / (h * k) * at(-2) + (2 * k + h) / (k * (h + k)) * at(-1)
    return _joined([first, middle, last], d)  # type: ignore[no-any-return]
