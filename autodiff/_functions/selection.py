"""Reading and writing along one dimension by a tensor of indices, and by masks, in torch's signatures."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import arguments, dtypes
from autodiff._core.batched import whole
from autodiff._core.function import function
from autodiff._core.modes import no_grad
from autodiff._core.node import AccumulateGrad
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.conversion import refuse_complex
from autodiff._functions.shape import common_shape, reshaped

METHOD = "Tensor"
NUMBER = (bool, int, float, complex)


def named(x: Tensor) -> str:
    return dtypes.title(x._array.dtype)


def whole_index(name: str, index: Tensor, text: str = "int32/int64") -> None:
    if index._array.dtype.name not in ("int64", "int32"):
        raise RuntimeError(f"{name}(): Expected dtype {text} for index")


def check_bounds(
    index: Any, n: int, d: int, error: type[Exception] = RuntimeError, low: int = 0, before: str = ""
) -> None:
    """Raise unless every index lies in [low, n)."""
    if index.size and not (index.min() >= low and index.max() < n):
        bad = index[(index < low) | (index >= n)].ravel()[0] if index.ndim else index
        raise error(f"{before}index {bad} is out of bounds for dimension {d} with size {n}")


# -- one index for each element ------------------------------------------------------------------------------


@function(out="same")
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """input at `index` along `dim`: the result has the index's shape."""
    d = arguments.dim(dim, input._array.ndim)
    whole_index("gather", index)
    _check_along(input, index, d, "input")
    return ops.gather(input, index, dim=d)  # type: ignore[no-any-return]


def _check_along(input: Tensor, index: Tensor, d: int, of: str) -> None:
    shape, wanted = input._array.shape or (1,), index._array.shape or (1,)
    if not index._array.size:
        return
    if len(shape) != len(wanted):
        raise RuntimeError(f"Index tensor must have the same number of dimensions as {of} tensor")
    for i, (n, m) in enumerate(zip(shape, wanted)):
        if i != d and m > n:
            raise RuntimeError(
                f"Size does not match at dimension {i} expected index {list(wanted)} to be no larger than "
                f"self "
                f"{list(shape)} apart from dimension {d}"
            )
    check_bounds(whole(index), shape[d], d)


@function(out="same")
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """Like `gather`, with the other dimensions broadcast and indices counted round; flattened if no dim is named."""
    if indices._array.dtype.name not in ("int64", "int32") or (
        dim is not None and indices._array.dtype.name != "int64"
    ):
        raise RuntimeError(f"torch.take_along_dim(): dtype of indices should be Long but got {named(indices)}")
    if dim is None:
        return gather(reshaped(input, (input._array.size,)), 0, reshaped(indices, (indices._array.size,)))  # type: ignore[no-any-return]
    shape, wanted = list(input._array.shape), list(indices._array.shape)
    if len(shape) != len(wanted):
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, "
            f"but got {len(shape)} dimensions for input, and {len(wanted)} dimensions for indices"
        )
    d = arguments.dim(dim, len(shape))
    along = (shape[d], wanted[d])
    shape[d] = wanted[d] = 1
    both = list(_broadcast(tuple(shape), tuple(wanted)))
    x = ops.expand(input, shape=(*both[:d], along[0], *both[d + 1 :]))
    wide = (*both[:d], along[1], *both[d + 1 :])
    # A copy: writing to the indices does not make it stale.
    return gather(x, d, ops.expand(ops.remainder(indices, along[0]), shape=wide))  # type: ignore[no-any-return]


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    from_errors = next(((i, n, m) for i, (n, m) in enumerate(zip(a, b)) if n != m and 1 not in (n, m)), None)
    if from_errors:
        i, n, m = from_errors
        raise RuntimeError(
            f"The size of tensor a ({n}) must match the size of tensor b ({m}) at non-singleton dimension {i}"
        )
    return common_shape([a, b])


