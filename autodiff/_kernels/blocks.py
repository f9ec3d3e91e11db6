"""Large arrays in blocks that stay in the cache, so that a fused formula costs one pass over memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

#: Elements of a block: a few such blocks of float32 or float64 fit into the second-level cache.
BLOCK = 1 << 15

#: Elements of a block of rows, of which a kernel keeps two: each takes more calls than a fused formula's.
ROWS = 1 << 16

Step = Callable[..., Any]

# glibc hands freed memory back to the system beyond twice the largest block that it ever gave back by itself: what a
# graph of arrays of a megabyte frees is asked for again in the next step, page by page. One block, never touched, of
# the largest size that counts (32 MB) moves that bound; other C libraries take no notice.
np.empty((1 << 25) - (1 << 13), np.uint8)


def fill(step: Step, *arrays: Any, block: int = BLOCK) -> Any:
    """The array that `step(*arrays, out)` fills, block by block where memory allows it.

    Numbers are passed on as they are; of an array of one repeated element, a block serves all. float16 is computed in
    float32.
    """
    first = next(a for a in arrays if isinstance(a, np.ndarray))
    if first.dtype.char == "e":
        single = [a.astype(np.float32) if isinstance(a, (np.ndarray, np.generic)) else a for a in arrays]
        return fill(step, *single, block=block).astype(np.float16)
    if first.size <= block:
        return _whole(step, arrays)
    shape = first.shape
    #: What each part is taken of, and how far that moves on with an element.
    flat: list[tuple[Any, int]] = []
    for a in arrays:
        if not isinstance(a, np.ndarray):
            flat.append((a, 0))
        elif a.shape != shape:
            return _whole(step, arrays)
        elif a.flags.c_contiguous:
            flat.append((a.reshape(-1), 1))
        elif any(a.strides):
            return _whole(step, arrays)
        else:
            flat.append((np.full(block, a[(0,) * a.ndim]), 0))
    out = np.empty(shape, first.dtype)
    target = out.reshape(-1)
    for start in range(0, first.size, block):
        to = target[start : start + block]
        parts = [a[start * by : start * by + to.size] if isinstance(a, np.ndarray) else a for a, by in flat]
        step(*parts, to)
    return out


def _whole(step: Step, arrays: tuple[Any, ...]) -> Any:
    first, *others = [a for a in arrays if isinstance(a, np.ndarray)]
    shape = first.shape
    if any(a.shape != shape for a in others):  # broadcast_shapes is dear
        shape = np.broadcast_shapes(shape, *(a.shape for a in others))
    out = np.empty(shape, first.dtype)
    step(*arrays, out)
    return out


def row_blocks(rows: Any) -> Iterator[slice]:
    """Slices of the rows of a matrix, each with as many elements as stay in the cache, and one row at least."""
    count, width = rows.shape
    step = max(ROWS // max(width, 1), 1)
    for start in range(0, count, step):
        yield slice(start, start + step)
