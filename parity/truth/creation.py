"""Forward lines of tensors made out of numbers."""

from __future__ import annotations

from collections.abc import Callable
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


line("scalar_tensor", lambda s, *, dtype=None: _filled((), s))
line("asarray", lambda obj: obj)
line("new_zeros", lambda input, *args, dtype=None: np.zeros(sizes(args), np.int64))
line("new_ones", lambda input, *args, dtype=None: np.ones(sizes(args), np.int64))
line("new_full", lambda input, size, fill_value, *, dtype=None: _filled(tuple(size), fill_value))
line("tril_indices", lambda row, col, *, offset=0: np.stack(np.tril_indices(row, offset, col)))
line("triu_indices", lambda row, col, *, offset=0: np.stack(np.triu_indices(row, offset, col)))


@forward("range")
def _(start: Any, end: Any, step: Any = 1) -> Any:
    return balls(start) + balls(step) * balls(np.arange(int(np.floor((end - start) / step)) + 1))


@forward("logspace")
def _(start: Any, end: Any, steps: int, *, dtype: Any = None) -> Array:
    first, last = balls(start), balls(end)
    exponents = first.reshape(1) if steps == 1 else first + (last - first) * balls(np.arange(steps)) / (steps - 1)
    return np.array([arb(10) ** e for e in exponents], object)


# -- windows: n points of the symmetric one, or n + 1 without the last ---------------------------------------


def _window(length: int, periodic: bool, point: Callable[[Any], Any]) -> Array:
    """`point` gives the value at a place between 0 and 1."""
    if length < 2:
        return np.ones(length, np.int64)
    last = length - (not periodic)
    return np.array([point(arb(k) / last) for k in range(length)], object)


def _turns(place: Any) -> Any:
    """The cosine of so many turns."""
    return (2 * place).cos_pi()


line(
    "hann_window",
    lambda window_length, *, periodic=True, dtype=None: _window(window_length, periodic, lambda x: (1 - _turns(x)) / 2),
)
line(
    "hamming_window",
    lambda window_length, *, periodic=True, dtype=None: _window(
        window_length, periodic, lambda x: arb(54) / 100 - 46 * _turns(x) / 100
    ),
)
line(
    "blackman_window",
    lambda window_length, *, periodic=True, dtype=None: _window(
        window_length, periodic, lambda x: arb(42) / 100 - _turns(x) / 2 + 8 * _turns(2 * x) / 100
    ),
)
line(
    "bartlett_window",
    lambda window_length, *, periodic=True, dtype=None: _window(window_length, periodic, lambda x: 1 - abs(2 * x - 1)),
)


@forward("kaiser_window")
def _(window_length: int, *, periodic: bool = True, beta: float = 12.0, dtype: Any = None) -> Array:
    whole = arb(beta).bessel_i(0)
    return _window(window_length, periodic, lambda x: (beta * (1 - (2 * x - 1) ** 2).sqrt()).bessel_i(0) / whole)


@forward("linspace")
def _(start: Any, end: Any, steps: int, *, dtype: Any = None) -> Array:
    first, last = balls(start), balls(end)
    if steps == 1:
        return first.reshape(1)
    return first + (last - first) * balls(np.arange(steps)) / (steps - 1)
