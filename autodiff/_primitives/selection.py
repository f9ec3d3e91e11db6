"""Reading at positions that tensors of indices name.

Index tensors are saved like any tensor, so writing into one before backward is noticed.
"""

from __future__ import annotations

from typing import Any

from autodiff._core.kinds import general
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
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


def _ungathered(g: Any, input: Any, index: Any, dim: int) -> Any:
    """Recorded as torch's sum into zeros, which have a place in its node."""
    if isinstance(g, Tensor):
        return ops.scatter_add(ops.zeros_like(input), index, g, dim=dim)
    return ops.gather_back(g, index, shape=input.shape, dim=dim)


general(
    "gather",
    indexing.gather,
    _ungathered,
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
