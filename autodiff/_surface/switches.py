"""Switches of the root namespace that are kept and read: determinism, threads, precision of products.

They change nothing: kernels here are deterministic, products are full float32, and BLAS has its threads from the
environment (`OMP_NUM_THREADS`).
"""

from __future__ import annotations

import os
import warnings
from typing import Any

from autodiff._core.anomaly import set_anomaly
from autodiff._core.geometry import placed
from autodiff._core.tensor import Tensor


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


_LEVELS = ("default", "warn", "error")


def set_deterministic_debug_mode(debug_mode: Any) -> None:
    """Accepted, as `use_deterministic_algorithms` is: 0 or "default", 1 or "warn", 2 or "error"."""
    if not isinstance(debug_mode, (int, str)):
        raise TypeError(f"debug_mode must be str or int, but got {type(debug_mode)}")
    if debug_mode not in (*_LEVELS, 0, 1, 2):
        expected = "one of `default`, `warn`, `error`" if isinstance(debug_mode, str) else "0, 1, or 2"
        raise RuntimeError(f"invalid value of debug_mode, expected {expected}, but got {debug_mode}")
    level = _LEVELS.index(debug_mode) if isinstance(debug_mode, str) else debug_mode
    use_deterministic_algorithms(level > 0, warn_only=level == 1)


def get_deterministic_debug_mode() -> int:
    """What was asked for: 0, 1 to be warned, 2 to be refused."""
    return (1 if _Kept.warn_only else 2) if _Kept.deterministic else 0


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


def set_anomaly_enabled(mode: bool, check_nan: bool = True) -> None:
    """Switch anomaly detection on or off, in all threads."""
    set_anomaly(mode, check_nan)


def set_flush_denormal(mode: bool) -> bool:
    """False: denormal numbers are kept here, as NumPy keeps them; torch has a processor's switch for that."""
    return False


def compiled_with_cxx11_abi() -> bool:
    """True, as of any torch of today."""
    return True


def get_device(input: Any) -> int:
    """-1, the number of the CPU. Raises TypeError for what is no tensor."""
    _need_tensor("get_device", input)
    return -1


def is_distributed(input: Any) -> bool:
    """False: a tensor is all here. Raises TypeError for what is no tensor."""
    _need_tensor("is_distributed", input)
    return False


def is_inference(input: Any) -> bool:
    """Whether the tensor was made in inference mode. Raises TypeError for what is no tensor."""
    _need_tensor("is_inference", input)
    return input.is_inference()  # type: ignore[no-any-return]


def _need_tensor(name: str, given: Any) -> None:
    if not isinstance(given, Tensor):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(given).__name__}")


def is_storage(obj: Any, /) -> bool:
    """Whether it is a storage, torch's bare memory: nothing here is."""
    return False


SWITCHES = {
    f.__name__: f
    for f in (
        use_deterministic_algorithms, are_deterministic_algorithms_enabled, set_num_threads, get_num_threads,
        is_deterministic_algorithms_warn_only_enabled, set_float32_matmul_precision, get_float32_matmul_precision,
        set_num_interop_threads, get_num_interop_threads, set_warn_always, is_warn_always_enabled, set_default_device,
        is_storage, set_deterministic_debug_mode, get_deterministic_debug_mode, set_flush_denormal,
        compiled_with_cxx11_abi, set_anomaly_enabled, get_device, is_distributed, is_inference,
    )
}  # fmt: skip
