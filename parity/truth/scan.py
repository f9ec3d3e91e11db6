"""Forward lines of scans."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import elementwise, is_discrete, less
from parity.truth.table import line


def _scan(accumulate: Callable[..., Array]) -> Callable[..., Array]:
    def scanned(input: Array, dim: int, *, dtype: Any = None) -> Array:
        exact = input.astype(np.int64) if is_discrete(input) else input
        return accumulate(exact, axis=dim) if input.ndim else exact.copy()

    return scanned


line("cumsum", _scan(np.add.accumulate))
line("cumprod", _scan(np.multiply.accumulate))


def _running(comes_before: Callable[[Any, Any], bool]) -> Callable[..., tuple[Array, Array]]:
    """The extreme so far, and the last place where it stood."""

    def scanned(input: Array, dim: int) -> tuple[Array, Array]:
        if not input.ndim:
            return input.copy(), np.zeros((), np.int64)
        rows = np.moveaxis(input, dim, -1)
        places = np.zeros(rows.shape, np.int64)
        for row in np.ndindex(rows.shape[:-1]):
            best = 0
            for i, x in enumerate(rows[row]):
                best = best if comes_before(rows[row][best], x) else i
                places[row][i] = best
        return np.moveaxis(np.take_along_axis(rows, places, -1), -1, dim), np.moveaxis(places, -1, dim)

    return scanned


def _smaller(a: Any, b: Any) -> bool:
    return bool(a < b) if isinstance(a, (np.generic, bool, int)) else less(a, b)


line("cummax", _running(lambda a, b: _smaller(b, a)))
line("cummin", _running(_smaller))
_exp = elementwise(lambda x: x.exp(), 1)
_log = elementwise(lambda x: x.log(), 1)
line(
    "logcumsumexp",
    lambda input, dim: _log(np.add.accumulate(_exp(input), axis=dim)) if input.ndim else input.copy(),
)
