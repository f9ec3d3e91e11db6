"""Runs one function with torch and with autodiff, and compares what it returned or raised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import autodiff


def outcome(lib: Any, program: Callable[[Any], Any]) -> Any:
    """What the program returned, tensors as (dtype, shape, values); or the type and text of its error."""
    try:
        return _plain(program(lib))
    except Exception as error:
        return type(error), str(error)


def _plain(value: Any) -> Any:
    if isinstance(value, (torch.Tensor, autodiff.Tensor)):
        array = np.asarray(value.detach().numpy())
        return array.dtype.name, array.shape, array.tolist()
    if isinstance(value, np.ndarray):
        return value.dtype.name, value.shape, value.tolist()
    if isinstance(value, (tuple, list)):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    return value


def agree(program: Callable[[Any], Any], message: str | None = None) -> None:
    """Both return equal things, or raise errors of one type; `message` must then stand in both texts."""
    theirs, ours = outcome(torch, program), outcome(autodiff, program)
    raised = isinstance(theirs, tuple) and isinstance(theirs[0], type)
    if message is None:
        assert not raised, f"torch raised {theirs}"
        assert ours == theirs
        return
    assert raised, f"torch raised nothing: {theirs}"
    assert isinstance(ours, tuple), f"autodiff raised nothing: {ours}"
    assert ours[0] is theirs[0], f"{ours} against torch's {theirs}"
    assert message in theirs[1], theirs[1]
    assert message in ours[1], ours[1]


def alike(program: Callable[[Any], Any]) -> None:
    """Both return equal things, or raise errors of one type."""
    theirs, ours = outcome(torch, program), outcome(autodiff, program)
    raised = isinstance(theirs, tuple) and len(theirs) == 2 and isinstance(theirs[0], type)
    same = ours[0] is theirs[0] if raised and isinstance(ours, tuple) else repr(ours) == repr(theirs)
    assert same, f"{ours} against torch's {theirs}"


def same(
    program: Callable[[Any], Any], message: str | None = None, *, within: float = 1e-12, floor: float = 0.0
) -> None:
    """Both return equal things to the last few bits, or raise errors of types of one name.

    `message` is then in both texts; `within`: how far numbers may part, as a share, and by `floor` at least, for
    what is 0 but for rounding.
    """
    theirs, ours = outcome(torch, program), outcome(autodiff, program)
    raised = isinstance(theirs, tuple) and len(theirs) == 2 and isinstance(theirs[0], type)
    if message is None:
        assert not raised, f"torch raised {theirs}"
        assert _close(ours, theirs, within, floor), f"{ours} against torch's {theirs}"
        return
    assert raised, f"torch raised nothing: {theirs}"
    assert isinstance(ours, tuple), f"autodiff raised nothing: {ours}"
    assert ours[0].__name__ == theirs[0].__name__, f"{ours} against torch's {theirs}"
    assert message in theirs[1], theirs[1]
    assert message in ours[1], ours[1]


def _close(ours: Any, theirs: Any, within: float, floor: float) -> bool:
    """Equal; floats up to the rounding of another order of sums, nan equal to itself."""
    if isinstance(theirs, float) and isinstance(ours, float):
        return (
            ours == theirs
            or abs(ours - theirs) <= max(within * abs(theirs), floor)
            or (ours != ours and theirs != theirs)
        )
    if isinstance(theirs, (tuple, list)) and isinstance(ours, (tuple, list)):
        return len(ours) == len(theirs) and all(_close(a, b, within, floor) for a, b in zip(ours, theirs))
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(_close(ours[k], theirs[k], within, floor) for k in theirs)
    return bool(ours == theirs)
