"""Forward lines of scans."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import is_discrete
from parity.truth.table import line


def _scan(accumulate: Callable[..., Array]) -> Callable[..., Array]:
    def scanned(input: Array, dim: int, *, dtype: Any = None) -> Array:
        exact = input.astype(np.int64) if is_discrete(input) else input
        return accumulate(exact, axis=dim) if input.ndim else exact.copy()

    return scanned


line("cumsum", _scan(np.add.accumulate))
line("cumprod", _scan(np.multiply.accumulate))
