"""What users may write for dimensions, shapes and dtypes, brought to the strict form. Knows no operator."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.geometry import memory_format, placed, preserve_format
from autodiff._kernels.brain import in_use


def dim(given: Any, ndim: int) -> int:
    """A dimension counted from the front.

    Raises IndexError beyond [-ndim, ndim-1]; a 0-dim tensor takes -1 and 0.
    """
    reach = ndim or 1
    given = given if type(given) is int else whole(given, "dim")
    if not -reach <= given < reach:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-reach}, {reach - 1}], but got {given})"
        )
    return int(given) + reach if given < 0 else int(given)


def dims(given: Any, ndim: int) -> tuple[int, ...]:
    """Several dimensions counted from the front, in the order given.

    Raises RuntimeError for one named twice.
    """
    found = tuple([dim(d, ndim) for d in (given if isinstance(given, (tuple, list)) else (given,))])
    if len(set(found)) != len(found):
        twice = next(d for i, d in enumerate(found) if d in found[:i])
        raise RuntimeError(f"dim {twice} appears multiple times in the list of dims")
    return found


def whole(given: Any, what: str) -> int:
    """A Python int from anything that has an index: int, NumPy's, a tensor of one element."""
    try:
        return operator.index(given)
    except TypeError:
        raise TypeError(f"argument '{what}' must be int, not {type(given).__name__}") from None


def sizes(given: Sequence[Any], by_name: dict[str, Any] | None = None, name: str = "size") -> tuple[int, ...]:
    """Whole numbers written as several arguments, as one sequence, or by name. Raises TypeError if there is nothing."""
    if by_name:
        if given or name not in by_name or len(by_name) > 1:
            raise TypeError(f"got an unexpected keyword argument {next((n for n in by_name if n != name), name)!r}")
        given = (by_name[name],)
    if not given:
        raise TypeError(f'missing 1 required positional arguments: "{name}"')
    if len(given) == 1 and isinstance(given[0], (tuple, list)):
        given = given[0]
    return tuple([n if type(n) is int else whole(n, "size") for n in given])


def extent(given: Sequence[Any]) -> tuple[int, ...]:
    """The shape of a new tensor. Raises RuntimeError for a negative size."""
    shape = sizes(given)
    if any(n < 0 for n in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    return shape


def filled_in(shape: tuple[int, ...], size: int) -> tuple[int, ...]:
    """A shape for `size` elements, its one -1 worked out. Raises RuntimeError if they do not fit."""
    missing = shape.count(-1)
    if missing > 1:
        raise RuntimeError("only one dimension can be inferred")
    low = min(shape, default=0)
    if low < -1:
        raise RuntimeError(f"invalid shape dimension {low}")
    if not missing:
        if math.prod(shape) != size:
            raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {size}")
        return shape
    known = -math.prod(shape)
    if known == 0:
        if size == 0:
            raise RuntimeError(
                f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified "
                f"dimension "
                "size -1 can be any value and is ambiguous"
            )
    elif size % known == 0:
        return tuple([size // known if n == -1 else n for n in shape])
    raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {size}")


def numpy_dtype(given: Any, otherwise: Any = None) -> Any:
    """NumPy's dtype for `dtype=`. Raises TypeError for what is not a dtype of ours."""
    if given is None:
        return otherwise
    if isinstance(given, dtypes.dtype):
        if given is dtypes.bfloat16:
            in_use()
        return given.numpy
    try:
        return _OF_BUILTIN[given]
    except (KeyError, TypeError):
        raise TypeError(f"argument 'dtype' must be torch.dtype, not {type(given).__name__}") from None


_OF_BUILTIN = {
    bool: np.dtype("bool"),
    int: np.dtype("int64"),
    float: np.dtype("float64"),
    complex: np.dtype("complex128"),
}


#: How many dimensions a tensor has whose channels may lie side by side, by the format's name.
_RANKS = {"channels_last": 4, "channels_last_3d": 5}


def format_of(where: str, given: Any, ndim: int) -> str | None:
    """The name of the memory format that is asked for; None for the one that a tensor has.

    Raises TypeError for what is none, RuntimeError for one of tensors of another rank.
    """
    if given is None or given is preserve_format:
        return None
    if not isinstance(given, memory_format):
        raise TypeError(f"{where}(): argument 'memory_format' must be torch.memory_format, not {type(given).__name__}")
    rank = _RANKS.get(given.name, ndim)
    if ndim != rank:
        raise RuntimeError(f"required rank {rank} tensor to use {given.name} format")
    return given.name


def check_device(given: Any) -> None:
    """Raise torch's error for a device that is not the CPU."""
    if given is not None:
        placed(given)
