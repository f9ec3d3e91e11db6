"""Window functions of signal processing, as torch makes them; outside any graph."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._core import arguments, dtypes
from autodiff._core.dtypes import Default
from autodiff._core.function import function
from autodiff._core.tensor import Tensor
from autodiff._functions.values import finished
from autodiff._kernels import windows
from autodiff._kernels.flags import anyway

Shape = Callable[[int], Any]


def _window(
    name: str, length: int, periodic: bool, shape: Shape, dtype: Any, device: Any, requires_grad: bool
) -> Tensor:
    """`shape` gives n points of the symmetric window; a periodic one is the longer one without its last point."""
    if isinstance(length, float):
        raise TypeError(f"{name}(): argument 'window_length' (position 1) must be int, not float")
    if not isinstance(periodic, bool):
        raise TypeError(f"{name}(): argument 'periodic' (position 2) must be bool, not {type(periodic).__name__}")
    target = arguments.numpy_dtype(dtype, Default.real)
    if target.kind == "c":
        raise NotImplementedError(f"\"arange_cpu\" not implemented for '{dtypes.title(target)}'")
    if target.kind != "f":
        raise RuntimeError(f"{name} expects floating point dtypes, got: {dtypes.title(target)}")
    if length < 0:
        raise RuntimeError(f"{name} requires non-negative window_length, got window_length={length}")
    points = np.ones(length) if length < 2 else anyway(shape, length + periodic)[:length]
    return finished(np.array(points, target), requires_grad, device)


def _in_turn(body: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """torch has an overload per option, each with those before it: none may be left out. Raises TypeError."""
    parameters = inspect.signature(body).parameters.values()
    names = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]

    @functools.wraps(body)
    def checked(*args: Any, **named: Any) -> Tensor:
        left_out = [name not in named for name in names[len(args) :]]
        if left_out != sorted(left_out):
            raise TypeError(
                f"{body.__name__}() received an invalid combination of arguments - got {', '.join(named)} without all "
                f"that come before; they are {', '.join(names)}"
            )
        return body(*args, **named)

    return checked


@function(method=False)
def hann_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Half a cosine up and down, from 0 to 1."""
    shape = windows.raised_cosine(0.5, 0.5)
    return _window("hann_window", window_length, periodic, shape, dtype, device, requires_grad)


@function(method=False)
@_in_turn
def hamming_window(
    window_length: int,
    periodic: bool = True,
    alpha: float = 0.54,
    beta: float = 0.46,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """alpha - beta · cos."""
    shape = windows.raised_cosine(alpha, beta)
    return _window("hamming_window", window_length, periodic, shape, dtype, device, requires_grad)


@function(method=False)
def blackman_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """0.42 - 0.5 · cos + 0.08 · cos of twice the angle."""
    return _window("blackman_window", window_length, periodic, windows.blackman, dtype, device, requires_grad)


@function(method=False)
def bartlett_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A triangle from 0 to 1 and back."""
    return _window("bartlett_window", window_length, periodic, windows.triangle, dtype, device, requires_grad)


@function(method=False)
@_in_turn
def kaiser_window(
    window_length: int,
    periodic: bool = True,
    beta: float = 12.0,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Bessel's I0 over a half circle of radius beta, 1 in the middle."""
    shape = windows.kaiser(beta)
    return _window("kaiser_window", window_length, periodic, shape, dtype, device, requires_grad)
