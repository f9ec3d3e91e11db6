"""torch.backends.mps: there is no such device."""

from __future__ import annotations


def is_available() -> bool:
    """Whether there is such a device: never."""
    return False


def is_built() -> bool:
    """Whether this was built for such a device: never."""
    return False
