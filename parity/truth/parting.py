"""Forward lines of parting tensors: NumPy's own, which are exact and share memory where torch's do."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.table import LINES, forward, line


@forward("split", "unsafe_split")
def _(tensor: Array, split_size_or_sections: Any = None, dim: int = 0, *, split_size: Any = None) -> Any:
    given = split_size if split_size_or_sections is None else split_size_or_sections
    n = tensor.shape[dim]
    parts = [min(given, n - at) for at in range(0, n, given)] or [0] if isinstance(given, int) else list(given)
    ends = np.cumsum(parts)
    return tuple(_slice(tensor, dim, int(end) - size, int(end)) for size, end in zip(parts, ends))


@forward("unsafe_split_with_sizes")
def _(input: Array, split_sizes: Any, dim: int = 0) -> Any:
    return LINES["split"](input, list(split_sizes), dim)


def _slice(input: Array, dim: int, start: int, end: int) -> Array:
    return input[(slice(None),) * (dim % input.ndim) + (slice(start, end),)]


@forward("chunk", "unsafe_chunk")
def _(input: Array, chunks: int, dim: int = 0) -> Any:
    n = input.shape[dim]
    if not n:
        return (input,) * chunks
    size = -(-n // chunks)
    return tuple(_slice(input, dim, at, min(at + size, n)) for at in range(0, n, size))


@forward("tensor_split")
def _cut(input: Array, indices_or_sections: Any, dim: int = 0) -> Any:
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


line("hsplit", lambda input, given: _cut(input, given, 0 if input.ndim == 1 else 1))
line("vsplit", lambda input, given: _cut(input, given, 0))
line("dsplit", lambda input, given: _cut(input, given, 2))


@forward("narrow_copy")
def _(input: Array, dim: int, start: int, length: int) -> Array:
    first = start + (input.shape[dim] if start < 0 else 0)
    return _slice(input, dim, first, first + length).copy()


@forward("unbind")
def _(input: Array, dim: int = 0) -> Any:
    lead: tuple[Any, ...] = (slice(None),) * (dim % input.ndim)
    return tuple(input[(*lead, i, ...)] for i in range(input.shape[dim]))
