"""Reading at positions that tensors of indices name.

Index tensors are saved like any tensor, so writing into one before backward is noticed.
"""

from __future__ import annotations

from autodiff._core.kinds import general
from autodiff._core.registry import ops
from autodiff._kernels import indexing

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
    "take",
    indexing.take,
    lambda g, input, index: ops.take_back(g, index, shape=input.shape),
    None,
    inputs=("input", "index"),
)
general("take_back", indexing.take_back, lambda g, index: ops.take(g, index), None, inputs=("input", "index"))
