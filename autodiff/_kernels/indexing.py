"""Reading and writing by arrays of indices; every adjoint adds up what was read more than once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._kernels.accumulate import accumulate, add_at
from autodiff._kernels.geometry import sum_to
from autodiff._kernels.layout import in_rows, laid_like
from autodiff._kernels.masks import LARGE, choose, put, taken

Shape = tuple[int, ...]
#: Per dimension an integer array, or slice(None) for all of it.
Indices = tuple[Any, ...]


def checked(x: Any, indices: Indices) -> Indices:
    """The indices, unless nothing is read: then torch lets them point anywhere but into a dimension of size 0."""
    if x.size or any(not n for n, i in zip(x.shape, indices) if not isinstance(i, slice)):
        return indices
    return tuple([i if isinstance(i, slice) else np.zeros_like(i) for i in indices])


def index(x: Any, indices: Indices) -> Any:
    """x[indices], in contiguous memory."""
    indices = checked(x, indices)
    chosen = [d for d, i in enumerate(indices) if not isinstance(i, slice)]
    if len(chosen) == 1:
        return x.take(indices[chosen[0]], axis=chosen[0])
    return np.asarray(x[indices], order="C")


def index_put(x: Any, values: Any, indices: Indices, accumulate: bool = False) -> Any:
    """A copy of x in which x[indices] holds the values, or has them added."""
    out = np.array(x)
    indices = checked(x, indices)
    if accumulate:
        shape = out[indices].shape
        out += index_back(np.broadcast_to(np.asarray(values, x.dtype), shape), x.shape, indices)
    else:
        out[indices] = values
    return out


def index_back(g: Any, shape: Shape, indices: Indices) -> Any:
    """The adjoint of `index`: zeros of `shape` to which g was added at the indices."""
    chosen = [d for d, i in enumerate(indices) if not isinstance(i, slice)]
    if chosen == [0] and indices[0].ndim == 1:
        return accumulate(shape[0], from_front(indices[0], shape[0]), np.asarray(g))
    arrays = np.broadcast_arrays(*[indices[d] for d in chosen])
    picked = arrays[0].ndim
    # Where NumPy put the indexed dimensions: together at the first of them, or in front if they were apart.
    together = chosen == list(range(chosen[0], chosen[0] + len(chosen)))
    place = chosen[0] if together else 0
    rows = np.moveaxis(g, range(place, place + picked), range(picked)) if place else np.asarray(g)
    rest = [d for d in range(len(shape)) if d not in chosen]
    sizes = [shape[d] for d in chosen]
    width = [shape[d] for d in rest]
    count = math.prod(sizes)
    places = _flat(arrays, sizes)
    out = accumulate(count, places, rows.reshape(places.size, *width)).reshape(*sizes, *width)
    return out.transpose(np.argsort(chosen + rest))


def index_onto(held: Any, g: Any, indices: Indices) -> None:
    """Add g to `held` at the indices, as often as they name a place."""
    chosen = [d for d, i in enumerate(indices) if not isinstance(i, slice)]
    if chosen == [0] and indices[0].ndim == 1 and held.flags.c_contiguous:
        add_at(held, from_front(indices[0], len(held)), np.asarray(g))
    else:
        held += index_back(g, held.shape, indices)


def _flat(arrays: Any, sizes: list[int]) -> Any:
    """Several index arrays as one index into the flattened dimensions; negative ones counted from the end."""
    flat: Any = None
    for array, n in zip(arrays, sizes):
        array = from_front(array, n)
        flat = array if flat is None else flat * n + array
    return np.ravel(flat)


def from_front(index: Any, n: int) -> Any:
    """An index into n elements without negative ones, which count from the end."""
    return index if not index.size or index.min() >= 0 else np.where(index < 0, index + n, index)


# -- one dimension -------------------------------------------------------------------------------------------


def index_select(x: Any, index: Any, dim: int) -> Any:
    return x.take(np.atleast_1d(index), axis=dim) if x.ndim else np.array(x)


def select_back(g: Any, index: Any, shape: Shape, dim: int) -> Any:
    """The adjoint of index_select."""
    if not shape:
        return np.array(g)
    return index_back(g, shape, (slice(None),) * dim + (np.atleast_1d(index),))


def _corner(x: Any, index: Any, dim: int) -> Any:
    """The part of x that an index of this shape may address: other dimensions cut to its sizes."""
    return x[tuple([slice(None) if d == dim else slice(n) for d, n in enumerate(index.shape)])]


def gather(x: Any, index: Any, dim: int) -> Any:
    """x at `index` along `dim`: the result has the index's shape."""
    if not x.ndim:
        return np.broadcast_to(x, index.shape).copy()
    if not index.ndim:
        return gather(x, index.reshape(1), dim).reshape(())
    if not index.size:
        return np.zeros(index.shape, x.dtype)
    if x.flags.c_contiguous:
        return x.reshape(-1).take(flat_places(index, x.shape, dim)).reshape(index.shape)
    return in_rows(np.take_along_axis(_corner(x, index, dim), index, dim))


def flat_places(index: Any, shape: Shape, dim: int) -> Any:
    """The flat place in an array of `shape` that each element of `index` addresses."""
    grid = list(np.ogrid[tuple([slice(n) for n in index.shape])])
    grid[dim] = from_front(index, shape[dim])
    flat: Any = grid[0]
    for i, n in zip(grid[1:], shape[1:]):
        flat = flat * n
        flat = np.add(flat, i, out=flat) if flat.shape == index.shape else flat + i
    return np.broadcast_to(flat, index.shape).ravel()


