"""A tensor's memory taken apart into bytes and a geometry over them, and put together again. Knows no file.

All tensors over the same memory give the same array of bytes, as long as somebody holds it: whoever writes or copies
each such array once (pickle, deepcopy, `save`) keeps shared what was shared.
"""

from __future__ import annotations

from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np
from numpy.lib.array_utils import byte_bounds

from autodiff._kernels.brain import known
from autodiff._kernels.geometry import owner


class Parts(NamedTuple):
    """The bytes of a memory, and where in them an array lies: offset in bytes, strides in bytes."""

    memory: np.ndarray[Any, np.dtype[np.uint8]]
    dtype: np.dtype[Any]
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Bytes:
    """A stretch of memory as bytes; holds whoever owns it."""

    def __init__(self, owner: Any, low: int, high: int) -> None:
        self.owner = owner
        self.__array_interface__ = {"data": (low, False), "shape": (high - low,), "typestr": "|u1", "version": 3}


#: By its first and last address: no other memory can lie there while the bytes are held, for they hold their owner.
_KNOWN: WeakValueDictionary[tuple[int, int], np.ndarray[Any, Any]] = WeakValueDictionary()


def parts(array: Any) -> Parts:
    """An array as a region of all the memory that it shares."""
    whole = owner(array)
    low, high = byte_bounds(whole)
    memory = _KNOWN.get((low, high))
    if memory is None:
        memory = np.asarray(_Bytes(whole, low, high)) if high > low else np.empty(0, np.uint8)
        if high > low:
            _KNOWN[low, high] = memory
    offset = array.__array_interface__["data"][0] - low if array.size else 0
    return Parts(memory, array.dtype, offset, array.shape, array.strides)


def assembled(parts: Parts) -> Any:
    """The array over the bytes. Raises ValueError for a geometry that reaches beyond them."""
    # bfloat16 is known by the one object that says so, which a pickle has a copy of.
    dtype = known(parts.dtype)
    if 0 in parts.shape:
        return np.empty(parts.shape, dtype)
    return np.ndarray(parts.shape, dtype, parts.memory, parts.offset, parts.strides)
