"""Samples made one batch: tensors stacked, numbers made tensors, containers gone through."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.registry import FUNCTIONS, ops
from autodiff._core.tensor import Tensor

#: For arrays: `ops` answers these with arrays.
as_tensor = FUNCTIONS["as_tensor"].public

_REFUSED = "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"


def default_convert(data: Any) -> Any:
    """NumPy arrays as tensors, in containers too; everything else as it is."""
    if isinstance(data, (np.ndarray, np.generic)) and data.dtype.kind not in "SUO":
        return as_tensor(data)
    return _inside(data, default_convert) if not isinstance(data, (Tensor, str, bytes)) else data


def _inside(data: Any, convert: Callable[[Any], Any]) -> Any:
    if isinstance(data, Mapping):
        made = {key: convert(value) for key, value in data.items()}
        return _like(data, made)
    if isinstance(data, tuple):
        items = [convert(item) for item in data]
        return type(data)(*items) if hasattr(data, "_fields") else items
    return _like(data, [convert(item) for item in data]) if isinstance(data, Sequence) else data


def _like(data: Any, made: Any) -> Any:
    """In a container of the first one's class, as far as that can be filled."""
    try:
        if isinstance(data, MutableMapping):
            clone: Any = copy.copy(data)
            clone.update(made)
            return clone
        if isinstance(data, MutableSequence):
            clone = copy.copy(data)
            clone[:] = made
            return clone
        return type(data)(made)
    except TypeError:
        return made


def default_collate(batch: Sequence[Any]) -> Any:
    """The samples of a batch as one: tensors, arrays and numbers along a new first dim, in containers too.

    Raises TypeError for samples of another kind, RuntimeError for containers of unequal lengths.
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return ops.stack(*batch, dim=0)
    if isinstance(first, np.ndarray):
        if first.dtype.kind in "SUO":
            raise TypeError(_REFUSED.format(first.dtype))
        return default_collate([as_tensor(item) for item in batch])
    if isinstance(first, np.generic) and first.dtype.kind not in "SUO":
        return as_tensor(np.array(batch))
    if isinstance(first, float):
        return ops.tensor(batch, dtype=dtypes.float64)
    if isinstance(first, int):
        return ops.tensor(batch)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return _like(first, {key: default_collate([item[key] for item in batch]) for key in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(default_collate(items) for items in zip(*batch)))
    if isinstance(first, Sequence):
        if any(len(item) != len(first) for item in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        columns = [default_collate(items) for items in zip(*batch)]
        return columns if isinstance(first, tuple) else _like(first, columns)
    raise TypeError(_REFUSED.format(type(first)))
