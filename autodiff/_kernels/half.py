"""float16 computed in float32, as torch does on a CPU; knows no operator."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

Kernel = Callable[..., Any]


def in_single(kernel: Kernel) -> Kernel:
    """The kernel with its float16 arrays widened, and its result narrowed again if there were any."""

    @functools.wraps(kernel)
    def wide(*arrays: Any, **parameters: Any) -> Any:
        if not any(_is_half(a) for a in arrays):
            return kernel(*arrays, **parameters)
        result = kernel(*[a.astype(np.float32) if _is_half(a) else a for a in arrays], **parameters)
        return tuple(_narrow(r) for r in result) if isinstance(result, tuple) else _narrow(result)

    return wide


def _is_half(a: Any) -> bool:
    return isinstance(a, (np.ndarray, np.generic)) and a.dtype.char == "e"


def _narrow(a: Any) -> Any:
    return a.astype(np.float16) if a.dtype.char == "f" else a
