"""Forward lines of shape operators: NumPy's own, which are exact and share memory where torch's do."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from parity.engines.protocol import Array
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
line("adjoint", lambda input: input.swapaxes(-1, -2))


@forward("movedim")
def _(input: Array, source: Any, destination: Any) -> Array:
    return np.moveaxis(input, source, destination) if input.ndim else input


@forward("unflatten")
def _(input: Array, dim: int, sizes: Any) -> Array:
    d = dim % input.ndim
    known = -math.prod(sizes)
    inner = [input.shape[d] // known if n == -1 else n for n in sizes]
    return input.reshape((*input.shape[:d], *inner, *input.shape[d + 1 :]))


@forward("unfold")
def _(input: Array, dimension: int, size: int, step: int) -> Array:
    if not input.ndim:
        return input.reshape(1)[:size]
    return (
        np.lib.stride_tricks.sliding_window_view(input, size, dimension, writeable=True)[
            (slice(None),) * (dimension % input.ndim) + (slice(None, None, step),)
        ]
        if size
        else np.empty(0, input.dtype).reshape(_no_windows(input.shape, dimension % input.ndim, step))
    )


def _no_windows(shape: tuple[int, ...], dim: int, step: int) -> tuple[int, ...]:
    return (*shape[:dim], shape[dim] // step + 1, *shape[dim + 1 :], 0)


@forward("broadcast_tensors")
def _(*tensors: Array) -> Any:
    shape = np.broadcast_shapes(*[t.shape for t in tensors])
    # Views that steps may write to, unlike np.broadcast_to's.
    return tuple(t if t.shape == shape else np.broadcast_to(t, shape) for t in tensors)


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


@forward("as_strided")
def _(input: Array, size: Any, stride: Any, storage_offset: int | None = None) -> Array:
    # Only of whole memory: a view's offset is not to be seen here.
    flat = input.reshape(-1)
    step = input.itemsize
    return np.lib.stride_tricks.as_strided(flat[storage_offset or 0 :], size, [n * step for n in stride])


line("clone contiguous", lambda input: input.copy())
