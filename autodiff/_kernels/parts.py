"""Casts and the parts of complex numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels.brain import BRAIN, held
from autodiff._kernels.geometry import unexpanded
from autodiff._kernels.layout import laid_like


def cast(x: Any, dtype: Any) -> Any:
    """x in another dtype. A complex number loses its imaginary part, and a float out of an integer's range wraps."""
    if x.dtype.kind == "c" and dtype.kind != "c":
        x = x.real if dtype.kind != "b" else x != 0
    if dtype is BRAIN:
        return held(x)
    return x.astype(dtype) if not isinstance(x, np.ndarray) or 0 not in x.strides else unexpanded(x).astype(dtype)


def conj(x: Any) -> Any:
    """The conjugate; a real number is its own."""
    if isinstance(x, (bool, int, float)):
        return x
    return x.conjugate() if isinstance(x, complex) or x.dtype.kind == "c" else x


def zeros_like(x: Any) -> Any:
    return np.zeros(x.shape, x.dtype) if isinstance(x, np.ndarray) else type(x)(0)


def view_as_real(x: Any) -> Any:
    """The real and the imaginary parts along a last dimension of size 2, in the same memory."""
    x = np.asarray(x)
    half = x.itemsize // 2
    return np.lib.stride_tricks.as_strided(x.real, (*x.shape, 2), (*x.strides, half))


def view_as_complex(x: Any) -> Any:
    """Complex numbers of the pairs along the last dimension, which lie side by side, in the same memory."""
    return np.asarray(x).view(_COMPLEX[x.dtype.char])[..., 0]


def complex_of(real: Any, imag: Any) -> Any:
    real, imag = np.broadcast_arrays(real, imag)
    out = np.empty(real.shape, _COMPLEX[real.dtype.char])
    out.real, out.imag = real, imag
    return laid_like(out, real, imag)


def polar(size: Any, angle: Any) -> Any:
    return complex_of(size * np.cos(angle), size * np.sin(angle))


def angle(x: Any) -> Any:
    """The angle from the positive real axis; of a real number 0 or π, and nan of nan."""
    if x.dtype.kind == "c":
        return np.arctan2(x.imag, x.real)
    return np.where(np.isnan(x), x, np.where(x < 0, np.pi, 0)).astype(x.dtype)


_COMPLEX = {"f": np.dtype("complex64"), "d": np.dtype("complex128")}
