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
