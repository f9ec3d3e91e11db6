"""Adding values at places that may repeat: the adjoint of every kind of indexed reading.

np.add.at is a loop per element; bincount (which sums in double) and sums over sorted rows are several times
faster.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels.summation import total


def added(x: Any, places: Any, values: Any) -> Any:
    """The vector x with values[i] added at places[i]; rounded once where there is a wider dtype."""
    if not len(places):
        return np.array(x)
    if x.dtype.kind != "f" or x.dtype.itemsize == 8:
        return x + accumulate(x.size, places, values)
    return (np.bincount(places, values.astype(np.float64), x.size) + x).astype(x.dtype)


def accumulate(count: int, places: Any, values: Any) -> Any:
    """`count` rows of zeros to which values[i] (a number, or a row) was added at places[i]."""
    dtype = values.dtype
    width = values.shape[1:]
    if not len(places):
        return np.zeros((count, *width), dtype)
    if dtype.kind == "c":
        part = np.dtype(dtype.type(0).real.dtype)
        whole = np.empty((count, *width), dtype)
        whole.real = accumulate(count, places, np.ascontiguousarray(values.real, part))
        whole.imag = accumulate(count, places, np.ascontiguousarray(values.imag, part))
        return whole
    columns = int(np.prod(width, dtype=np.int64))
    if dtype.kind != "f":
        return _by_rows(count, places, values)
    if columns == 1:
        # bincount is slow at casting its weights.
        return np.bincount(places, values.reshape(-1).astype(np.float64), count).astype(dtype).reshape(count, *width)
    if columns < 8:
        flat = (places[:, None] * columns + np.arange(columns)).ravel()
        return (
            np.bincount(flat, values.reshape(-1).astype(np.float64), count * columns)
            .astype(dtype)
            .reshape(count, *width)
        )
    return _by_rows(count, places, values)


def _by_rows(count: int, places: Any, values: Any) -> Any:
    """Rows sorted by place, each run of one place summed at once."""
    out = np.zeros((count, *values.shape[1:]), values.dtype)
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    first = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    if len(first) == len(places):
        out[places] = values
    elif len(first) * 400 < values.size:
        # Few places, each often: a reduction for each costs less than reduceat, which is slow along rows.
        for start, end in zip(first.tolist(), [*first[1:].tolist(), len(places)]):
            out[ordered[start]] = total(values[order[start:end]], (0,))
    else:
        wide = np.float32 if values.dtype == np.float16 else values.dtype
        out[ordered[first]] = np.add.reduceat(values[order], first, axis=0, dtype=wide)
    return out
