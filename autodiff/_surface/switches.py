"""Switches of the root namespace that are kept and read: determinism, threads, precision of products.

They change nothing: kernels here are deterministic, products are full float32, and BLAS has its threads from the
environment (`OMP_NUM_THREADS`).
"""

from __future__ import annotations

import os
import warnings
from typing import Any

from autodiff._core.geometry import placed


class _Kept:
    deterministic = warn_only = warn_always = False
    precision = "highest"
    threads: int | None = None
    interop: int | None = None


_PRECISIONS = ("highest", "high", "medium")


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Accepted: everything here is deterministic."""
    _Kept.deterministic, _Kept.warn_only = bool(mode), bool(warn_only)


def are_deterministic_algorithms_enabled() -> bool:
    """Whether determinism was asked for."""
    return _Kept.deterministic


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether determinism was asked for with a warning alone."""
    return _Kept.deterministic and _Kept.warn_only


def set_float32_matmul_precision(precision: str) -> None:
    """Accepted: products of float32 are full here, whichever is asked for; warns of any other word."""
    if precision in _PRECISIONS:
        _Kept.precision = precision
    else:
        warnings.warn(
            f"{precision} is not one of 'highest', 'high', or 'medium'; the call has no effect.",
            UserWarning,
            stacklevel=2,
        )


def get_float32_matmul_precision() -> str:
    """What was asked for."""
    return _Kept.precision


def set_num_threads(int: Any) -> None:
    """Remembered: BLAS reads its number of threads when it is loaded. Raises RuntimeError for less than one."""
    if int < 1:
        raise RuntimeError("set_num_threads expects a positive integer")
    _Kept.threads = int


def get_num_threads() -> int:
    """What was set, or what the environment says, or the number of cores."""
    return _Kept.threads or int(os.environ.get("OMP_NUM_THREADS", "") or os.cpu_count() or 1)


def set_num_interop_threads(int: Any) -> None:
    """Remembered. Raises RuntimeError for less than one."""
    if int < 1:
        raise RuntimeError("set_num_interop_threads expects a positive integer")
    _Kept.interop = int


def get_num_interop_threads() -> int:
    """What was set, or the number of cores."""
    return _Kept.interop or os.cpu_count() or 1


def set_warn_always(b: bool, /) -> None:
    """Remembered: warnings go Python's way here."""
    _Kept.warn_always = b


def is_warn_always_enabled() -> bool:
    """What was set."""
    return _Kept.warn_always


def set_default_device(device: Any) -> None:
    """Accepted for the CPU, the only device there is; raises torch's error for another, which torch raises later."""
    if device is not None:
        placed(device)


def is_storage(obj: Any, /) -> bool:
    """Whether it is a storage, torch's bare memory: nothing here is."""
    return False


SWITCHES = {
    f.__name__: f
    for f in (
        use_deterministic_algorithms, are_deterministic_algorithms_enabled, set_num_threads, get_num_threads,
        is_deterministic_algorithms_warn_only_enabled, set_float32_matmul_precision, get_float32_matmul_precision,
        set_num_interop_threads, get_num_interop_threads, set_warn_always, is_warn_always_enabled, set_default_device,
        is_storage,
    )
}  # fmt: skip
