"""torch.cuda where there is no such device: what can be answered is, everything else raises torch's error.

Knows no array: no answer depends on what was computed.
"""

from __future__ import annotations

import collections
from typing import Any, NoReturn

from autodiff._surface.legacy import types as _types
from autodiff.cuda import amp

__all__ = ["amp", "current_device", "device_count", "empty_cache", "is_available", "manual_seed", "manual_seed_all"]

default_generators: tuple[Any, ...] = ()
has_magma = False


def is_available() -> bool:
    """Whether there is such a device: never."""
    return False


def is_initialized() -> bool:
    """Whether such a device is in use: never."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether such a device computes in bfloat16: there is none."""
    return False


def is_tf32_supported() -> bool:
    """Whether such a device computes in tf32: there is none."""
    return False


def device_count() -> int:
    """How many such devices there are: none."""
    return 0


def get_arch_list() -> list[str]:
    """The architectures that were compiled for: none."""
    return []


def get_rng_state_all() -> list[Any]:
    """The states of every device's stream: there is none."""
    return []


def manual_seed(seed: int) -> None:
    """Accepted: there is no stream to seed."""


def manual_seed_all(seed: int) -> None:
    """Accepted: there is no stream to seed."""


def seed() -> None:
    """Accepted: there is no stream to seed."""


def seed_all() -> None:
    """Accepted: there is no stream to seed."""


def set_rng_state(new_state: Any, device: Any = "cuda") -> None:
    """Accepted: there is no stream to set."""


def empty_cache() -> None:
    """Accepted: there is no cache."""


def memory_allocated(device: Any = None) -> int:
    """The bytes on such a device: none."""
    return 0


def memory_reserved(device: Any = None) -> int:
    """The bytes kept on such a device: none."""
    return 0


max_memory_allocated, max_memory_reserved = memory_allocated, memory_reserved


def memory_stats(device: Any = None) -> dict[str, Any]:
    """Figures of an allocator that there is not: none."""
    return collections.OrderedDict()


class Stream:
    """Work in order on a device. Raises torch's RuntimeError."""

    def __new__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError("torch.cuda.Stream requires CUDA support")


class Event:
    """A moment in a stream. Raises torch's RuntimeError."""

    def __new__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError("Tried to instantiate dummy base class Event")


class CudaError(RuntimeError):
    """An error of a device: never raised here."""


class AcceleratorError(RuntimeError):
    """An error of a device, by the name that it has for any: never raised here."""


class OutOfMemoryError(RuntimeError):
    """A device's memory is full: never raised here."""


def _absent(*args: Any, **kwargs: Any) -> NoReturn:
    """Raises torch's AssertionError: there is no such device, which `is_available()` tells."""
    raise AssertionError("Torch not compiled with CUDA enabled")


def set_device(device: Any) -> None:
    """Accepted for a negative number, which means none; raises torch's error for a device."""
    if not isinstance(device, int) or device >= 0:
        _absent()


init = current_device = synchronize = current_stream = default_stream = ipc_collect = _absent
get_device_name = get_device_capability = get_device_properties = get_rng_state = initial_seed = mem_get_info = _absent
reset_peak_memory_stats = reset_max_memory_allocated = set_per_process_memory_fraction = can_device_access_peer = (
    _absent
)

globals().update(_types("torch.cuda"))
