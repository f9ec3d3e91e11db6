"""torch.mps where there is no such device."""

from __future__ import annotations

from typing import NoReturn


def is_available() -> bool:
    """Whether there is such a device: never."""
    return False


def device_count() -> int:
    """How many such devices there are: none."""
    return 0


def manual_seed(seed: int) -> None:
    """Accepted: there is no stream to seed."""


def empty_cache() -> NoReturn:
    """Raises torch's RuntimeError."""
    raise RuntimeError("Cannot execute emptyCache() without MPS backend.")


def synchronize() -> NoReturn:
    """Raises torch's RuntimeError."""
    raise RuntimeError("Cannot execute deviceSynchronize() without MPS backend.")


def current_allocated_memory() -> NoReturn:
    """Raises torch's RuntimeError."""
    raise RuntimeError("Cannot execute getCurrentAllocatedMemory() without MPS backend.")
