"""Where results lie in memory, as torch lays its own; knows no operator."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def in_rows(x: Any) -> Any:
    """The array in C order, a copy if it is not."""
    return x if x.flags.c_contiguous else x.copy()


def dense(x: Any) -> bool:
    """Whether the elements lie side by side, each once, in whatever order of dimensions."""
    flags = x.flags
    if flags.c_contiguous or flags.f_contiguous:
        return True
    return bool(x.transpose(sorted(range(x.ndim), key=lambda d: -x.strides[d])).flags.c_contiguous)


def same_region(a: Any, b: Any) -> bool:
    """Whether two arrays show the same elements of the same memory."""
    return a is b or (
        a.strides == b.strides
        and a.shape == b.shape
        and a.dtype is b.dtype
        and a.base is not None
        and a.__array_interface__["data"] == b.__array_interface__["data"]
    )


def laid_like(result: Any, *operands: Any) -> Any:
    """The result, in memory as NumPy's own functions of these operands lay theirs."""
    if all(operand.flags.c_contiguous for operand in operands if isinstance(operand, np.ndarray)):
        return result
    dtypes = [None] * len(operands) + [result.dtype]
    room = np.nditer([*operands, None], flags=["zerosize_ok"], op_dtypes=dtypes).operands[-1]
    room[...] = result
    return room


#: How many dimensions a tensor has whose channels lie side by side.
RANKS = {"channels_last": 4, "channels_last_3d": 5}


def in_format(x: Any, name: str) -> bool:
    """Whether the elements lie without gaps in torch's memory format of this name; where its rank is another, not.

    Of an array without elements NumPy keeps no strides: that is taken to lie in order.
    """
    if name not in RANKS:
        return bool(x.flags.c_contiguous)
    if x.ndim != RANKS[name] or not x.size:
        return False
    step = x.itemsize
    for d in (1, *range(x.ndim - 1, 1, -1), 0):
        if x.shape[d] != 1:
            if x.strides[d] != step:
                return False
            step *= x.shape[d]
    return True


def format_like(x: Any) -> str:
    """The format that torch finds in an array's strides."""
    return next((n for n, rank in RANKS.items() if x.ndim == rank and in_channels(x)), "contiguous_format")


def room(shape: tuple[int, ...], dtype: Any, name: str | None) -> Any:
    """New memory in a format, not yet written."""
    return shown(np.empty(math.prod(shape), dtype), shape, name)


def shown(memory: Any, shape: tuple[int, ...], name: str | None) -> Any:
    """Memory of one dimension as an array of this shape in a format."""
    if name not in RANKS:
        return memory.reshape(shape)
    last = [shape[0], *shape[2:], shape[1]]
    return memory.reshape(last).transpose((0, len(shape) - 1, *range(1, len(shape) - 1)))


def formatted(x: Any, name: str) -> Any:
    """A copy in a format."""
    found = room(x.shape, x.dtype, name)
    found[...] = x
    return found


def in_channels(x: Any) -> bool:
    """Whether the channels of images or volumes, dimension 1, lie side by side: torch's channels_last."""
    if x.ndim not in (4, 5) or not x.size or not x.strides[1]:
        return False
    least = 0
    for d in (1, *range(x.ndim - 1, 1, -1), 0):
        if x.strides[d] < least or (not d and least == x.strides[1]):
            return False
        least = x.strides[d] * x.shape[d]
    return True


def laid_in_channels(x: Any) -> Any:
    """The same with its channels side by side."""
    last = (0, *range(2, x.ndim), 1)
    return np.ascontiguousarray(x.transpose(last)).transpose((0, x.ndim - 1, *range(1, x.ndim - 1)))


def with_channels_of(x: Any, result: Any) -> Any:
    """The result of an operator on images, its channels side by side where those of x are."""
    return laid_in_channels(result) if in_channels(x) else result
