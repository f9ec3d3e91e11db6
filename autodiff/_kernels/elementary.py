"""Elementary functions, element by element, where NumPy's own is not the answer torch gives."""

from __future__ import annotations

from typing import Any

import numpy as np


def sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x); where e^-x overflows the quotient is 0, as it should be."""
    if not isinstance(x, np.ndarray):
        return 1 / (1 + np.exp(-x))
    out = np.negative(x)
    np.exp(out, out=out)
    out += 1
    return np.divide(1, out, out=out)


def rsqrt(x: Any) -> Any:
    return 1 / np.sqrt(x)
