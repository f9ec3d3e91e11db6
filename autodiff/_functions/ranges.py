"""Tensors that count: ranges, equal distances, powers, the places of a triangle. All outside any graph but vander."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from autodiff._core import arguments, dtypes
from autodiff._core.dtypes import Default
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.values import NUMBER, finished, number
from autodiff._kernels import creation

_UNSAID: Any = type("Unsaid", (), {"__repr__": lambda self: "..."})()
_RANGE = (
    "torch.range is deprecated and will be removed in a future release because its behavior is inconsistent with "
    "Python's range builtin. Instead, use torch.arange, which produces values in [start, end)."
)


def _plain(name: str, where: str, x: Any) -> Any:
    """A Python number. Raises TypeError for what is none."""
    if isinstance(x, Tensor) and not x._array.ndim:
        x = x.item()
    if isinstance(x, np.generic):
        x = x.item()
    if not isinstance(x, NUMBER):
        raise TypeError(f"{name}(): argument '{where}' must be Number, not {type(x).__name__}")
    return x


def _bounds(name: str, start: Any, end: Any, step: Any) -> tuple[Any, Any, Any]:
    found = tuple(_plain(name, where, x) for where, x in (("start", start), ("end", end), ("step", step)))
    if any(isinstance(x, complex) for x in found):
        raise RuntimeError("value cannot be converted to type double without overflow")
    return found


def _check_bounds(start: Any, end: Any, step: Any) -> None:
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not all(math.isfinite(x) for x in (start, end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")


def _served(kernel: str, dtype: Any, kinds: str) -> None:
    if dtype.kind not in kinds:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtypes.title(dtype)}'")


@function(method=False, out="new")
def arange(
    start: Any = _UNSAID,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """start, start + step, ... below `end`; int64 if all three are whole numbers."""
    if end is None and start is _UNSAID:
        raise TypeError("arange() received an invalid combination of arguments - got ()")
    if end is None or start is _UNSAID:
        start, end = 0, start if end is None else end
    start, end, step = _bounds("arange", start, end, step)
    target = arguments.numpy_dtype(dtype)
    if target is None:
        target = Default.real if any(isinstance(x, float) for x in (start, end, step)) else np.dtype("int64")
    _served("arange_cpu", target, "iuf")
    _check_bounds(start, end, step)
    if target.kind in "iu":
        start, end, step = int(start), int(end), int(step)
        if step == 0:
            raise ValueError("step must be nonzero")
    return finished(creation.arange(start, end, step, target), requires_grad, device)


def inclusive(
    start: Any,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """start, start + step, ... up to `end` itself, floating point. Deprecated in torch: arange stops before."""
    if end is None:
        raise TypeError('range() missing 1 required positional arguments: "end"')
    warnings.warn(_RANGE, UserWarning, stacklevel=3)
    start, end, step = _bounds("range", start, end, step)
    target = arguments.numpy_dtype(dtype, Default.real)
    _served("range_cpu", target, "iuf")
    _check_bounds(start, end, step)
    count = math.floor((end - start) / step) + 1
    return finished((start + step * np.arange(count, dtype=np.float64)).astype(target), requires_grad, device)


function(method=False, out="new", name="range")(inclusive)


def _ends(name: str, start: Any, end: Any, steps: Any, dtype: Any) -> tuple[Any, Any, Any]:
    """Both ends as numbers of the dtype that is asked for, or that follows from them; and that dtype."""
    for which, x in (("start", start), ("end", end)):
        if isinstance(x, Tensor) and x._array.ndim:
            raise RuntimeError(
                f"{name} only supports 0-dimensional start and end tensors, but got {which} with {x._array.ndim} "
                "dimension(s)."
            )
    if isinstance(steps, float):
        raise TypeError(f"{name}() received an invalid combination of arguments - got steps={type(steps).__name__}")
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    start, end = _plain(name, "start", start), _plain(name, "end", end)
    default = Default.imaginary() if isinstance(start, complex) or isinstance(end, complex) else Default.real
    target = arguments.numpy_dtype(dtype, default)
    _served(name + "_cpu", target, "iufc")
    return number(start, target), number(end, target), target


@function(method=False, out="new")
def linspace(
    start: Any,
    end: Any,
    steps: int,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """`steps` values at equal distances, both ends included."""
    first, last, target = _ends("linspace", start, end, steps, dtype)
    return finished(creation.linspace(first, last, int(steps), target), requires_grad, device)


@function(method=False, out="new")
def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Powers of `base` whose exponents lie at equal distances."""
    if isinstance(base, complex):
        raise TypeError("logspace() received an invalid combination of arguments - got base=complex")
    first, last, target = _ends("logspace", start, end, steps, dtype)
    array = creation.logspace(first, last, int(steps), float(_plain("logspace", "base", base)), target)
    return finished(array, requires_grad, device)


# -- places of a triangle ------------------------------------------------------------------------------------


def _triangle(name: str, kernel: Any, text: str) -> None:
    def public(
        row: int,
        col: int,
        offset: int = 0,
        *,
        dtype: Any = None,
        layout: Any = None,
        device: Any = None,
        requires_grad: bool = False,
    ) -> Tensor:
        for which, n in (("row", row), ("col", col)):
            if n < 0:
                raise RuntimeError(f"{which} must be non-negative, got{n}")
        target = arguments.numpy_dtype(dtype, np.dtype("int64"))
        if target.kind != "i" or target.itemsize < 2:
            raise NotImplementedError(f"\"{name}\" not implemented for '{dtypes.title(target)}'")
        return finished(np.stack(kernel(row, offset, col)).astype(target), requires_grad, device)

    public.__doc__ = f"Rows and columns of {text} of a matrix, from its diagonal number `offset` on."
    function(name=name, method=False)(public)


_triangle("tril_indices", np.tril_indices, "the lower triangle")
_triangle("triu_indices", np.triu_indices, "the upper triangle")


# -- powers --------------------------------------------------------------------------------------------------


def _powers(x: Any, count: int) -> Tensor:
    if x._array.dtype.kind in "iu" and x._array.dtype.itemsize < 8:
        x = x.long()
    above = x.unsqueeze(-1).expand((*x.shape, count - 1)).cumprod(-1)
    return ops.cat(wrap(np.ones((*x.shape, 1), x._array.dtype)), above, dim=x.ndim)  # type: ignore[no-any-return]


@function(method=False)
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """Powers of x, the highest first unless `increasing`: Vandermonde's matrix."""
    if x._array.ndim != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    count = x._array.size if N is None else N
    if count < 0:
        raise RuntimeError("N must be non-negative.")
    wide: Any = x if x._array.dtype.kind in "fc" else x.long()  # type: ignore[attr-defined]
    if count == 0:
        return wrap(np.empty((x._array.size, 0), wide._array.dtype))
    found: Any = _powers(wide, count)
    return found if increasing else found.flip(-1)  # type: ignore[no-any-return]
