"""The operators that the walk itself needs: the one short table of names in the machine."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core.registry import ops
from autodiff._core.tensor import wrap


def sum_to(g: Any, shape: tuple[int, ...]) -> Any:
    """The gradient summed over the dimensions along which a value of this shape was broadcast."""
    return ops.sum_to(g, shape=shape)


def cast_to(g: Any, dtype: np.dtype[Any]) -> Any:
    """The gradient in another dtype; a complex one loses its imaginary part for a real input."""
    return ops.to(g, dtype=dtype)


def zeros_of(like: Any, as_tensor: bool) -> Any:
    """Zeros for an output that got no gradient."""
    shape, dtype = like if isinstance(like, tuple) else ((), like)
    zeros = np.zeros(shape, dtype)
    return wrap(zeros) if as_tensor else zeros
