"""Floating-point flags: torch divides by zero in silence, NumPy warns.

`np.errstate` costs 1.2 µs an entry; setting the context variable beneath it and setting it back a tenth; running one
call in a context where it is set a hundredth. All leave `np.geterr()` as it was, in this thread and in every other.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import Any

import numpy as np

try:
    from numpy._core.umath import _extobj_contextvar, _make_extobj

    SILENT: Any = _make_extobj(all="ignore")
    quiet = _extobj_contextvar.set
    loud = _extobj_contextvar.reset
    _context = contextvars.Context()
    _context.run(quiet, SILENT)
    #: `silently(kernel, *arrays)`: for one call. Raises RuntimeError where another thread is inside: `anyway` then.
    silently = _context.run
except ImportError:  # another NumPy: the public way, slower
    SILENT = None

    def quiet(_: Any) -> Any:
        state = np.errstate(all="ignore")
        state.__enter__()
        return state

    def loud(state: Any) -> None:
        state.__exit__(None, None, None)

    def silently(kernel: Callable[..., Any], *arguments: Any, **params: Any) -> Any:
        return anyway(kernel, *arguments, **params)


def anyway(kernel: Callable[..., Any], *arguments: Any, **params: Any) -> Any:
    """A call in silence, also while another thread is inside `silently`."""
    token = quiet(SILENT)
    try:
        return kernel(*arguments, **params)
    finally:
        loud(token)
