"""Parting tensors: several views at once, and copies of parts."""

from __future__ import annotations

from typing import Any

from autodiff._core.kinds import general, linear
from autodiff._core.registry import ops
from autodiff._kernels import geometry


def pieces(g: Any) -> list[Any]:
    """The gradients of an operator that may have one result or several."""
    return g if isinstance(g, list) else [g]


# -- several views at once -----------------------------------------------------------------------------------
for name in ("split", "split_with_sizes"):
    general(name, geometry.split, lambda g, dim: ops.cat(*pieces(g), dim=dim), inputs=("input",), view=True)
general("unbind", geometry.unbind, lambda g, dim: ops.stack(*pieces(g), dim=dim), inputs=("input",), view=True)

# The same memory, which torch does not keep track of.
for name in ("unsafe_split", "unsafe_split_with_sizes"):
    general(name, geometry.split, lambda g, dim: ops.cat(*pieces(g), dim=dim), inputs=("input",))
linear(
    "narrow_copy",
    geometry.narrow_copy,
    lambda g, input_shape, dim, start, stop: ops.embed(
        g, shape=input_shape, index=geometry.at(dim, slice(start, stop))
    ),
)
