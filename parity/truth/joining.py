"""Forward lines of joining tensors: NumPy's own, which are exact."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import balls, is_discrete
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
line("column_stack", lambda tensors: _joined([t.reshape(-1, 1) if t.ndim <= 1 else t for t in tensors], 1))


@forward("block_diag")
def _(*tensors: Array) -> Array:
    blocks = [np.atleast_2d(t) for t in _alike(tensors)]
    total = np.zeros((sum(b.shape[0] for b in blocks), sum(b.shape[1] for b in blocks)), np.int64)
    result = total.astype(blocks[0].dtype) if is_discrete(blocks[0]) else balls(total)
    top = left = 0
    for b in blocks:
        result[top : top + b.shape[0], left : left + b.shape[1]] = b
        top, left = top + b.shape[0], left + b.shape[1]
    return result


def _grids(tensors: Any, indexing: Any = "ij") -> Any:
    """Views: an empty array's are made by hand."""
    flat = [t.reshape(-1) for t in tensors]
    axes = [1, 0, *range(2, len(flat))] if indexing == "xy" and len(flat) > 1 else list(range(len(flat)))
    shape = [1] * len(flat)
    for axis, t in zip(axes, flat):
        shape[axis] = t.size
    return tuple(
        np.broadcast_to(
            t.reshape(
                [-1 if d == axis else 1 for d in range(len(flat))]
                if t.size
                else [0 if d == axis else 1 for d in range(len(flat))]
            ),
            shape,
        )
        for axis, t in zip(axes, flat)
    )


@forward("meshgrid")
def _(*tensors: Array, indexing: str = "ij") -> Any:
    return _grids(tensors, indexing)


line("cartesian_prod", lambda *tensors: np.stack([g.ravel() for g in _grids(_alike(tensors))], 1))


@forward("combinations")
def _(input: Array, r: int = 2, with_replacement: bool = False) -> Array:
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    if not r:
        return input[:0]
    places = np.array(list(choose(range(len(input)), r)), np.int64).reshape(-1, r)
    return input[places]
