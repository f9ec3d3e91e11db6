"""Rows of a table reduced bag by bag, with torch's signature: a composition of rows picked and added."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.selection import reads_rows, shorten


def _check(input: Tensor, weight: Tensor, offsets: Tensor, padding_idx: int | None) -> None:
    for name, x in (("indices", input), ("offsets", offsets)):
        if x._array.dtype.name not in ("int64", "int32"):
            raise RuntimeError(
                f"Expected tensor for argument #1 '{name}' to have one of the following scalar types: Long, Int; but "
                f"got torch.{dtypes.title(x._array.dtype)}Tensor instead (while checking arguments for embedding_bag)"
            )
    if weight._array.dtype.kind != "f":
        raise RuntimeError(
            "Expected tensor for argument #1 'weight' to have one of the following scalar types: Half, BFloat16, Float,"
            f" Double; but got torch.{dtypes.title(weight._array.dtype)}Tensor instead (while checking arguments for "
            "embedding_bag)"
        )
    places, begins, rows = np.asarray(input._array), np.asarray(offsets._array), len(weight._array)
    if begins.size and begins[0]:
        raise RuntimeError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, "
            f"got {begins[0]}"
        )
    if begins.size and begins[-1] > places.size:
        raise RuntimeError(
            f"offsets[-1] can not be greater than input's length {places.size} but got offsets[-1] of {begins[-1]}"
        )
    if padding_idx is not None and not -rows <= padding_idx < rows:
        raise RuntimeError(
            f"padding_idx must be within the number of embeddings, -{rows} through {rows - 1}, but got {padding_idx}"
        )
    for at, row in enumerate(places):
        if not 0 <= row < rows:
            raise RuntimeError(f"Index {at} of input takes value {row} which is not in the valid range [0, {rows})")


def _sums(rows: Tensor, bags: Any, count: int) -> Tensor:
    zeros = wrap(np.zeros((count, rows._array.shape[1]), rows._array.dtype))
    return ops.index_add(zeros, wrap(bags), rows, dim=0, alpha=1)  # type: ignore[no-any-return]


def _largest(weight: Tensor, places: Any, bags: Any, count: int) -> Tensor:
    """Of each bag the largest row, column by column; of equal ones the first; zeros of an empty bag."""
    table = np.asarray(weight._array)
    chosen = np.full((count, table.shape[1]), -1, np.int64)
    columns = np.arange(table.shape[1])
    for place, bag in zip(places, bags):
        held = chosen[bag]
        better = (held < 0) | (table[place] > table[held, columns])
        chosen[bag] = np.where(better, place, held)
    empty = chosen < 0
    found = ops.gather(weight, wrap(np.where(empty, 0, chosen)), dim=0)
    return ops.masked_fill(found, wrap(empty), 0.0) if empty.any() else found  # type: ignore[no-any-return]


@function("nn.functional")
def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The sum, mean or maximum of the rows of weight that each bag names: (bags, columns).

    A bag is a row of `input`, or runs from one of the `offsets` to the next; the row `padding_idx` does not count.
    """
    if weight._array.dtype.name in ("int64", "int32") and input._array.dtype.kind == "f":
        input, weight = weight, input  # an order of old, which torch still takes
    if per_sample_weights is not None and input._array.shape != per_sample_weights._array.shape:
        shapes = (tuple(t._array.shape) for t in (per_sample_weights, input))
        raise ValueError(
            "embedding_bag: If per_sample_weights ({}) is not None, then it must have the same shape as the input "
            "({})".format(*[f"torch.Size({list(s)})" for s in shapes])
        )
    if input._array.ndim == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length "
                f"sequences. However, found offsets of type {type(offsets)}"
            )
        bags_of, length = input._array.shape
        if input._array.dtype.kind == "b":
            raise NotImplementedError("\"arange_cpu\" not implemented for 'Bool'")
        offsets = wrap(np.arange(0, bags_of * length, length) if length else np.zeros(bags_of, np.int64))
        input = ops.reshape(input, (-1,))
        if per_sample_weights is not None:
            per_sample_weights = ops.reshape(per_sample_weights, (-1,))
    elif input._array.ndim != 1:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input._array.ndim}")
    elif offsets is None or offsets._array.ndim != 1:
        found = "None" if offsets is None else f"Tensor of dimension {offsets._array.ndim}"
        raise ValueError(f"offsets has to be a 1D Tensor but got {found}")
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max" and (scale_grad_by_freq or sparse):
        refused = "scaling the gradient by the frequency" if scale_grad_by_freq else "sparse weights"
        raise ValueError(f"max mode does not support {refused}")
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' (got "
            f"mode='{mode}')."
        )
    _check(input, weight, offsets, padding_idx)
    if per_sample_weights is not None and per_sample_weights._array.dtype is not weight._array.dtype:
        first, second = (dtypes.title(t._array.dtype) for t in (weight, per_sample_weights))
        raise RuntimeError(
            "Expected tensor for argument #1 'weight' to have the same type as tensor for argument #1 "
            f"'per_sample_weights'; but type torch.{first}Tensor does not equal torch.{second}Tensor (while checking "
            "arguments for embedding_bag)"
        )
    if max_norm is not None:
        shorten(weight, np.unique(np.asarray(input._array)), max_norm, norm_type)
    weighed = per_sample_weights is not None and per_sample_weights._node is not None
    return (_weighed if weighed else _bagged)(
        weight, input, offsets, scale_grad_by_freq, mode, per_sample_weights, include_last_offset, padding_idx,
        sparse and reads_rows(weight),
    )  # fmt: skip


def _in_bags(
    weight: Tensor,
    input: Tensor,
    offsets: Tensor,
    by_frequency: bool,
    mode: str,
    shares: Tensor | None,
    include_last_offset: bool,
    padding_idx: int | None,
    sparse: bool,
) -> Tensor:
    places, begins = np.asarray(input._array), np.asarray(offsets._array)
    count = max(begins.size - bool(include_last_offset), 0)
    bags = np.searchsorted(np.maximum.accumulate(begins[:count]), np.arange(places.size), side="right") - 1
    # As torch has it, the last bag runs to the end, whatever the last offset says.
    if padding_idx is not None:
        kept = places != padding_idx % len(weight._array)
        places, bags = places[kept], bags[kept]
        shares = None if shares is None else ops.index_select(shares, wrap(np.flatnonzero(kept)), dim=0)
    if mode == "max":
        return _largest(weight, places, bags, count)
    read = ops.embedding_rows if sparse else ops.embedding
    rows = read(weight, wrap(places), padding=None, by_frequency=bool(by_frequency))
    if shares is not None:
        rows = ops.mul(rows, ops.unsqueeze(shares, dim=1))
    found = _sums(rows, bags, count)
    if mode == "sum":
        return found
    sizes = np.maximum(np.bincount(bags, minlength=count), 1).astype(weight._array.dtype)[:, None]
    return ops.div(found, wrap(sizes))  # type: ignore[no-any-return]


# The rows are seen again only for the gradient of their shares.
_bagged = function("", method=False, name="_bagged", node="EmbeddingBagBackward0", hooked=(2, 1))(_in_bags)
_weighed = function("", method=False, name="_weighed", node="EmbeddingBagBackward0", saves="weight", hooked=(2, 1))(
    _in_bags
)
