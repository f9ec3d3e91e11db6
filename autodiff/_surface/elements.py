"""Tensor's methods that walk over elements in Python, or give a tensor other memory. Knows no operator."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.tensor import Tensor, written
from autodiff._functions.matmul import C_NAMES


def _refuse_recorded(name: str, *tensors: Tensor) -> None:
    if any(t.requires_grad for t in tensors):
        raise RuntimeError(f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() instead.")


def _mapped(name: str, self: Tensor, others: tuple[Any, ...], callable: Callable[..., Any]) -> Tensor:
    for word, other in zip(("'other'", "'other2'"), others):
        if not isinstance(other, Tensor) or other._array.dtype is not self._array.dtype:
            given = type(other).__name__ if not isinstance(other, Tensor) else _kind(other)
            raise TypeError(f"{name}: expected {_kind(self)} for {word} (got {given})")
    _refuse_recorded(name, self, *others)
    array = self.memory()
    lying = np.broadcast_arrays(array, *[t._array for t in others])
    if lying[0].shape != array.shape:
        raise RuntimeError(
            f"{name}: the operands broadcast to {list(lying[0].shape)}, the tensor is {list(array.shape)}"
        )
    array[...] = np.reshape(
        [callable(*[x.item() for x in each]) for each in zip(*[a.flat for a in lying])], array.shape
    )
    written(self, others)
    return self


def _kind(x: Tensor) -> str:
    return f"torch.{dtypes.title(x._array.dtype)}Tensor"


def apply_(self: Tensor, callable: Callable[[Any], Any]) -> Tensor:
    """Every element becomes what a Python function makes of it. Raises RuntimeError for a tensor that requires grad."""
    return _mapped("apply_", self, (), callable)


def map_(self: Tensor, other: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
    """Every element becomes what a Python function makes of it and the one of a tensor of this dtype beside it."""
    return _mapped("map_", self, (other,), callable)


def map2_(self: Tensor, x: Tensor, y: Tensor, callable: Callable[[Any, Any, Any], Any]) -> Tensor:
    """Every element becomes what a Python function makes of it and those of two tensors of this dtype beside it."""
    return _mapped("map2_", self, (x, y), callable)


def is_set_to(self: Tensor, tensor: Tensor) -> bool:
    """Whether both are the same memory, with the same shape and strides."""
    a, b = self.memory(), tensor.memory()
    return bool(
        a.__array_interface__["data"][0] == b.__array_interface__["data"][0]
        and a.shape == b.shape
        and a.strides == b.strides
        and a.dtype == b.dtype
    )


def set_(self: Tensor, source: Any = None, storage_offset: int = 0, size: Any = None, stride: Any = None) -> Tensor:
    """This tensor over another one's memory: as that lies there, or by offset, size and strides; none without a source.

    Raises RuntimeError for a source of another dtype, and for a leaf that requires grad.
    """
    if self.requires_grad:
        raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
    if source is None:
        source = Tensor(0).to(self.dtype)  # type: ignore[attr-defined]
    if source._array.dtype is not self._array.dtype:
        theirs, own = (C_NAMES[dtypes.title(x._array.dtype)] for x in (source, self))
        raise RuntimeError(f"Could not set tensor of type {theirs} to a tensor of type {own}")
    seen = source.detach()
    if size is not None:
        steps = [math.prod(size[d + 1 :]) for d in range(len(size))] if stride is None else stride
        seen = seen.as_strided(size, steps, storage_offset)
    self.data = seen  # type: ignore[misc]
    return self


def share_memory_(self: Tensor) -> Tensor:
    """The tensor itself: other processes are sent copies, and `is_shared` stays False."""
    return self


def resize_as(self: Tensor, tensor: Tensor) -> Tensor:
    """`resize` to another tensor's shape."""
    return self.resize(*tensor._array.shape)  # type: ignore[attr-defined,no-any-return]


METHODS = {m.__name__: m for m in (apply_, is_set_to, map2_, map_, resize_as, set_, share_memory_)}
