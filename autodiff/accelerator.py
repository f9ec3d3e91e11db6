"""torch.accelerator where there is none."""

from __future__ import annotations

from typing import Any, NoReturn

from autodiff._surface.placement import NO_ACCELERATOR


def is_available() -> bool:
    """Whether there is an accelerator: never."""
    return False


def device_count() -> int:
    """How many accelerators there are: none."""
    return 0


def current_accelerator(check_available: bool = False) -> None:
    """The accelerator's device: None."""


def _absent(*args: Any, **kwargs: Any) -> NoReturn:
    """Raises torch's RuntimeError: there is no accelerator."""
    raise RuntimeError(NO_ACCELERATOR)


current_device_index = set_device_index = current_stream = set_stream = synchronize = empty_cache = _absent
memory_allocated = memory_reserved = max_memory_allocated = reset_peak_memory_stats = _absent
