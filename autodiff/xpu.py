"""torch.xpu where there is no such device."""

from __future__ import annotations

from typing import Any, NoReturn


def is_available() -> bool:
    """Whether there is such a device: never."""
    return False


def is_bf16_supported() -> bool:
    """Whether such a device computes in bfloat16: there is none."""
    return False


def device_count() -> int:
    """How many such devices there are: none."""
    return 0


def memory_allocated(device: Any = None) -> int:
    """The bytes on such a device: none."""
    return 0


memory_reserved = max_memory_allocated = memory_allocated


def manual_seed(seed: int) -> None:
    """Accepted: there is no stream to seed."""


manual_seed_all = manual_seed


def empty_cache() -> None:
    """Accepted: there is no cache."""


def _absent(*args: Any, **kwargs: Any) -> NoReturn:
    """Raises torch's AssertionError: there is no such device."""
    raise AssertionError("Torch not compiled with XPU enabled")


current_device = get_device_name = get_device_capability = get_device_properties = set_device = synchronize = _absent
