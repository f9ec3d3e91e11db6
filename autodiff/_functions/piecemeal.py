"""What is written element by element, and so also into memory that overlaps itself: torch only warns of that."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import numpy as np

from autodiff._core.inplace import Piecemeal
from autodiff._core.tensor import Tensor
from autodiff._kernels.brain import BRAIN, held


def _within(value: Any, memory: Any) -> Any:
    """A value as the memory holds it."""
    array = value._array if isinstance(value, Tensor) else np.asarray(value)
    return held(array) if memory.dtype is BRAIN else array.astype(memory.dtype)


def put_by_mask(memory: Any, mask: Tensor, value: Any) -> None:
    memory[np.broadcast_to(mask._array, memory.shape)] = _within(value, memory)


def put_by_slices(memory: Any, dim: int, index: Tensor, value: Any) -> None:
    memory[(slice(None),) * (dim % memory.ndim) + (index._array,)] = _within(value, memory)


def put_by_indices(memory: Any, indices: Any, values: Any, accumulate: bool = False) -> None:
    """One after the other: of several for one place the last stays, or all are added."""
    places = tuple([i._array if isinstance(i, Tensor) else i for i in indices])
    if accumulate:
        np.add.at(memory, places, _within(values, memory))
    else:
        memory[places] = _within(values, memory)


#: By the operators' names.
PIECEMEAL = MappingProxyType(
    {
        "masked_fill": Piecemeal("masked_fill_", "tensor[mask] = scalar", put_by_mask),
        "index_fill": Piecemeal("index_fill_", "tensor[mask] = scalar", put_by_slices),
        "index_put": Piecemeal("index_put_", "tensor[indices] = tensor", put_by_indices),
    }
)
