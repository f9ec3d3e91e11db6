"""The operators that the machine itself needs, the walk and vmap: its one short table of names."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core.registry import ops
from autodiff._core.tensor import wrap

#: Operators that take a number beside bfloat16 as float32 has it; all others round it first, as torch's do.
WIDE_NUMBERS = frozenset(["mul", "div", "floor_divide"])


def sum_to(g: Any, shape: tuple[int, ...]) -> Any:
    """The gradient summed over the dimensions along which a value of this shape was broadcast."""
    return ops.sum_to(g, shape=shape)


def cast_to(g: Any, dtype: np.dtype[Any]) -> Any:
    """The gradient in another dtype; a complex one loses its imaginary part for a real input."""
    return ops.to(g, dtype=dtype)


def viewed(x: Any, shape: tuple[int, ...]) -> Any:
    """The same memory in another shape, which its strides allow."""
    return ops.view(x, shape=shape)


def expanded(x: Any, shape: tuple[int, ...]) -> Any:
    """Repeated without copies to a shape."""
    return ops.expand(x, shape=shape)


def permuted(x: Any, dims: tuple[int, ...]) -> Any:
    """The dimensions in another order."""
    return ops.permute(x, dims=dims)


def picked(x: Any, dim: int, index: int) -> Any:
    """One slice along a dimension."""
    return ops.select(x, dim=dim, index=index)


def alias(x: Any) -> Any:
    """The same memory at a place of its own in the graph."""
    return ops.alias(x)


def cloned(x: Any) -> Any:
    """A copy."""
    return ops.clone(x)


def stacked(tensors: Any) -> Any:
    """Tensors along a new first dimension."""
    return ops.stack(*tensors, dim=0)


def zeros_of(like: Any, as_tensor: bool) -> Any:
    """Zeros for an output that got no gradient."""
    shape, dtype = like if isinstance(like, tuple) else ((), like)
    zeros = np.zeros(shape, dtype)
    return wrap(zeros) if as_tensor else zeros


#: torch's nodes of in-place forms whose derivative it writes down apart: by the node of the form that is not.
WRITTEN_NODES = {
    "AsStridedBackward0": "AsStridedBackward1",
    "SqueezeBackward0": "SqueezeBackward3",
    "SqueezeBackward1": "SqueezeBackward4",
    "SqueezeBackward2": "SqueezeBackward5",
    "TBackward0": "TBackward1",
    "TransposeBackward0": "TransposeBackward1",
    "UnsqueezeBackward0": "UnsqueezeBackward1",
}
