"""Adding values at places that may repeat: the adjoint of every kind of indexed reading.

np.add.at serves numbers; for rows it is a loop per element, and sums over sorted rows are several times faster.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels.summation import total


def accumulate(count: int, places: Any, values: Any) -> Any:
    """`count` rows of zeros to which values[i] (a number, or a row) was added at places[i]."""
    return add_at(np.zeros((count, *values.shape[1:]), values.dtype), places, values)


#: Rows shorter than this are added number by number.
NARROW = 8


def add_at(out: Any, places: Any, values: Any) -> Any:
    """`out`, contiguous, once values[i] (a number, or a row) is added at out[places[i]], in torch's order."""
    if not values.size:
        return out
    if out.dtype.char == "e":
        single = add_at(out.astype(np.float32), places, values.astype(np.float32))
        np.copyto(out, single, casting="same_kind")
        return out
    columns = values[0].size
    if columns == 1:
        np.add.at(out.reshape(-1), places, values.reshape(-1))
    elif columns < NARROW:
        flat = (places[:, None] * columns + np.arange(columns)).ravel()
        np.add.at(out.reshape(-1), flat, values.reshape(-1))
    else:
        _add_rows(out, places, values)
    return out


#: Up to so many rows for one place they are added in rounds.
ROUNDS = 8


def _add_rows(out: Any, places: Any, values: Any) -> None:
    """Rows added at their places: in rounds that name no place twice if a few suffice, else run by run, sorted."""
    ordered, order = by_place(places)
    first = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    if len(first) == len(places):
        out[places] += values
        return
    lengths = np.diff(first, append=len(places))
    most = int(lengths.max())
    if most <= ROUNDS:
        for rank in range(most):
            again = first if not rank else first[lengths > rank]
            out[ordered[again]] += values.take(order[again + rank], axis=0)
    elif len(first) * 400 < values.size:
        # Few places, each often: a reduction for each costs less than reduceat, which is slow along rows.
        for start, end in zip(first.tolist(), [*first[1:].tolist(), len(places)]):
            out[ordered[start]] += total(values[order[start:end]], (0,))
    else:
        out[ordered[first]] += np.add.reduceat(values.take(order, axis=0), first, axis=0, dtype=values.dtype)


def by_place(places: Any) -> tuple[Any, Any]:
    """The places in order, and where each stood; of equal ones the first first."""
    # Keys that carry where they stood are sorted several times faster than their order is found.
    keys = (places.astype(np.int64) << 32) | np.arange(len(places))
    keys.sort()
    return keys >> 32, keys & 0xFFFFFFFF
