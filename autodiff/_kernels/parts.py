"""Casts and the parts of complex numbers."""

from __future__ import annotations

from typing import Any

import numpy as np


def cast(x: Any, dtype: Any) -> Any:
    """x in another dtype. A complex number loses its imaginary part, and a float out of an integer's range wraps."""
    if x.dtype.kind == "c" and dtype.kind != "c":
        x = x.real if dtype.kind != "b" else x != 0
    return x.astype(dtype)


def conj(x: Any) -> Any:
    """The conjugate; a real number is its own."""
    if isinstance(x, (bool, int, float)):
        return x
    return x.conjugate() if isinstance(x, complex) or x.dtype.kind == "c" else x


def zeros_like(x: Any) -> Any:
    return np.zeros(x.shape, x.dtype) if isinstance(x, np.ndarray) else type(x)(0)
