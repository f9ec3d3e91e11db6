"""Forward lines of indexing, reading and writing, with torch's reading of an index."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import balls, is_discrete
from parity.truth.table import forward


def _parts(index: Any) -> list[Any]:
    parts = list(index) if isinstance(index, tuple) else [index]
    return [np.array(p) if isinstance(p, list) else p for p in parts]


def locate(index: Any, ndim: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """An index in two: first ints, slices and None (a view), then arrays: torch selects before it gathers."""
    basic: list[Any] = []
    arrays: list[Any] = []
    parts = _parts(index)
    used = sum(_dims(p) for p in parts)
    for part in parts if any(p is Ellipsis for p in parts) else [*parts, Ellipsis]:
        if part is Ellipsis:
            rest = ndim - used
            basic += [slice(None)] * rest
            arrays += [slice(None)] * rest
        elif isinstance(part, (bool, np.bool_)) or (
            isinstance(part, np.ndarray) and part.dtype == bool and not part.ndim
        ):
            basic.append(None)
            arrays.append(np.array([bool(part)]))
        elif isinstance(part, np.ndarray) and part.ndim:
            basic += [slice(None)] * _dims(part)
            arrays.append(part)
        elif part is None:
            basic.append(None)
            arrays.append(slice(None))
        elif isinstance(part, slice):
            basic.append(slice(*(None if v is None else int(v) for v in (part.start, part.stop, part.step))))
            arrays.append(slice(None))
        else:
            basic.append(int(part))
    fancy = any(isinstance(a, np.ndarray) for a in arrays)
    return (*basic, ...), tuple(arrays) if fancy else ()


def _dims(part: Any) -> int:
    """How many dims of the tensor this part of an index uses up."""
    if part is None or part is Ellipsis or isinstance(part, (bool, np.bool_)):
        return 0
    if isinstance(part, np.ndarray) and part.dtype == bool:
        return part.ndim
    return 1


@forward("getitem")
def _(input: Array, index: Any) -> Any:
    basic, arrays = locate(index, input.ndim)
    viewed = input[basic]
    return viewed[arrays] if arrays else viewed


@forward("setitem")
def _(input: Array, index: Any, value: Any) -> Array:
    """Writes into `input`."""
    basic, arrays = locate(index, input.ndim)
    given = np.asarray(value) if is_discrete(input) else balls(value)
    target = input[basic]
    where = arrays or ...
    shape = target[where].shape
    while given.ndim > len(shape) and given.shape[0] == 1:
        given = given[0]
    target[where] = given
    return input


@forward("index_put")
def _(input: Array, indices: Any, values: Any, accumulate: bool = False) -> Array:
    result = input.copy()
    given = np.asarray(values) if is_discrete(input) else balls(values)
    if accumulate:
        np.add.at(result, (*indices, ...), given)
    else:
        result[(*indices, ...)] = given
    return result
