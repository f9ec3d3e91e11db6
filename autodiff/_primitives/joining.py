"""Joining tensors."""

from __future__ import annotations

from typing import Any

from autodiff._core.kinds import general
from autodiff._core.registry import ops
from autodiff._kernels import geometry


def _nothing(g: Any) -> Any:
    """The gradient of an empty vector, which any tensors may be joined with."""
    return ops.zeros_like(ops.front(ops.reshape_to(g, shape=(-1,)), count=0))


general(
    "cat",
    geometry.cat,
    lambda g, shapes, dim: [
        ops.slice(g, dim=dim, start=a, stop=b, step=1) if s != (0,) else _nothing(g)
        for s, (a, b) in zip(shapes, geometry.spans(shapes, dim))
    ],
    variadic=True,
)
general(
    "stack",
    geometry.stack,
    lambda g, shapes, dim: [ops.select(g, dim=dim, index=i) for i in range(len(shapes))],
    variadic=True,
)
general(
    "block_diag",
    geometry.block_diag,
    lambda g, shapes: [
        ops.clone(ops.reshape_to(ops.region(g, index=index), shape=shape))  # never the memory of what arrived
        for shape, index in zip(shapes, geometry.blocks_of(shapes))
    ],
    variadic=True,
)
