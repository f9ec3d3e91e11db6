"""What operators do with sparse tensors, each by operators on their elements, so that gradients flow by themselves."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._core.registry import ops
from autodiff._core.sparse import RULES, Sparse, flat, sparse, sparse_dims
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.index import getitem


def coalesced(x: Sparse) -> Sparse:
    """Each place once, in order, its elements summed; itself if it is so already."""
    if x._coalesced:
        return x
    there, where = np.unique(flat(x), return_inverse=True)
    sizes = x._array.shape[: sparse_dims(x)]
    places = np.array(np.unravel_index(there, sizes), np.int64).reshape(len(sizes), there.size)
    elements = _summed(x._elements, where.reshape(-1), there.size)
    return sparse(wrap(places), elements, x._array.shape, True)


def _summed(elements: Tensor, where: Any, count: int) -> Tensor:
    """`count` elements: at each place the sum of those that belong there."""
    zeros = wrap(np.zeros((count, *elements._array.shape[1:]), elements._array.dtype))
    return ops.index_add(zeros, wrap(where), elements, dim=0, alpha=1)  # type: ignore[no-any-return]


def dense(x: Sparse) -> Tensor:
    """Every element, zeros among them."""
    shape = x._array.shape
    count = math.prod(shape[: sparse_dims(x)])
    return ops.reshape(_summed(x._elements, flat(x), count), shape=shape)  # type: ignore[no-any-return]


def from_dense(x: Tensor, dims: int) -> Sparse:
    """The elements that are not 0 (of the first `dims` dimensions: where any behind is not), coalesced."""
    array = x._array if dims == x._array.ndim else x._array.any(tuple(range(dims, x._array.ndim)))
    places = np.array(np.nonzero(array), np.int64).reshape(dims, -1)
    if places.shape[1]:
        elements = getitem(x, tuple(wrap(row) for row in places))
    else:
        elements = wrap(np.empty((0, *x._array.shape[dims:]), x._array.dtype))
    return sparse(wrap(places), elements, x._array.shape, True)


def masked(x: Tensor, mask: Sparse) -> Sparse:
    """The elements of x at the places of a sparse tensor."""
    whole = dense(x) if isinstance(x, Sparse) else x
    return mask.like(getitem(whole, tuple(wrap(row) for row in mask._places._array)))


# -- products --------------------------------------------------------------------------------------------------


def product(x: Sparse, y: Tensor) -> Tensor:
    """A sparse matrix times a dense one: rows of y times elements, summed where they belong."""
    rows, columns = x._places._array
    parts = ops.index_select(y, wrap(columns), dim=0)
    elements = ops.unsqueeze(x._elements, dim=1) if y._array.ndim == 2 else x._elements
    return _summed(ops.mul(elements, parts), rows, x._array.shape[0])


def both_sparse(x: Sparse, y: Sparse) -> Sparse:
    """A sparse matrix times a sparse one: every pair of elements that meets, coalesced."""
    x, y = coalesced(x), coalesced(y)
    inner, first = x._places._array[1], np.searchsorted(y._places._array[0], np.arange(y._array.shape[0] + 1))
    counts = (first[1:] - first[:-1])[inner]
    left = np.repeat(np.arange(inner.size), counts)
    right = np.arange(left.size) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(first[inner], counts)
    elements = ops.mul(_picked(x._elements, left), _picked(y._elements, right))
    places = np.stack([x._places._array[0][left], y._places._array[1][right]])
    return coalesced(sparse(wrap(places), elements, (x._array.shape[0], y._array.shape[1]), False))


def _picked(elements: Tensor, where: Any) -> Tensor:
    return ops.index_select(elements, wrap(where), dim=0)  # type: ignore[no-any-return]


def _mm(input: Tensor, mat2: Tensor) -> Tensor:
    if isinstance(input, Sparse):
        return both_sparse(input, mat2) if isinstance(mat2, Sparse) else product(input, mat2)
    turned = product(_transposed(mat2, 0, 1), ops.transpose(input, dim0=0, dim1=1))  # type: ignore[arg-type]
    return ops.transpose(turned, dim0=0, dim1=1)  # type: ignore[no-any-return]


def _addmm(input: Tensor, mat1: Tensor, mat2: Tensor, beta: Any = 1, alpha: Any = 1) -> Tensor:
    return ops.add(ops.mul(input, beta), ops.mul(_mm(mat1, mat2), alpha))  # type: ignore[no-any-return]


# -- element by element ----------------------------------------------------------------------------------------


def _each(operator: Callable[..., Any], linear: bool = False) -> Callable[..., Any]:
    """By element, of operators that leave 0 as it is; what is not linear needs each place once."""

    def rule(input: Sparse, *rest: Any, **params: Any) -> Tensor:
        x = input if linear else coalesced(input)
        return x.like(operator(x._elements, *rest, **params))

    return rule


def _mul(input: Any, other: Any) -> Tensor:
    x, y = (input, other) if isinstance(input, Sparse) else (other, input)
    if not isinstance(y, Tensor) or not y._array.ndim:
        return x.like(ops.mul(x._elements, y))  # type: ignore[no-any-return]
    if isinstance(y, Sparse):
        x, y = coalesced(x), coalesced(y)
        _, left, right = np.intersect1d(flat(x), flat(y), assume_unique=True, return_indices=True)
        elements = ops.mul(_picked(x._elements, left), _picked(y._elements, right))
        return sparse(wrap(x._places._array[:, left]), elements, x._array.shape, True)
    if y._array.shape != x._array.shape:
        y = ops.expand(y, shape=x._array.shape)
    return x.like(ops.mul(x._elements, masked(y, x)._elements))  # type: ignore[no-any-return]


def _div(input: Any, other: Any) -> Tensor:
    if not isinstance(input, Sparse) or (isinstance(other, Tensor) and other._array.ndim):
        raise RuntimeError("Sparse division requires a scalar or zero-dim dense tensor divisor")
    return input.like(ops.div(input._elements, other))


def _sum_of_two(operator: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Tensor]:
    def rule(input: Any, other: Any) -> Tensor:
        if not isinstance(input, Sparse):
            return operator(input, dense(other))  # type: ignore[no-any-return]
        if not isinstance(other, Sparse):
            raise RuntimeError("add(sparse, dense) is not supported. Use add(dense, sparse) instead.")
        if input._array.shape != other._array.shape:
            raise RuntimeError("add: expected sizes of 'self' and 'other' to match")
        places = np.concatenate([input._places._array, other._places._array], 1)
        second = other._elements if operator is ops.add else ops.neg(other._elements)
        elements = ops.cat(input._elements, second, dim=0)
        return coalesced(sparse(wrap(places), elements, input._array.shape, False))

    return rule


def _scaled(operator: Callable[[Any, Any], Any]) -> Callable[..., Tensor]:
    def rule(input: Any, other: Any, alpha: Any, dtype: Any) -> Tensor:
        return operator(input, ops.mul(other, alpha))  # type: ignore[no-any-return]

    return rule


# -- geometry and sums -----------------------------------------------------------------------------------------


def _transposed(input: Sparse, dim0: int, dim1: int) -> Sparse:
    order = list(range(input._array.ndim))
    order[dim0], order[dim1] = dim1, dim0
    return _permuted(input, tuple(order))


def _permuted(input: Sparse, dims: tuple[int, ...]) -> Sparse:
    ahead = sparse_dims(input)
    if sorted(dims[:ahead]) != list(range(ahead)):
        raise RuntimeError("dimensions are exchanged among the sparse ones, or among the dense ones: never both")
    places = wrap(input._places._array[list(dims[:ahead])])
    elements = input._elements
    if dims[ahead:] != tuple(range(ahead, len(dims))):
        elements = ops.permute(elements, dims=(0, *[d - ahead + 1 for d in dims[ahead:]]))
    return sparse(places, elements, tuple(input._array.shape[d] for d in dims), False)


def _sum(input: Sparse, dims: tuple[int, ...], keepdim: bool = False) -> Tensor:
    ahead = sparse_dims(input)
    dims = tuple(sorted(d % input._array.ndim for d in dims))
    if keepdim:
        found = _sum(input, dims)
        for d in dims:
            found = ops.unsqueeze(found, dim=d)
        return found
    behind = tuple(d - ahead + 1 for d in dims if d >= ahead)
    elements = ops.sum(input._elements, dims=behind, keepdim=False) if behind else input._elements
    left = [d for d in range(ahead) if d not in dims]
    shape = tuple(n for d, n in enumerate(input._array.shape) if d not in dims)
    if not left:
        return ops.sum(elements, dims=(0,), keepdim=False)  # type: ignore[no-any-return]
    return coalesced(sparse(wrap(input._places._array[left]), elements, shape, False))


def _some(x: Sparse, where: Any, places: Any, shape: tuple[int, ...]) -> Sparse:
    """Those of the elements, at other places: one alone is in order whatever the others were."""
    return sparse(wrap(places), _picked(x._elements, where), shape, places.shape[1] < 2)


def _select(input: Sparse, dim: int, index: int) -> Tensor:
    ahead, shape = sparse_dims(input), tuple(np.delete(input._array.shape, dim).tolist())
    index %= input._array.shape[dim]
    if dim >= ahead:
        elements = ops.select(input._elements, dim=dim - ahead + 1, index=index)
        return sparse(input._places, elements, shape, input._coalesced)
    where = np.flatnonzero(input._places._array[dim] == index)
    if ahead == 1:  # nothing is left to be told by places
        return ops.sum(_picked(input._elements, where), dims=(0,), keepdim=False)  # type: ignore[no-any-return]
    return _some(input, where, np.delete(input._places._array, dim, 0)[:, where], shape)


def _index_select(input: Sparse, index: Tensor, dim: int) -> Sparse:
    ahead, wanted = sparse_dims(input), index._array.reshape(-1)
    size = input._array.shape[dim]
    if wanted.size and not (0 <= wanted).all() & (wanted < size).all():
        raise IndexError(f"index_select(): index contains {wanted} that is out of range for tensor of size {size}")
    shape = (*input._array.shape[:dim], wanted.size, *input._array.shape[dim + 1 :])
    if dim >= ahead:
        elements = ops.index_select(input._elements, index, dim=dim - ahead + 1)
        return sparse(input._places, elements, shape, input._coalesced)
    where, place = np.nonzero(input._places._array[dim][:, None] == wanted)
    places = input._places._array[:, where]
    places[dim] = place
    return _some(input, where, places, shape)


def _narrow_copy(input: Sparse, dim: int, start: int, stop: int) -> Sparse:
    return _index_select(input, wrap(np.arange(start, stop)), dim)


def _unsqueeze(input: Sparse, dim: int) -> Sparse:
    ahead, shape = sparse_dims(input), (*input._array.shape[:dim], 1, *input._array.shape[dim:])
    if dim > ahead:
        elements = ops.unsqueeze(input._elements, dim=dim - ahead + 1)
        return sparse(input._places, elements, shape, input._coalesced)
    return sparse(wrap(np.insert(input._places._array, dim, 0, 0)), input._elements, shape, input._coalesced)


def _unbind(input: Sparse, dim: int) -> tuple[Tensor, ...]:
    return tuple([_select(input, dim, n) for n in range(input._array.shape[dim])])


def _cat(*parts: Tensor, dim: int) -> Sparse:
    if not all(isinstance(x, Sparse) for x in parts):
        raise RuntimeError("Concatenating sparse tensors, but a dense tensor was found: use Tensor.to_dense() first")
    several: list[Sparse] = list(parts)  # type: ignore[arg-type]
    ahead, shapes = sparse_dims(several[0]), [x._array.shape for x in several]
    if any(sparse_dims(x) != ahead or len(x._array.shape) != len(shapes[0]) for x in several):
        raise RuntimeError("All tensors must have the same number of sparse dimensions, and of dense ones")
    for n, shape in enumerate(shapes[1:], 1):
        if np.delete(shape, dim).tolist() != np.delete(shapes[0], dim).tolist():
            raise RuntimeError(
                f"All tensors must have the same shape: {list(shapes[0])} (except in the concatenating dimension), but "
                f"found shape: {list(shape)} for entry {n}"
            )
    begins = np.cumsum([0, *(s[dim] for s in shapes)]).tolist()
    whole = (*shapes[0][:dim], begins[-1], *shapes[0][dim + 1 :])
    along = np.arange(len(whole))[:ahead, None] == dim
    places = np.concatenate([x._places._array + begin * along for x, begin in zip(several, begins)], 1)
    elements = [x._elements for x in several]
    if dim >= ahead:  # each part's elements stand beside zeros, where the others' are
        at = dim - ahead + 1
        elements = [
            ops.cat(*_beside(e, at, begin), e, *_beside(e, at, begins[-1] - end), dim=at)
            for e, begin, end in zip(elements, begins, begins[1:])
        ]
    return sparse(wrap(places), ops.cat(*elements, dim=0), whole, False)


def _beside(elements: Tensor, dim: int, size: int) -> list[Tensor]:
    """Zeros of a size along one dimension; none where that is 0."""
    shape = list(elements._array.shape)
    shape[dim] = size
    return [wrap(np.zeros(shape, elements._array.dtype))] if size else []


def _stack(*parts: Tensor, dim: int) -> Sparse:
    return _cat(*[ops.unsqueeze(x, dim=dim) for x in parts], dim=dim)


def _bmm(input: Tensor, mat2: Tensor) -> Tensor:
    if not isinstance(input, Sparse) or isinstance(mat2, Sparse):
        raise RuntimeError("bmm_sparse: Tensor 'mat2' must be dense, and the other one sparse")
    pairs = zip(_unbind(input, 0), ops.unbind(mat2, dim=0))
    return ops.stack(*[_mm(x, y) for x, y in pairs], dim=0)  # type: ignore[no-any-return]


def _p_norm(input: Sparse, p: float, dims: Any, keepdim: bool) -> Tensor:
    if len(dims) not in (0, input._array.ndim) or keepdim:
        raise RuntimeError(
            "norm_sparse currently only supports full reductions, so 'dim' must either be empty or contain all "
            "dimensions of the input"
        )
    elements = coalesced(input)._elements
    return ops.p_norm(elements, p=p, dims=tuple(range(elements._array.ndim)), keepdim=False)  # type: ignore[no-any-return]


def softmax(x: Sparse, dim: int, log: bool = False) -> Sparse:
    """Over the elements that there are along one sparse dimension; what is not there has no share."""
    x = coalesced(x)
    dim %= x._array.ndim
    if dim >= sparse_dims(x):
        operator = ops.log_softmax if log else ops.softmax
        return x.like(operator(x._elements, dims=(dim - sparse_dims(x) + 1,)))
    others = np.delete(x._places._array, dim, 0)
    _, row = np.unique(others, axis=1, return_inverse=True) if others.size else (None, np.zeros(others.shape[1], int))
    row, count = row.reshape(-1), int(row.max(initial=-1)) + 1
    largest = np.full((count, *x._elements._array.shape[1:]), -np.inf, x._elements._array.dtype)
    np.maximum.at(largest, row, x._elements._array)
    shifted = ops.sub(x._elements, wrap(largest[row]))
    total = _picked(_summed(ops.exp(shifted), row, count), row)
    return x.like(ops.sub(shifted, ops.log(total)) if log else ops.div(ops.exp(shifted), total))


_LEAVING_ZERO = (
    "abs", "asin", "asinh", "atan", "atanh", "ceil", "deg2rad", "erf", "expm1", "floor", "frac", "log1p", "rad2deg",
    "relu", "round", "sgn", "sign", "sin", "sinh", "sqrt", "tan", "tanh", "trunc",
)  # fmt: skip
RULES.update(
    mm=_mm,
    mv=lambda input, vec: product(input, vec),
    addmm=_addmm,
    mul=_mul,
    div=_div,
    add=_sum_of_two(ops.add),
    sub=_sum_of_two(ops.sub),
    transpose=_transposed,
    permute=_permuted,
    t=lambda input: _transposed(input, 0, 1) if input._array.ndim == 2 else input,
    sum=_sum,
    sum_all=lambda input: ops.sum_all(input._elements),
    pow=_each(ops.pow),
    select=_select,
    index_select=_index_select,
    narrow_copy=_narrow_copy,
    unsqueeze=_unsqueeze,
    unbind=_unbind,
    cat=_cat,
    stack=_stack,
    bmm=_bmm,
    p_norm=_p_norm,
    _add_scaled=_scaled(ops.add),
    _sub_scaled=_scaled(ops.sub),
    **{name: _each(getattr(ops, name), linear=True) for name in ("neg", "to", "promoted", "clone", "alias")},
    **{name: _each(getattr(ops, name)) for name in _LEAVING_ZERO},
)
