"""bfloat16, which NumPy lacks: float32 rounded to eight bits, and how arrays of it are known. Knows no operator.

Arrays of it hold float32 in the other byte order. NumPy keeps that mark in views, copies and indexing, and drops it
from whatever it computes: a result that comes out in the machine's own order is one that has not been rounded yet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

SINGLE = np.dtype(np.float32)
#: The mark; there is one such object, by which it is known.
BRAIN = SINGLE.newbyteorder()
#: Not empty once there was such an array: until then nobody looks for any.
IN_USE: list[bool] = []


def rounded(array: Any) -> Any:
    """The nearest numbers that bfloat16 has, ties to even, as float32."""
    wide = np.array(array, np.float32, order="K")
    bits = wide.view(np.uint32)
    # What is added carries into the bits that are kept from just above one half, or from one half if they are odd.
    kept = (bits + np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))) & np.uint32(0xFFFF0000)
    return np.where(np.isnan(wide), wide, kept.view(np.float32))


def held(array: Any) -> Any:
    """Numbers of any dtype as an array of bfloat16."""
    in_use()
    with np.errstate(all="ignore"):
        return np.asarray(rounded(array)).astype(BRAIN)


def in_use() -> None:
    """From now on there are such arrays."""
    if not IN_USE:
        IN_USE.append(True)


def known(dtype: Any) -> Any:
    """A dtype by the object that it is known by."""
    if dtype == BRAIN:
        in_use()
        return BRAIN
    return dtype


def single(x: Any) -> Any:
    """An array of bfloat16 in the float32 that kernels compute with; anything else as it is."""
    return x.astype(SINGLE) if isinstance(x, np.ndarray) and x.dtype is BRAIN else x


def singles(given: Any) -> Any:
    """The same for whatever a list, or a tuple, holds."""
    # Of a list: a tuple made of an iterator is cut to size, and what is left of it fills the interpreter's free list.
    return type(given)([singles(x) for x in given]) if isinstance(given, (list, tuple)) else single(given)


def rounding(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """The kernel as it goes by bfloat16: computed in float32 and rounded once, where its first float is of that dtype.

    A kernel that is told a dtype has a result of that one.
    """

    def run(*arrays: Any, **params: Any) -> Any:
        told = params.get("dtype")
        kinds = [x.dtype for x in arrays if isinstance(x, np.ndarray)]
        if told is BRAIN:
            params["dtype"] = SINGLE
        elif BRAIN not in kinds:
            return kernel(*arrays, **params)
        result = kernel(*map(single, arrays), **params)
        if told is not BRAIN and (told is not None or next(d for d in kinds if d.kind in "fc") is not BRAIN):
            return result
        return tuple(map(_marked, result)) if isinstance(result, tuple) else _marked(result)

    return run


def _marked(result: Any) -> Any:
    return held(result) if result.dtype == SINGLE else result


def packed(memory: Any) -> Any:
    """Memory of such an array as the two bytes an element that files have."""
    wide = np.ascontiguousarray(memory).view(BRAIN).astype(SINGLE).view(np.uint32)
    return (wide >> np.uint32(16)).astype(np.uint16).view(np.uint8)


def unpacked(memory: Any) -> Any:
    """The way back."""
    in_use()
    narrow = np.frombuffer(memory, np.uint16).astype(np.uint32)
    return (narrow << np.uint32(16)).view(SINGLE).astype(BRAIN).view(np.uint8)
