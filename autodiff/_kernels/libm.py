"""Logarithms and angles in float64 as C's library rounds them, which torch calls one by one: for the same last bit.

NumPy's own loops are faster and now and then a bit off; they serve the long arrays, where that counts for more.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

#: Up to so many elements are computed by C's library.
LONG = 2**14


def _by_library(one: Callable[[float], float], many: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def apply(x: Any) -> Any:
        if x.dtype != np.float64 or x.size > LONG:
            return many(x)
        return np.fromiter(map(one, x.ravel().tolist()), np.float64, x.size).reshape(x.shape)

    return apply


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


log = _by_library(lambda x: math.log(x) if x else -math.inf, np.log)
log1p = _by_library(math.log1p, np.log1p)
exp = _by_library(_exp, np.exp)
cos = _by_library(math.cos, np.cos)
sin = _by_library(math.sin, np.sin)
tan = _by_library(math.tan, np.tan)