def gather_back(g: Any, index: Any, shape: Shape, dim: int) -> Any:
    """The adjoint of gather: zeros of `shape` to which g was added at `index` along `dim`."""
    if not shape or not index.size:
        return np.zeros(shape, g.dtype) if shape else np.sum(g, dtype=g.dtype)
    count = math.prod(shape)
    index = np.atleast_1d(index)
    try:
        return accumulate(count, flat_places(index, shape, dim), np.asarray(g).reshape(-1)).reshape(shape)
    except IndexError as error:  # what was saved was written through a view that does not know of it
        raise RuntimeError(str(error)) from None


def scatter(x: Any, index: Any, src: Any, dim: int) -> Any:
    """A copy of x that holds src at `index` along `dim`; of several for one place the last wins."""
    out = np.array(x, order="C")
    if not out.ndim:
        return np.array(src, x.dtype).reshape(-1)[-1:].reshape(()) if index.size else out
    if not index.size:
        return out
    index = np.atleast_1d(index)
    cut = src[tuple([slice(n) for n in index.shape])] if getattr(src, "ndim", 0) else src
    np.put_along_axis(_corner(out, index, dim), index, cut, dim)
    return out


def scatter_add(x: Any, index: Any, src: Any, dim: int) -> Any:
    """x with src added at `index` along `dim`."""
    if not index.size:
        return np.array(x)
    index = np.atleast_1d(index)
    cut = np.asarray(src[tuple([slice(n) for n in index.shape])] if src.ndim else src)
    places = flat_places(index, x.shape or (1,), dim)
    return add_at(np.array(np.ravel(x)), places, cut.reshape(-1)).reshape(x.shape)


def scatter_value(x: Any, index: Any, value: Any, dim: int) -> Any:
    return scatter(x, index, value, dim)


def index_add(x: Any, index: Any, source: Any, dim: int, alpha: Any) -> Any:
    """x with alpha * source added to the slices that `index` names."""
    added = source if alpha == 1 else source * np.asarray(alpha).astype(x.dtype)
    if not x.size:
        return x.copy()  # wherever the slices would go
    if x.dtype.kind == "b":
        out = np.array(x)
        where: Any = (slice(None),) * dim + (np.atleast_1d(index),) if x.ndim else ...
        np.logical_or.at(out, where, added)
        return out
    if not x.ndim:
        return x + np.sum(added, dtype=x.dtype)
    return x + index_back(added, x.shape, (slice(None),) * dim + (np.atleast_1d(index),))


def index_copy(x: Any, index: Any, source: Any, dim: int) -> Any:
    """A copy of x whose slices that `index` names hold source."""
    out = np.array(x, order="C")
    if not out.size:
        return out  # wherever the slices would go
    if out.ndim:
        out[(slice(None),) * dim + (np.atleast_1d(index),)] = source
    else:
        out[...] = np.reshape(source, -1)[-1] if np.size(index) else out
    return out


def index_fill(x: Any, index: Any, value: Any, dim: int) -> Any:
    return laid_like(index_copy(x, index, value, dim), x)


def take(x: Any, index: Any) -> Any:
    return np.take(x, index)


def take_back(g: Any, index: Any, shape: Shape) -> Any:
    """The adjoint of take."""
    count = math.prod(shape)
    places = np.ravel(from_front(index, count))
    return accumulate(count, places, np.asarray(g).reshape(-1)).reshape(shape)


def put_flat(x: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    """A copy of x that holds source, or has it added, at places counted flat."""
    return laid_like(_put_flat(x, index, source, accumulate), x)


def _put_flat(x: Any, index: Any, source: Any, accumulate: bool) -> Any:
    out = np.array(x, order="C")
    if not index.size:
        return out
    flat = out.reshape(-1)
    if not accumulate:
        flat[np.ravel(index)] = np.ravel(source)
        return out
    if x.dtype.kind == "b":
        np.logical_or.at(flat, np.ravel(index), np.ravel(source))
        return out
    return out + take_back(source, index, x.shape)


# -- masks ---------------------------------------------------------------------------------------------------


def masked_fill_tensor(x: Any, value: Any, mask: Any) -> Any:
    return masked_fill(x, mask, value)


def masked_back(g: Any, mask: Any, shape: Shape) -> Any:
    """The adjoint of masked_select: zeros with g, in order, where the mask holds; summed to `shape`."""
    out = np.zeros(np.broadcast_shapes(shape, mask.shape), g.dtype)
    put(out, np.broadcast_to(mask, out.shape), g)
    return sum_to(out, shape)


def masked_fill(x: Any, mask: Any, value: Any) -> Any:
    """x with `value` wherever the mask holds."""
    shape = np.broadcast_shapes(x.shape, mask.shape)
    if x.size >= LARGE and x.shape == mask.shape:
        return choose(mask, np.asarray(value).astype(x.dtype), x)
    out = np.array(np.broadcast_to(x, shape), order="C")
    np.copyto(out, value, where=mask, casting="unsafe")
    return out


def masked_select(x: Any, mask: Any) -> Any:
    """The elements where the mask holds, in order."""
    x, mask = np.broadcast_arrays(x, mask)
    return taken(x, mask)


def masked_scatter(x: Any, source: Any, mask: Any) -> Any:
    """x with the first elements of source, in order, where the mask holds."""
    shape = np.broadcast_shapes(x.shape, mask.shape)
    out = np.array(np.broadcast_to(x, shape), order="C")
    mask = np.broadcast_to(mask, shape)
    out[mask] = source.reshape(-1)[: np.count_nonzero(mask)]
    return out


def first_of(g: Any, shape: Shape) -> Any:
    """g at the front of zeros of `shape`, counted in order."""
    out = np.zeros(math.prod(shape), g.dtype)
    out[: g.size] = g.reshape(-1)
    return out.reshape(shape)


def front(x: Any, count: int) -> Any:
    """The first `count` elements in order: the adjoint of `first_of`."""
    return x.reshape(-1)[:count]
