"""torch.autograd.Variable: what tensors that record were called once; a door to them now."""

from __future__ import annotations

import warnings
from typing import Any

from autodiff._core.tensor import Tensor, alias


class VariableMeta(type):
    """Every tensor is an instance of Variable."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=VariableMeta):
    """A leaf over the memory of a tensor. Raises TypeError for data that is none."""

    def __new__(cls, data: Any = None, requires_grad: bool = False, volatile: bool = False) -> Any:
        if volatile:
            warnings.warn(
                "volatile was removed and now has no effect. Use `with torch.no_grad():` instead.",
                UserWarning,
                stacklevel=2,
            )
        if data is not None and not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        return alias(Tensor() if data is None else data).requires_grad_(requires_grad)
