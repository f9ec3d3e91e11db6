"""Writing, adding and reducing at positions that tensors of indices name.

Index tensors are saved like any tensor, so writing into one before backward is noticed; torch also saves the
sources of index_add, index_copy and put, though only their shapes count.
"""

from __future__ import annotations

from typing import Any

from autodiff._core.kinds import general
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._kernels import indexing, scattering

# -- one index for each element ------------------------------------------------------------------------------


def _read(g: Any, index: Any, src_shape: tuple[int, ...], dim: int) -> Any:
    return scattering.fitting(ops.gather(g, index, dim=dim), src_shape)


general(
    "scatter",
    indexing.scatter,
    lambda g, index, dim: ops.scatter_value(g, index, value=0, dim=dim),
    None,
    _read,
    inputs=("input", "index", "src"),
)
general("scatter_add", indexing.scatter_add, lambda g: g, None, _read, inputs=("input", "index", "src"))
general(
    "scatter_value",
    indexing.scatter_value,
    lambda g, index, dim: ops.scatter_value(g, index, value=0, dim=dim),
    None,
    inputs=("input", "index"),
    node="ScatterBackward1",
)


def _refused(g: Any, why: str) -> Any:
    raise RuntimeError(why)


# What torch has no derivative of, and says so on the way back: a result, and what it was made of.
general(
    "refused",
    lambda out, *made_of, why: out,
    _refused,
    _refused,
    _refused,
    inputs=("out", "input", "src"),
    node="torch::autograd::NotImplemented",
)

# -- one index for each slice --------------------------------------------------------------------------------
general(
    "index_add",
    indexing.index_add,
    lambda g: g,
    None,
    lambda g, index, dim, alpha, source: (
        ops.reshape_to(ops.index_select(g, index, dim=dim), shape=source.shape) * alpha
    ),
    inputs=("input", "index", "source"),
)
general(
    "index_copy",
    indexing.index_copy,
    lambda g, index, dim: ops.index_fill(g, index, value=0, dim=dim),
    None,
    lambda g, index, dim, source: ops.reshape_to(ops.index_select(g, index, dim=dim), shape=source.shape),
    inputs=("input", "index", "source"),
)
general(
    "index_fill",
    indexing.index_fill,
    lambda g, index, dim: ops.index_fill(g, index, value=0, dim=dim),
    None,
    inputs=("input", "index"),
)
general(
    "index_fill_tensor",
    indexing.index_copy,
    lambda g, index, dim: ops.index_fill(g, index, value=0, dim=dim),
    None,
    lambda g, index, dim: ops.sum_to(ops.index_select(g, _once(index), dim=dim), shape=()),
    inputs=("input", "index", "value"),
    node="IndexFillBackward1",
)


def _once(index: Any) -> Any:
    return scattering.once(index._array if isinstance(index, Tensor) else index)


# -- one place for each element, counted flat ----------------------------------------------------------------
general(
    "put",
    indexing.put_flat,
    lambda g, index, accumulate: g if accumulate else ops.put(g, index, 0, accumulate=False),
    None,
    lambda g, index, source: ops.reshape_to(ops.take(g, index), shape=source.shape),
    inputs=("input", "index", "source"),
)


# -- reducing ------------------------------------------------------------------------------------------------
def _kept(g: Any, index: Any, dim: int, include_self: bool) -> Any:
    """The gradient of what the input's elements count for: where they are left out, nothing."""
    return g if include_self else ops.scatter_value(g, index, value=0, dim=dim)


def _counts(g: Any, index: Any, dim: int, include_self: bool) -> Any:
    """How many elements each mean is of."""
    like = ops.zeros_like(g)
    own = _kept(like + 1, index, dim, include_self)
    return ops.scatter_add(own, index, ops.gather(like + 1, index, dim=dim), dim=dim)


def _shared(g: Any, input: Any, index: Any, src: Any, out: Any, dim: int, include_self: bool) -> Any:
    """The gradient of extremes, by how many elements tie for each; and where they are."""
    here, there = input == out, src == ops.gather(out, index, dim=dim)
    zero = ops.zeros_like(g)
    own = _kept(ops.where(here, zero + 1, zero), index, dim, include_self)
    ties = ops.scatter_add(own, index, ops.where(there, ops.zeros_like(src) + 1, ops.zeros_like(src)), dim=dim)
    return g / ties, here, there


# What was divided by the input again: it depends on that, by a gradient of zeros.
general(
    "_divided",
    lambda found, input: found,
    lambda g: g,
    lambda g: ops.zeros_like(g),
    inputs=("found", "input"),
    node="DivBackward0",
)


def _reduced(g: Any, input: Any, index: Any, src: Any, out: Any, dim: int, reduce: str, include_self: bool) -> Any:
    """The input's gradient."""
    if reduce == "mean":
        g = g / _counts(g, index, dim, include_self)
    elif reduce == "prod":
        # The product of the others: with the input as 1. torch divides by the input, on which it depends so.
        others = ops.scatter_reduce(ops.zeros_like(input) + 1, index, src, dim=dim, reduce="prod", include_self=True)
        g = ops._divided(g * others, input)
    elif reduce in ("amax", "amin"):
        shared, here, _ = _shared(g, input, index, src, out, dim, include_self)
        g = shared * ops.where(here, ops.zeros_like(g) + 1, ops.zeros_like(g))
    return _kept(g, index, dim, include_self)


def _reduced_from(g: Any, input: Any, index: Any, src: Any, out: Any, dim: int, reduce: str, include_self: bool) -> Any:
    """The source's gradient."""
    if reduce == "sum":
        return ops.gather(g, index, dim=dim)
    if reduce == "mean":
        return ops.gather(g / _counts(g, index, dim, include_self), index, dim=dim)
    if reduce == "prod":
        return _other_factors(g, input, index, src, out, dim, include_self)
    shared, _, there = _shared(g, input, index, src, out, dim, include_self)
    shared = ops.gather(shared, index, dim=dim)
    return shared * ops.where(there, ops.zeros_like(shared) + 1, ops.zeros_like(shared))


def _other_factors(g: Any, input: Any, index: Any, src: Any, out: Any, dim: int, include_self: bool) -> Any:
    """g times the product without each factor: divided by it, or, where it is the only 0, with 1 for it."""
    zero = src == 0
    ones = ops.zeros_like(src) + 1
    count = ops.scatter_add(ops.zeros_like(input), index, ops.where(zero, ones, ops.zeros_like(src)), dim=dim)
    zeros = ops.gather(count, index, dim=dim)
    alone = zero & (zeros == 1)
    others = ops.scatter_reduce(
        input, index, ops.where(alone, ones, src), dim=dim, reduce="prod", include_self=include_self
    )
    divided = ops.gather(g * out, index, dim=dim) / ops.where(zero, ones, src)
    found = ops.where(alone, ops.gather(g * others, index, dim=dim), divided)
    if isinstance(g, Tensor) and scattering.any_above_one(count._array):
        return ops.refused(
            found,
            why="scatter_reduce(): Double backward is unsupported for src when >1 zeros in src are scattered to the "
            "same position in self",
        )
    return found


for _name in ("scatter_reduce", "index_reduce"):
    general(
        _name,
        scattering.scatter_reduce,
        _reduced,
        None,
        lambda g, input, index, src, out, src_shape, dim, reduce, include_self: scattering.fitting(
            _reduced_from(g, input, index, src, out, dim, reduce, include_self), src_shape
        ),
        inputs=("input", "index", "src"),
    )
