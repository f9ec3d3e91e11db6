"""Forward lines of shape operators: NumPy's own, which are exact and share memory where torch's do."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import balls
from parity.truth.table import forward, line


def sizes(shape: tuple[Any, ...]) -> tuple[int, ...]:
    """`f(2, 3)` and `f((2, 3))` mean the same."""
    return tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape


@forward("reshape", "view")
def _(input: Array, *args: Any, shape: Any = None, size: Any = None) -> Array:
    given = shape if shape is not None else size
    return input.reshape(tuple(given) if given is not None else sizes(args))


@forward("flatten")
def _(input: Array, start_dim: int = 0, end_dim: int = -1) -> Array:
    n = max(input.ndim, 1)
    start, end = start_dim % n, end_dim % n
    shape = input.shape or (1,)
    return input.reshape((*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


line("ravel", lambda input: input.reshape(-1))


@forward("squeeze")
def _(input: Array, dim: Any = None) -> Array:
    chosen = range(input.ndim) if dim is None else [dim] if isinstance(dim, int) else dim
    return input.squeeze(tuple({d % input.ndim for d in chosen if input.ndim and input.shape[d] == 1}))


@forward("unsqueeze")
def _(input: Array, dim: int) -> Array:
    return np.expand_dims(input, dim)


@forward("transpose", "swapaxes", "swapdims")
def _(input: Array, dim0: int, dim1: int) -> Array:
    return input.swapaxes(dim0, dim1) if input.ndim else input


line("t", lambda input: input.T)
line("permute", lambda input, *args, dims=None: input.transpose(sizes(args) if dims is None else tuple(dims)))
line("movedim moveaxis", lambda input, source, destination: np.moveaxis(input, source, destination))


@forward("expand", "broadcast_to")
def _(input: Array, *args: Any, size: Any = None) -> Array:
    wanted = sizes(args) if size is None else tuple(size)
    lead = len(wanted) - input.ndim
    full = tuple(input.shape[i - lead] if n == -1 else n for i, n in enumerate(wanted))
    return np.lib.stride_tricks.as_strided(
        input,
        full,
        (0,) * lead + tuple(0 if n == 1 and full[i + lead] != 1 else s
                            for i, (n, s) in enumerate(zip(input.shape, input.strides))),
    )  # fmt: skip


def _alike(tensors: Any) -> list[Array]:
    """Balls if any of them holds balls: NumPy would leave integers among them."""
    real = any(t.dtype == object for t in tensors)
    return [balls(t) for t in tensors] if real else list(tensors)


@forward("cat", "concat", "concatenate")
def _(tensors: Any, dim: int = 0) -> Array:
    # torch skips empty 1-D tensors whatever the shape of the others.
    kept = [t for t in tensors if t.shape != (0,)] or list(tensors)
    return np.concatenate(_alike(kept), axis=dim)


line("stack", lambda tensors, dim=0: np.stack(_alike(tensors), axis=dim))


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


line("narrow", lambda input, dim, start, length: _slice(input, dim, start, start + length))


@forward("select")
def _(input: Array, dim: int, index: int) -> Array:
    return input[(slice(None),) * (dim % input.ndim) + (index, ...)]


@forward("unbind")
def _(input: Array, dim: int = 0) -> Any:
    lead: tuple[Any, ...] = (slice(None),) * (dim % input.ndim)
    return tuple(input[(*lead, i, ...)] for i in range(input.shape[dim]))


line("flip", lambda input, *args, dims=None: np.array(np.flip(input, sizes(args) if dims is None else dims)))


@forward("roll")
def _(input: Array, shifts: Any, dims: Any = None) -> Array:
    return np.roll(input, shifts, None if dims is None or dims == () else dims)


@forward("repeat")
def _(input: Array, *args: Any, repeats: Any = None) -> Array:
    times = sizes(args) if repeats is None else tuple(repeats)
    return np.tile(input.reshape((1,) * (len(times) - input.ndim) + input.shape), times)


line("tile", lambda input, *args, dims=None: np.tile(input, sizes(args) if dims is None else dims))
line("clone contiguous", lambda input: input.copy())
