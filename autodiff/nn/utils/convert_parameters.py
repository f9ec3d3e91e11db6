"""Parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor


def parameters_to_vector(parameters: Iterable[Any]) -> Any:
    """All parameters in one vector, in their order."""
    return ops.cat(*[p.view(-1) for p in parameters], dim=0)


def vector_to_parameters(vec: Any, parameters: Iterable[Any]) -> None:
    """Slices of a vector as the data of parameters, in their order. Raises TypeError for what is no tensor."""
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    vector: Any = vec
    place = 0
    for p in parameters:
        count = p.numel()
        p.data = vector[place : place + count].view_as(p).data
        place += count
