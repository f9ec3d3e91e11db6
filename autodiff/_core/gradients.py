"""Gradients on their way: fitted to what they belong to, and summed where several arrive. Knows no node.

A gradient is an array in a first-order walk, a Tensor under `create_graph`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._core.machine_ops import cast_to, sum_to
from autodiff._core.tensor import Tensor
from autodiff._kernels.brain import BRAIN, IN_USE
from autodiff._kernels.brain import held as as_brain

ndarray = np.ndarray
Gradient = Any
#: For `create_graph`: Tensors all the same, for what they carry besides their values, but nothing is recorded.
UNRECORDED: Any = 1
#: From so many elements on a sum in place is worth asking whose memory it is.
LARGE = 1 << 14


def fitted(h: Gradient, like: Any) -> Gradient:
    """A gradient in the shape and dtype of the value it belongs to: broadcasting undone, the dtype restored."""
    shape, dtype = like if isinstance(like, tuple) else ((), np.dtype(like))
    array = h if h.__class__ is ndarray else h._array if isinstance(h, Tensor) else h
    if array.shape != shape:
        # A bias, by far the most, is told by its own sizes.
        if array.shape[array.ndim - len(shape) :] != shape and not _expands_to(shape, array.shape):
            raise RuntimeError(
                f"invalid gradient: got {list(array.shape)} but expected shape compatible with {list(shape)}"
            )
        h = sum_to(h, shape)
        array = h if h.__class__ is ndarray else h._array if isinstance(h, Tensor) else h
    return h if array.dtype is dtype else cast_to(h, dtype)


def _expands_to(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    return len(shape) <= len(to) and all(n in (1, m) for n, m in zip(reversed(shape), reversed(to)))


def references(g: Gradient) -> int:
    return sys.getrefcount(g)


def _alone() -> int:
    """How many references `references` counts for an array that nobody else holds; an interpreter's own number."""
    table = {0: np.empty(1)}
    g = table.pop(0)
    return references(g)


ALONE = _alone()


def added(held: Gradient, h: Gradient) -> Gradient:
    """The sum of two gradients of one tensor: in the memory of the first, where that is large and nobody else's."""
    if held.__class__ is not ndarray:
        return held + h
    if IN_USE and held.dtype is BRAIN:
        return as_brain(held + h)
    if (
        held.size >= LARGE
        and held.flags.owndata
        and h.__class__ is ndarray
        # The caller's caller gave its reference away, and this frame holds one: as in _alone().
        and references(held) <= ALONE
    ):
        held += h
        return held
    return held + h


def added_onto(held: Gradient, g: Gradient, adds: Callable[[Any, Any, Any], None], values: Any) -> bool:
    """Whether an operator's gradient was added in place to what is held, large and nobody else's."""
    mine = (
        held.__class__ is ndarray
        and held.size >= LARGE
        and held.flags.owndata
        and held.dtype is g.dtype
        # One more than _alone() counts: the caller's.
        and references(held) <= ALONE + 1
    )
    if mine:
        adds(held, g, values)
    return mine