# -- one index for each slice --------------------------------------------------------------------------------


@function(out="same")
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices along `dim` that `index` names."""
    d = arguments.dim(dim, input._array.ndim)
    if index._array.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    whole_index("index_select", index, "int32 or int64")
    places, n = whole(index), (input._array.shape or (1,))[d]
    if places.size and not (places.min() >= 0 and places.max() < n):
        error = IndexError if input._array.size or input._array.ndim < 2 else RuntimeError
        raise error("index out of range in self")
    return ops.index_select(input, index, dim=d)  # type: ignore[no-any-return]


def check_flat(places: Any, n: int) -> None:
    """Raise IndexError unless every place lies in [-n, n)."""
    if places.size and not (places.min() >= -n and places.max() < n):
        bad = places[(places < -n) | (places >= n)].ravel()[0] if places.ndim else places
        raise IndexError(f"out of range: tried to access index {bad} on a tensor of {n} elements.")


@function(out="same")
def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements at `index`, counted flat."""
    if index._array.dtype.name != "int64":
        raise RuntimeError(f"take(): Expected a long tensor for index, but got {named(index)}")
    check_flat(whole(index), input._array.size)
    return ops.take(input, index)  # type: ignore[no-any-return]


def shorten(weight: Tensor, rows: Any, most: float, p: float) -> None:
    """Write rows that are longer than `most` anew, at that length; the graph does not see it."""
    table = weight._array
    lengths = np.linalg.norm(table[rows], p, axis=1)
    long = lengths > most
    if long.any():
        # torch's scale is a Python number, which is rounded once.
        scale = (most / (lengths[long].astype(np.float64) + 1e-7)).astype(table.dtype)
        with no_grad():
            weight[wrap(rows[long])] = wrap(table[rows[long]] * scale[:, None])


@function("nn.functional")
def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of weight at the indices; the row `padding_idx` gets no gradient.

    `max_norm` first shortens, in the weight itself, those of the rows that are longer. `sparse`: a weight that is a
    leaf gets a sparse gradient, of the rows that were read.
    """
    indices, table = input._array, weight._array
    if table.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    if indices.dtype.name not in ("int64", "int32"):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"torch.{dtypes.title(indices.dtype)}Tensor instead (while checking arguments for embedding)"
        )
    rows = table.shape[0]
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise AssertionError("Padding_idx must be within num_embeddings")
        padding_idx %= rows
    indices = whole(input)
    if indices.size and (indices.min() < 0 or indices.max() >= rows):
        raise IndexError("index out of range in self")
    refuse_complex("embedding", weight)
    if max_norm is not None:
        shorten(weight, np.unique(indices), max_norm, norm_type)
    read = ops.embedding_rows if sparse and reads_rows(weight) else ops.embedding
    return read(weight, input, padding=padding_idx, by_frequency=bool(scale_grad_by_freq))  # type: ignore[no-any-return]


@function("", name="embedding", method=False)
def root_embedding(
    weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Tensor:
    """The rows of weight at the indices, the table first; a `padding_idx` that names no row stands for none."""
    there = 0 <= padding_idx < (weight._array.shape[0] if weight._array.ndim else 0)
    padding = padding_idx if there else None
    return embedding(indices, weight, padding, None, 2.0, scale_grad_by_freq, sparse)  # type: ignore[no-any-return]


@function("", method=False)
def embedding_renorm_(input: Tensor, indices: Tensor, max_norm: float, norm_type: float) -> Tensor:
    """Shorten, in the table itself, the rows at the indices that are longer than `max_norm`; the table."""
    shorten(input, np.unique(whole(indices)), max_norm, norm_type)
    return input


def reads_rows(weight: Tensor) -> bool:
    """Whether the gradient of a table's rows can stay sparse: on the way through an operator it would not."""
    return type(weight._node) is AccumulateGrad and weight._array.dtype != dtypes.bfloat16.numpy
