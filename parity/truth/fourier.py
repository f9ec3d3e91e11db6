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


@forward("stft")
def _(
    input: Array,
    n_fft: int,
    hop_length: int,
    window: Any = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool = True,
    return_complex: bool = True,
) -> Array:
    x, by = balls(input), n_fft // 2
    if center and by:
        widths = [(0, 0)] * (x.ndim - 1) + [(by, by)]
        x = np.pad(x, widths, "reflect") if pad_mode == "reflect" else np.pad(x, widths, constant_values=arb(0))
    starts = range(0, x.shape[-1] - n_fft + 1, hop_length)
    frames = np.stack([x[..., i : i + n_fft] for i in starts], axis=-2)
    found = transformed(frames if window is None else frames * balls(window), frames.ndim - 1, True)
    found = _scaled(found, n_fft, "ortho" if normalized else None, True)
    return np.swapaxes(found[..., : n_fft // 2 + 1] if onesided else found, -1, -2)


@forward("istft")
def _(
    input: Array,
    n_fft: int,
    hop_length: int,
    window: Any = None,
    center: bool = True,
    normalized: bool = False,
    length: int | None = None,
) -> Array:
    x = np.swapaxes(input, -1, -2)
    half = x.shape[-1] != n_fft
    x = whole(x if half else x[..., : n_fft // 2 + 1], x.ndim - 1, n_fft)
    frames = _real(_scaled(transformed(x, x.ndim - 1, False), n_fft, "ortho" if normalized else None, False))
    shape = balls(np.ones(n_fft, int) if window is None else window)
    count = frames.shape[-2]
    total = n_fft + hop_length * (count - 1)
    added, weights = balls(np.zeros((*frames.shape[:-2], total), int)), balls(np.zeros(total, int))
    for i in range(count):
        at = slice(i * hop_length, i * hop_length + n_fft)
        added[..., at] = added[..., at] + frames[..., i, :] * shape
        weights[at] = weights[at] + shape * shape
    start = n_fft // 2 if center else 0
    end = total - start if length is None else start + length
    found: Array = added[..., start : min(end, total)] / weights[start : min(end, total)]
    return resized(found, found.ndim - 1, end - start)
