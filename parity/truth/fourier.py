"""Forward lines of discrete Fourier transforms: sums of all terms, in any order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import acb, arb, balls, elementwise
from parity.truth.table import forward, line

_complex = elementwise(acb, 1)
_real = elementwise(lambda x: x.real if isinstance(x, acb) else x, 1)
_conj = elementwise(lambda x: x.conjugate() if isinstance(x, acb) else x, 1)


def _turn(k: int, n: int, forward: bool) -> Any:
    """exp(∓2πi k/n)."""
    part = 2 * arb(k % n) / n
    return acb(part.cos_pi(), -part.sin_pi() if forward else part.sin_pi())


def transformed(x: Array, dim: int, forward: bool) -> Array:
    """The sums of x times the roots of one, along a dimension."""
    n = x.shape[dim]
    roots = np.array([[_turn(j * k, n, forward) for k in range(n)] for j in range(n)], object)
    return np.moveaxis(np.tensordot(roots, _complex(balls(x)), (1, dim)), 0, dim)


def resized(x: Array, dim: int, n: int) -> Array:
    """Cut, or with zeros, to n along a dimension."""
    have = x.shape[dim]
    if n <= have:
        return x.take(range(n), axis=dim)
    widths = [(0, n - have if d == dim else 0) for d in range(x.ndim)]
    found: Array = np.pad(balls(x), widths, constant_values=arb(0))
    return found


def _scaled(x: Array, points: int, norm: str | None, forward: bool) -> Array:
    by = arb(points).sqrt() if norm == "ortho" else points if (norm == "forward") is forward else 1
    found: Array = x / by
    return found


def whole(x: Array, dim: int, size: int) -> Array:
    """The `size` numbers of which half are given: the other half are their conjugates."""
    half = _complex(balls(x))
    ends = [k for k in range(size) if 2 * k % size == 0]
    parts = [half.take(k, axis=dim) if 2 * k <= size else _conj(half.take(size - k, axis=dim)) for k in range(size)]
    return np.stack([_complex(_real(p)) if k in ends else p for k, p in enumerate(parts)], axis=dim)


def _grid(x: Array, s: Any, dim: Any) -> tuple[list[int], list[int]]:
    """Dimensions, and the points along each."""
    given = None if s is None else list(s) if isinstance(s, Sequence) else [s]
    if dim is None:
        dims = list(range(x.ndim - len(given) if given else 0, x.ndim))
    else:
        dims = [d % x.ndim for d in (dim if isinstance(dim, Sequence) else (dim,))]
    return dims, [x.shape[d] if n == -1 else n for d, n in zip(dims, given or [-1] * len(dims))]


def _along(input: Array, s: Any, dim: Any, norm: str | None, forward: bool) -> Array:
    dims, points = _grid(input, s, dim)
    for d, n in zip(dims, points):
        input = resized(input, d, n)
    for d in dims:
        input = transformed(input, d, forward)
    return _scaled(input, int(np.prod(points)), norm, forward)


def _half(input: Array, s: Any, dim: Any, norm: str | None, forward: bool) -> Array:
    last = _grid(input, s, dim)[0][-1]
    found = _along(input, s, dim, norm, forward)
    return found.take(range(found.shape[last] // 2 + 1), axis=last)


def _from_half(input: Array, s: Any, dim: Any, norm: str | None, forward: bool) -> Array:
    dims, points = _grid(input, s, dim)
    given = s is not None and (s[-1] if isinstance(s, Sequence) else s) != -1
    size = points[-1] if given else 2 * (points[-1] - 1)
    input = resized(input, dims[-1], size // 2 + 1)
    for d, n in zip(dims[:-1], points):
        input = transformed(resized(input, d, n), d, forward)
    found = transformed(whole(input, dims[-1], size), dims[-1], forward)
    return _real(_scaled(found, int(np.prod([*points[:-1], size])), norm, forward))


for _suffix, _name, _dims in (("", "n", -1), ("2", "s", (-2, -1)), ("n", "s", None)):
    for _names, _body in (
        (("fft", "ifft"), _along),
        (("rfft", "ihfft"), _half),
        (("hfft", "irfft"), _from_half),
    ):
        for _short in _names:

            def _line(
                input: Array,
                n: Any = None,
                s: Any = None,
                dim: Any = _dims,
                norm: str | None = None,
                body: Any = _body,
                there: bool = _short in ("fft", "rfft", "hfft"),
            ) -> Array:
                return body(input, s if n is None else n, dim, norm, there)  # type: ignore[no-any-return]

            forward(f"fft.{_short}{_suffix}")(_line)


def _frequencies(n: int, d: float, numbers: Sequence[int]) -> Array:
    return np.array([arb(k) / n / arb(d) for k in numbers], object)


line("fft.fftfreq", lambda n, d=1.0, dtype=None: _frequencies(n, d, [*range((n + 1) // 2), *range(-(n // 2), 0)]))
line("fft.rfftfreq", lambda n, d=1.0, dtype=None: _frequencies(n, d, range(n // 2 + 1)))
line("fft.fftshift", lambda input, dim=None: np.fft.fftshift(input, dim))
line("fft.ifftshift", lambda input, dim=None: np.fft.ifftshift(input, dim))
