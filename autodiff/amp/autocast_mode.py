"""autocast: regions in which products are computed in half precision, and what keeps digits in float32.

Which operators run in which dtype, and each thread's modes, are `_core.casting`'s.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any

import numpy as np

from autodiff._core import casting, dtypes
from autodiff._core.casting import modes
from autodiff._core.geometry import device
from autodiff._core.tensor import Tensor

_HALVES = (dtypes.bfloat16, dtypes.float16)
#: What else torch knows such a mode for.
_KINDS = ("cpu", "cuda", "mps", "xpu", "hpu", "mtia", "maia", "xla", "ipu", "privateuseone")


class autocast:
    """A region, or a decorator, in which a device computes in half precision what bears it; see the module.

    `cache_enabled`: a parameter is cast once for all its uses until the outermost region ends, written or not.
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
        self._before = (
            is_autocast_enabled(self.device), get_autocast_dtype(self.device), is_autocast_cache_enabled()
        )  # fmt: skip
        set_autocast_enabled(self.device, self._enabled)
        set_autocast_dtype(self.device, self.fast_dtype)
        set_autocast_cache_enabled(self._cache_enabled)
        autocast_increment_nesting()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if autocast_decrement_nesting() == 0:
            clear_autocast_cache()
        enabled, dtype, cache = self._before
        set_autocast_enabled(self.device, enabled)
        set_autocast_dtype(self.device, dtype)
        set_autocast_cache_enabled(cache)

    def __call__(self, func: Any) -> Any:
        @functools.wraps(func)
        def within(*args: Any, **kwargs: Any) -> Any:
            with self:
                return func(*args, **kwargs)

        return within


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Whether this thread's mode for the device is enabled."""
    return modes.enabled.get(device(device_type).type, False)


def set_autocast_enabled(*args: Any) -> None:
    """Switch this thread's mode on or off: for the device that is named first, or for CUDA's."""
    device_type, enabled = args if len(args) == 2 else ("cuda", *args)
    if not isinstance(enabled, bool):
        raise TypeError(
            f"set_autocast_enabled(): argument 'enabled' (position {len(args)}) must be bool, not "
            f"{type(enabled).__name__}"
        )
    casting.enable(device(device_type).type, enabled)


def is_autocast_cache_enabled() -> bool:
    """Whether parameters that were cast are kept for a second use."""
    return modes.cache


def set_autocast_cache_enabled(enabled: bool) -> None:
    """Keep, or do not keep from now on, what parameters are cast to."""
    modes.cache = enabled


def clear_autocast_cache() -> None:
    """Forget what parameters were cast to."""
    modes.kept.clear()


def autocast_increment_nesting() -> int:
    """One region more, of how many."""
    modes.nesting += 1
    return modes.nesting


def autocast_decrement_nesting() -> int:
    """One region less, and how many are left."""
    modes.nesting -= 1
    return modes.nesting


def get_autocast_dtype(device_type: str) -> Any:
    """The dtype that the device computes in where the mode is on: bfloat16 on a CPU unless another was set.

    Raises RuntimeError for a device without such a mode.
    """
    if not is_autocast_available(device_type):
        raise RuntimeError(f"unsupported scalarType: there is no such mode for {device_type!r}")
    usual = dtypes.bfloat16 if device_type in ("cpu", "xla", "hpu", "maia") else dtypes.float16
    return modes.dtypes.get(device_type, usual)


def set_autocast_dtype(device_type: str, dtype: Any) -> None:
    """Another dtype for a device to compute in."""
    modes.dtypes[device(device_type).type] = dtype


def get_autocast_cpu_dtype() -> Any:
    """`get_autocast_dtype("cpu")`, by its old name."""
    return get_autocast_dtype("cpu")


def set_autocast_cpu_dtype(dtype: Any) -> None:
    """`set_autocast_dtype("cpu", dtype)`, by its old name."""
    set_autocast_dtype("cpu", dtype)


def is_autocast_cpu_enabled() -> bool:
    """`is_autocast_enabled("cpu")`, by its old name."""
    return is_autocast_enabled("cpu")


def set_autocast_cpu_enabled(enabled: bool) -> None:
    """`set_autocast_enabled("cpu", enabled)`, by its old name."""
    set_autocast_enabled("cpu", enabled)


def get_autocast_gpu_dtype() -> Any:
    """`get_autocast_dtype("cuda")`, by its old name."""
    return get_autocast_dtype("cuda")


def set_autocast_gpu_dtype(dtype: Any) -> None:
    """`set_autocast_dtype("cuda", dtype)`, by its old name."""
    set_autocast_dtype("cuda", dtype)


def is_autocast_available(device_type: str) -> bool:
    """Whether torch has such a mode for this kind of device."""
    return device(device_type).type in _KINDS


def custom_fwd(fwd: Any = None, *, device_type: str, cast_inputs: Any = None) -> Any:
    """The forward of an `autograd.Function`, which notes the mode on its context for `custom_bwd`.

    `cast_inputs`: where the mode is on, it runs with the mode off, on floating-point inputs cast to this dtype.
    """
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @functools.wraps(fwd)
    def forward(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        enabled = is_autocast_enabled(device_type)
        ctx._dtype = get_autocast_dtype(device_type)
        ctx._fwd_used_autocast = enabled and cast_inputs is None
        if not enabled or cast_inputs is None:
            return fwd(ctx, *args, **kwargs)
        with autocast(device_type, enabled=False):
            return fwd(ctx, *_cast(args, device_type, cast_inputs), **_cast(kwargs, device_type, cast_inputs))

    return forward


def custom_bwd(bwd: Any = None, *, device_type: str) -> Any:
    """The backward of an `autograd.Function`, in the mode that its forward ran in."""
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def backward(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        with autocast(device_type, enabled=ctx._fwd_used_autocast, dtype=ctx._dtype):
            return bwd(ctx, *args, **kwargs)

    return backward


def _cast(value: Any, device_type: str, dtype: Any) -> Any:
    """The floating-point tensors in it in another dtype, but those of float64."""
    if isinstance(value, Tensor):
        fits = value.is_floating_point() and value.dtype is not dtypes.float64 and value.device.type == device_type  # type: ignore[attr-defined]
        return value.to(dtype) if fits else value  # type: ignore[attr-defined]
    if isinstance(value, Mapping):
        return {_cast(k, device_type, dtype): _cast(v, device_type, dtype) for k, v in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes, np.ndarray)):
        parts = (_cast(v, device_type, dtype) for v in value)
        return type(value)(parts) if isinstance(value, (list, tuple)) else parts
    return value
