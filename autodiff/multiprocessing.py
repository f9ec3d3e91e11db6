"""torch.multiprocessing: Python's own, under torch's name; tensors are copied between processes, not shared."""

from __future__ import annotations

from multiprocessing import *  # noqa: F403
from multiprocessing import __all__ as _names
from typing import Any

__all__ = [*_names, "get_all_sharing_strategies", "get_sharing_strategy", "set_sharing_strategy"]


class _Strategy:
    name = "file_descriptor"


def get_all_sharing_strategies() -> set[str]:
    """torch's ways of sharing memory, of which none is used here."""
    return {"file_descriptor", "file_system"}


def set_sharing_strategy(new_strategy: Any) -> None:
    """Accepted: memory is copied, in whichever way. Raises AssertionError for no way of torch's."""
    if new_strategy not in get_all_sharing_strategies():
        known = get_all_sharing_strategies()
        raise AssertionError(f"invalid sharing strategy {new_strategy!r}, expected one of {known}")
    _Strategy.name = new_strategy


def get_sharing_strategy() -> str:
    """What was set last."""
    return _Strategy.name
