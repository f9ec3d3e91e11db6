"""Writing in place without a second array: the shortcut of `inplace.assign` where nothing is recorded or cast.

Knows no operator: it is given a kernel that writes into `out`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._core.hot import FLOAT32, FLOAT64
from autodiff._core.inplace import check_writable
from autodiff._core.modes import duals, state, unusual
from autodiff._core.tensor import Tensor, written
from autodiff._kernels.flags import anyway, silently

ndarray = np.ndarray


def overwrite_own(
    target: Tensor, kernel: Callable[..., Any], operands: tuple[Any, ...], params: dict[str, Any]
) -> bool:
    """`overwrite` for what an optimiser's step is made of: whole tensors of one shape, which share no memory.

    Little needs to be asked there, which is worth a twentieth of such a step; False, with nothing done, for the rest.
    """
    array = target._array
    if type(array) is not ndarray or target._meta is not None or not array.flags.c_contiguous:
        return False
    kind = array.dtype
    if kind is not FLOAT32 and kind is not FLOAT64:
        return False
    tracking = True
    given: list[Any] = []
    if unusual:
        if duals or state.level or state.inference:
            return False
        tracking = state.grad
    if tracking and target._node is not None:
        return False
    for x in operands:
        if type(x) is Tensor:
            a = x._array
            if type(a) is not ndarray or a.dtype is not kind or a.shape != array.shape or not _apart(a, array):
                return False
            if tracking and x._node is not None:
                return False
            given.append(a)
        elif type(x) is float or type(x) is int:
            given.append(x)
        else:
            return False
    for value in params.values():
        if type(value) is not float and type(value) is not int:
            return False
    try:
        silently(kernel, array, *given, out=array, **params)
    except TypeError:
        return False
    except RuntimeError:
        anyway(kernel, array, *given, out=array, **params)
    target.storage().touch()
    return True


def overwrite(
    target: Tensor, kernel: Callable[..., Any], operands: tuple[Any, ...], params: dict[str, Any] | None = None
) -> bool:
    """Run the kernel on the target's memory, into it; False, with nothing done, where the general way must be taken.

    That is wherever a gradient is tracked, dtypes or shapes differ, or memory is shared otherwise than wholly.
    """
    array = target._array
    if type(array) is not ndarray or (array.dtype is not FLOAT32 and array.dtype is not FLOAT64) or duals:
        return False
    tracking = state.grad
    if tracking and target._node is not None:
        return False
    given = []
    for x in operands:
        if type(x) is float or type(x) is int:
            given.append(x)
            continue
        if not isinstance(x, Tensor) or (tracking and x._node is not None):
            return False
        a = x._array
        if a.dtype is not array.dtype or (a.shape != array.shape and not _stretches(a.shape, array.shape)):
            return False
        if x is not target and type(a) is ndarray and not _apart(a, array):
            return False
        given.append(a)
    if params is None:
        params = {}
    for value in params.values():
        if type(value) is not float and type(value) is not int:
            return False
    check_writable(target)
    try:
        silently(kernel, array, *given, out=array, **params)
    except TypeError:
        return False
    except RuntimeError:
        anyway(kernel, array, *given, out=array, **params)
    written(target, operands)
    return True


def _apart(a: Any, b: Any) -> bool:
    """Whether two arrays share no memory; two that own theirs are known to, at once."""
    return (a.base is None and b.base is None and a is not b) or not np.may_share_memory(a, b)


def _stretches(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    """Whether a shape broadcasts to another without changing that."""
    return len(shape) <= len(to) and all(n in (1, m) for n, m in zip(reversed(shape), reversed(to)))
