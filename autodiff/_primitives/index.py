"""Reading and writing by tensors of indices and masks.

Index tensors are saved like any tensor, so writing into one before backward is noticed; masks are turned
into indices or kept as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff._core.kinds import general
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._kernels import indexing


def opened(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """The kernel, given arrays for the tensors in its parameter `indices`."""
    return lambda *arrays, indices, **params: kernel(
        *arrays, indices=tuple([i._array if isinstance(i, Tensor) else i for i in indices]), **params
    )


# -- in every combination ------------------------------------------------------------------------------------
general(
    "index",
    opened(indexing.index),
    lambda g, input_shape, indices: ops.index_back(g, shape=input_shape, indices=indices),
    inputs=("input",),
    onto=lambda held, g, indices: opened(indexing.index_onto)(held, g, indices=indices),
)
general(
    "index_back",
    opened(indexing.index_back),
    lambda g, indices: ops.index(g, indices=indices),
    inputs=("input",),
)
general(
    "index_put",
    opened(indexing.index_put),
    lambda g, indices, accumulate: g if accumulate else ops.index_put(g, 0, indices=indices, accumulate=False),
    lambda g, indices: ops.index(g, indices=indices),
    inputs=("input", "values"),
)

# -- along one dimension -------------------------------------------------------------------------------------
general(
    "index_select",
    indexing.index_select,
    lambda g, index, input_shape, dim: ops.select_back(g, index, shape=input_shape, dim=dim),
    None,
    inputs=("input", "index"),
    onto=lambda held, g, index, dim: indexing.index_onto(held, g, (slice(None),) * dim + (index.reshape(-1),)),
)
general(
    "select_back",
    indexing.select_back,
    lambda g, index, dim: ops.index_select(g, index, dim=dim),
    None,
    inputs=("input", "index"),
)
# torch saves the input of gather, take and masked_select, though only its shape counts.
general(
    "gather",
    indexing.gather,
    lambda g, input, index, dim: ops.gather_back(g, index, shape=input.shape, dim=dim),
    None,
    inputs=("input", "index"),
)
general(
    "gather_back",
    indexing.gather_back,
    lambda g, index, dim: ops.gather(g, index, dim=dim),
    None,
    inputs=("input", "index"),
)
general(
    "scatter",
    indexing.scatter,
    lambda g, index, dim: ops.scatter(g, index, 0, dim=dim),
    None,
    lambda g, index, src_shape, dim: ops.pad_to(ops.gather(g, index, dim=dim), shape=src_shape),
    inputs=("input", "index", "src"),
)
general(
    "scatter_add",
    indexing.scatter_add,
    lambda g: g,
    None,
    lambda g, index, src_shape, dim: ops.pad_to(ops.gather(g, index, dim=dim), shape=src_shape),
    inputs=("input", "index", "src"),
)
general(
    "scatter_value",
    indexing.scatter_value,
    lambda g, index, dim: ops.scatter_value(g, index, value=0, dim=dim),
    None,
    inputs=("input", "index"),
    node="ScatterBackward1",
)
general(
    "index_add",
    indexing.index_add,
    lambda g: g,
    None,
    lambda g, index, dim, alpha, source_shape: (
        ops.reshape_to(ops.index_select(g, index, dim=dim), shape=source_shape) * alpha
    ),
    inputs=("input", "index", "source"),
)
general(
    "index_copy",
    indexing.index_copy,
    lambda g, index, dim: ops.index_fill(g, index, value=0, dim=dim),
    None,
    lambda g, index, dim, source_shape: ops.reshape_to(ops.index_select(g, index, dim=dim), shape=source_shape),
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
    lambda g, index, dim: ops.sum_to(ops.index_select(g, index, dim=dim), shape=()),
    inputs=("input", "index", "value"),
    node="IndexFillBackward1",
)
general(
    "take",
    indexing.take,
    lambda g, input, index: ops.take_back(g, index, shape=input.shape),
    None,
    inputs=("input", "index"),
)
general("take_back", indexing.take_back, lambda g, index: ops.take(g, index), None, inputs=("input", "index"))
general("pad_to", indexing.pad_to, lambda g, input_shape: ops.corner(g, shape=input_shape), inputs=("input",))
general("corner", indexing.corner, lambda g, input_shape: ops.pad_to(g, shape=input_shape), inputs=("input",))

# -- masks ---------------------------------------------------------------------------------------------------
general(
    "masked_fill",
    indexing.masked_fill,
    lambda g, mask: ops.masked_fill(g, mask, value=0),
    None,
    inputs=("input", "mask"),
)
general(
    "masked_fill_tensor",
    indexing.masked_fill_tensor,
    lambda g, mask: ops.masked_fill(g, mask, value=0),
    lambda g, mask: ops.where(mask, g, 0),
    None,
    inputs=("input", "value", "mask"),
    node="MaskedFillBackward1",
)
general(
    "masked_scatter",
    indexing.masked_scatter,
    lambda g, mask: ops.masked_fill(g, mask, value=0),
    lambda g, mask, source_shape: ops.first_of(ops.masked_select(g, mask), shape=source_shape),
    None,
    inputs=("input", "source", "mask"),
)
general(
    "first_of",
    indexing.first_of,
    lambda g, input_shape: ops.front(g, count=input_shape[0]),
    inputs=("input",),
)
general("front", indexing.front, lambda g, input_shape: ops.first_of(g, shape=input_shape), inputs=("input",))
general(
    "masked_select",
    indexing.masked_select,
    lambda g, input, mask: ops.masked_back(g, mask, shape=input.shape),
    None,
    inputs=("input", "mask"),
)
general(
    "masked_back",
    indexing.masked_back,
    lambda g, mask: ops.masked_select(g, mask),
    None,
    inputs=("input", "mask"),
)
