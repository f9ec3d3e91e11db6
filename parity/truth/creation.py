"""Forward lines of tensors made out of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, balls
from parity.truth.shape import sizes
from parity.truth.table import forward, line


def _filled(shape: tuple[int, ...], value: Any) -> Array:
    result = np.full(shape, value) if not isinstance(value, float) else np.full(shape, arb(value), object)
    return result


line("tensor", lambda data, *, dtype=None: np.asarray(data))
line("as_tensor", lambda data, *, dtype=None: data)
line("zeros", lambda *args, size=None, dtype=None: np.zeros(sizes(args if size is None else (size,)), np.int64))
line("ones", lambda *args, size=None, dtype=None: np.ones(sizes(args if size is None else (size,)), np.int64))
line("full", lambda size, fill_value, *, dtype=None: _filled(tuple(size), fill_value))
line("eye", lambda n, m=None, *, dtype=None: np.eye(n, m, dtype=np.int64))
line("zeros_like", lambda input, *, dtype=None: np.zeros(input.shape, np.int64))
line("ones_like", lambda input, *, dtype=None: np.ones(input.shape, np.int64))
line("full_like", lambda input, fill_value, *, dtype=None: _filled(input.shape, fill_value))


@forward("arange")
def _(start: Any = 0, end: Any = None, step: Any = 1, *, dtype: Any = None) -> Any:
    if end is None:
        start, end = 0, start
    if all(isinstance(v, int) for v in (start, end, step)):
        return np.arange(start, end, step)
    # torch computes the length in double precision.
    count = max(int(np.ceil((end - start) / step)), 0)
    return balls(start) + balls(step) * balls(np.arange(count))


@forward("linspace")
def _(start: Any, end: Any, steps: int, *, dtype: Any = None) -> Array:
    first, last = balls(start), balls(end)
    if steps == 1:
        return first.reshape(1)
    return first + (last - first) * balls(np.arange(steps)) / (steps - 1)
