"""autocast: the mode is kept and told, and nothing is cast: operators compute in the dtypes that they are given.

torch would run products and convolutions in bfloat16 and lose five digits; what a program prints here is its float32.
"""

from __future__ import annotations

import functools
import threading
import warnings
from types import TracebackType
from typing import Any

from autodiff._core import dtypes
from autodiff._core.geometry import device

_HALVES = (dtypes.bfloat16, dtypes.float16)
#: What else torch knows such a mode for.
_KINDS = ("cpu", "cuda", "mps", "xpu", "hpu", "mtia", "maia", "xla", "ipu", "privateuseone")


class _Modes(threading.local):
    """A thread's open modes, the innermost last."""

    def __init__(self) -> None:
        self.open: list[autocast] = []


_modes = _Modes()


class autocast:
    """A region, or a decorator, in which the device is said to compute in half precision; see the module.

    Warns and is disabled for a device that is not there, and for a dtype that torch casts to on no CPU.
    """

    def __init__(
        self, device_type: str, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        self.device = device(device_type).type
        usual = get_autocast_dtype(self.device)
        self.fast_dtype = usual if dtype is None else dtype
        self._cache_enabled = is_autocast_cache_enabled() if cache_enabled is None else cache_enabled
        if enabled and self.device == "cuda":
            warnings.warn("CUDA is not available or torch_xla is imported. Disabling autocast.", stacklevel=2)
            enabled = False
        elif enabled and self.device == "cpu" and self.fast_dtype not in _HALVES:
            warnings.warn(
                "In CPU autocast, but the target dtype is not supported. Disabling autocast.\n"
                "CPU Autocast only supports dtypes of torch.bfloat16, torch.float16 currently.",
                stacklevel=2,
            )
            enabled = False
        self._enabled = enabled

    def __enter__(self) -> autocast:
        _modes.open.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _modes.open.pop()

    def __call__(self, func: Any) -> Any:
        @functools.wraps(func)
        def within(*args: Any, **kwargs: Any) -> Any:
            with self:
                return func(*args, **kwargs)

        return within


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Whether the innermost mode for this device is enabled."""
    return next((mode._enabled for mode in reversed(_modes.open) if mode.device == device_type), False)


def is_autocast_cache_enabled() -> bool:
    """Whether casts would be kept for a second use."""
    return _modes.open[-1]._cache_enabled if _modes.open else True


def get_autocast_dtype(device_type: str) -> Any:
    """The dtype that the device is said to compute in: bfloat16 on a CPU. Raises RuntimeError for one without."""
    if not is_autocast_available(device_type):
        raise RuntimeError(f"unsupported scalarType: there is no such mode for {device_type!r}")
    usual = dtypes.bfloat16 if device_type in ("cpu", "xla", "hpu", "maia") else dtypes.float16
    return next((mode.fast_dtype for mode in reversed(_modes.open) if mode.device == device_type), usual)


def get_autocast_cpu_dtype() -> Any:
    """`get_autocast_dtype("cpu")`, by its old name."""
    return get_autocast_dtype("cpu")


def is_autocast_available(device_type: str) -> bool:
    """Whether torch has such a mode for this kind of device."""
    return device(device_type).type in _KINDS


def custom_fwd(fwd: Any = None, *, device_type: str, cast_inputs: Any = None) -> Any:
    """A mark on the forward of an `autograd.Function`: itself, for nothing is cast."""
    return (lambda given: given) if fwd is None else fwd


def custom_bwd(bwd: Any = None, *, device_type: str) -> Any:
    """A mark on the backward of an `autograd.Function`: itself, for nothing is cast."""
    return (lambda given: given) if bwd is None else bwd
