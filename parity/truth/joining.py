"""Forward lines of joining tensors and parting them: NumPy's own, which are exact."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import balls
from parity.truth.table import forward, line


def _alike(tensors: Any) -> list[Array]:
    """Balls if any of them holds balls: NumPy would leave integers among them."""
    real = any(t.dtype == object for t in tensors)
    return [balls(t) for t in tensors] if real else list(tensors)


def _joined(tensors: Any, dim: int) -> Array:
    # torch skips empty 1-D tensors whatever the shape of the others.
    kept = [t for t in tensors if t.shape != (0,)] or list(tensors)
    return np.concatenate(_alike(kept), axis=dim)


line("cat", lambda tensors, dim=0: _joined(tensors, dim))
line("stack", lambda tensors, dim=0: np.stack(_alike(tensors), axis=dim))


def _raised(input: Array, ndim: int) -> Array:
    """With dimensions of size 1 as NumPy adds them: of three, a vector's is the second."""
    add = (np.atleast_1d, np.atleast_2d, np.atleast_3d)[ndim - 1]
    return add(input)


def _each(tensors: Any, ndim: int) -> Any:
    found = tuple(_raised(t, ndim) for t in tensors)
    return found[0] if len(found) == 1 else found


line("atleast_1d", lambda *tensors: _each(tensors, 1))
line("atleast_2d", lambda *tensors: _each(tensors, 2))
line("atleast_3d", lambda *tensors: _each(tensors, 3))
line("hstack", lambda tensors: _joined([_raised(t, 1) for t in tensors], 1 if tensors[0].ndim > 1 else 0))
line("vstack", lambda tensors: _joined([_raised(t, 2) for t in tensors], 0))
line("dstack", lambda tensors: _joined([_raised(t, 3) for t in tensors], 2))


@forward("split")
def _(tensor: Array, split_size_or_sections: Any = None, dim: int = 0, *, split_size: Any = None) -> Any:
    given = split_size if split_size_or_sections is None else split_size_or_sections
    n = tensor.shape[dim]
    parts = [min(given, n - at) for at in range(0, n, given)] or [0] if isinstance(given, int) else list(given)
    ends = np.cumsum(parts)
    return tuple(_slice(tensor, dim, int(end) - size, int(end)) for size, end in zip(parts, ends))


def _slice(input: Array, dim: int, start: int, end: int) -> Array:
    return input[(slice(None),) * (dim % input.ndim) + (slice(start, end),)]


@forward("chunk")
def _(input: Array, chunks: int, dim: int = 0) -> Any:
    n = input.shape[dim]
    size = max(-(-n // chunks), 1)
    return tuple(_slice(input, dim, at, min(at + size, n)) for at in range(0, max(n, 1), size))


@forward("tensor_split")
def _(input: Array, indices_or_sections: Any, dim: int = 0) -> Any:
    n = input.shape[dim]
    if isinstance(indices_or_sections, int):
        return tuple(np.array_split(input, indices_or_sections, axis=dim))
    cuts = [slice(None, c).indices(n)[1] for c in indices_or_sections]
    return tuple(_slice(input, dim, a, max(a, b)) for a, b in zip([0, *cuts], [*cuts, n]))


@forward("narrow")
def _(input: Array, dim: int, start: int, length: int) -> Array:
    first = start + (input.shape[dim] if start < 0 else 0)
    return _slice(input, dim, first, first + length)


@forward("select")
def _(input: Array, dim: int, index: int) -> Array:
    return input[(slice(None),) * (dim % input.ndim) + (index, ...)]


@forward("unbind")
def _(input: Array, dim: int = 0) -> Any:
    lead: tuple[Any, ...] = (slice(None),) * (dim % input.ndim)
    return tuple(input[(*lead, i, ...)] for i in range(input.shape[dim]))
