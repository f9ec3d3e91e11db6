"""Bessel's and Airy's functions, element by element: SciPy's kernels. float16 is computed in float32."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels.half import Kernel, in_single
from autodiff._kernels.scipy_special import special


def scipys(name: str) -> Kernel:
    """The kernel of that name, looked up when it first runs."""

    def kernel(x: Any) -> Any:
        return getattr(special(), name)(x)

    return in_single(kernel)


def near_logarithm(name: str) -> Kernel:
    """A kernel that ends in the logarithm of its argument, where SciPy's own overflows on the way."""
    kernel = scipys(name)

    def mended(x: Any) -> Any:
        return np.where((x > 0) & (x < 1e-30), (_LOG_2_LESS_EULER - np.log(x)).astype(x.dtype), kernel(x))

    return mended


def in_double(exact: Kernel, single: Kernel) -> Kernel:
    """The one kernel for float64, the other for the rest."""

    def kernel(x: Any) -> Any:
        return exact(x) if x.dtype.itemsize == 8 else single(x)

    return kernel


#: log 2 - Euler's constant: K0(x) is this less log x, as x vanishes.
_LOG_2_LESS_EULER = 0.11593151565841245


def airy_ai(x: Any) -> Any:
    """Airy's function, which vanishes where SciPy gives up."""
    return np.where(x > 200, x.dtype.type(0), special().airy(x)[0])


def spherical_bessel_j0(x: Any) -> Any:
    """sin(x) / x, 1 at 0 and 0 at infinity."""
    return np.where(x == 0, x.dtype.type(1), np.where(np.isinf(x), x.dtype.type(0), np.sin(x) / x))


#: Below it SciPy's powers vanish and leave nan.
_TINY = 1e-140


def modified(x: Any, n: int) -> Any:
    """I of the integer order n."""
    if n < 2:
        return (special().i1(x) if n else special().i0(x)).astype(x.dtype)
    return np.where(np.abs(x) < _TINY, 0, special().iv(float(n), x)).astype(x.dtype)


def scaled_modified(x: Any, n: int) -> Any:
    """e^-|x| times that; SciPy gives up far out."""
    if n < 2:
        return (special().i1e(x) if n else special().i0e(x)).astype(x.dtype)
    return np.where(np.abs(x) < _TINY, 0, special().ive(float(n), x)).astype(x.dtype)
