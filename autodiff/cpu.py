"""torch.cpu: the one device there is."""

from __future__ import annotations

from typing import Any


def is_available() -> bool:
    """Whether there is a CPU."""
    return True


is_initialized = is_available


def device_count() -> int:
    """How many devices there are: always 1, whatever the number of cores."""
    return 1


def current_device() -> str:
    """The device: "cpu"."""
    return "cpu"


def synchronize(device: Any = None) -> None:
    """Waits for nothing: everything is done when its call returns."""


def set_device(device: Any) -> None:
    """Accepted: there is one device."""
