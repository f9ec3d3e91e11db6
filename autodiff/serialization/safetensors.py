"""Weights as safetensors files, by the calls of `safetensors.torch`: `save_file`, `load_file`, `save`, `load`.

The format is read and written by the library `safetensors` (the extra of that name), which runs nothing from a file.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np

try:
    from safetensors import SafetensorError
    from safetensors import numpy as _arrays
except ImportError as error:
    raise ImportError("safetensors is not installed: pip install 'autodiff-parity[safetensors]'") from error

from autodiff._core import dtypes
from autodiff._core.geometry import placed
from autodiff._core.memory import parts
from autodiff._core.sparse import Sparse
from autodiff._core.tensor import Tensor, wrap

__all__ = ["SafetensorError", "load", "load_file", "load_model", "save", "save_file", "save_model"]


def save_file(
    tensors: Mapping[str, Tensor], filename: str | os.PathLike[str], metadata: dict[str, str] | None = None
) -> None:
    """Write tensors by their names.

    Raises ValueError for what is no dense tensor in order, RuntimeError for tensors that share memory.
    """
    _arrays.save_file(_checked(tensors), filename, metadata)


def save(tensors: Mapping[str, Tensor], metadata: dict[str, str] | None = None) -> bytes:
    """The bytes of such a file."""
    return _arrays.save(_checked(tensors), metadata)


def load_file(filename: str | os.PathLike[str], device: Any = "cpu") -> dict[str, Tensor]:
    """The tensors of a file by their names, in order. Raises SafetensorError for a file that is none."""
    placed(device)
    return _tensors(_arrays.load_file(filename))


def load(data: bytes) -> dict[str, Tensor]:
    """The tensors of such bytes."""
    return _tensors(_arrays.load(data))


def save_model(model: Any, filename: str, metadata: dict[str, str] | None = None) -> None:
    """Write a module's state, of tensors under several names one, the metadata says the others."""
    kept: dict[str, Tensor] = {}
    told = dict(metadata or {})
    first: dict[tuple[int, Any], str] = {}
    for name, tensor in sorted(model.state_dict().items()):
        key = (tensor.data_ptr(), tuple(tensor.shape)) if tensor.numel() else (id(tensor), ())
        if key in first:
            told[name] = first[key]
        else:
            first[key], kept[name] = name, tensor.contiguous()
    save_file(kept, filename, told or None)


def load_model(model: Any, filename: str | os.PathLike[str], strict: bool = True, device: Any = "cpu") -> Any:
    """Load a file into a module: the names that are missing, and those that it has not.

    What shares memory with a name of the file is not missing. Raises RuntimeError for either if `strict`.
    """
    state = load_file(filename, device)
    own = model.state_dict()
    places = {t.data_ptr() for n, t in own.items() if n in state}
    missing, unexpected = model.load_state_dict(state, strict=False)
    missing = [name for name in missing if own[name].data_ptr() not in places]
    if strict and (missing or unexpected):
        words = "".join(
            f"\n    {what} key(s) in state_dict: {', '.join(map(repr, sorted(names)))}"
            for what, names in (("Missing", missing), ("Unexpected", unexpected))
            if names
        )
        raise RuntimeError(f"Error(s) in loading state_dict for {type(model).__name__}:{words}")
    return missing, unexpected


def _checked(tensors: Any) -> dict[str, Any]:
    if not isinstance(tensors, dict):
        raise ValueError(f"Expected a dict of [str, torch.Tensor] but received {type(tensors)}")
    shared = defaultdict(set)
    for name, t in tensors.items():
        if not isinstance(t, Tensor):
            raise ValueError(f"Key `{name}` is invalid, expected torch.Tensor but received {type(t)}")
        if isinstance(t, Sparse):
            raise ValueError(
                f"You are trying to save a sparse tensors: `{[name]}` which this library does not support."
            )
        if not t._array.flags.c_contiguous:
            raise ValueError(
                f"You are trying to save a non contiguous tensor: `{name}` which is not allowed: pack it before with "
                "`.contiguous()`"
            )
        if t._array.size and isinstance(t._array, np.ndarray):
            shared[parts(t.memory()).memory.ctypes.data].add(name)
    twice = [names for names in shared.values() if len(names) > 1]
    if twice:
        raise RuntimeError(
            f"Some tensors share memory, this will lead to duplicate memory on disk and potential differences when "
            f"loading them again: {twice}. `save_model` takes a module with such tensors."
        )
    return {name: np.asarray(t._array) for name, t in tensors.items()}


def _tensors(arrays: Mapping[str, Any]) -> dict[str, Tensor]:
    for name, array in arrays.items():
        if array.dtype not in dtypes.OF_NUMPY:
            raise TypeError(f"{name} is of {array.dtype.name}, which no tensor here can have")
    return {name: wrap(np.array(arrays[name])) for name in sorted(arrays)}
