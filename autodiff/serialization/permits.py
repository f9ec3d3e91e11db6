"""torch's list of classes that files may make: kept for programs that fill it, though no file makes any class here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_listed: list[Any] = []


def add_safe_globals(safe_globals: Sequence[Any]) -> None:
    """Put classes or functions on the list; `load` makes none of them all the same, and refuses a file that asks."""
    _listed.extend(x for x in safe_globals if x not in _listed)


def get_safe_globals() -> list[Any]:
    """What is on the list."""
    return list(_listed)


def clear_safe_globals() -> None:
    """Empty the list."""
    _listed.clear()


class safe_globals:
    """A region with these on the list; see `add_safe_globals`."""

    def __init__(self, safe_globals: Sequence[Any]) -> None:
        self.safe_globals = safe_globals

    def __enter__(self) -> None:
        add_safe_globals(self.safe_globals)

    def __exit__(self, *_: object) -> None:
        # As torch does, what was on the list before too.
        _listed[:] = [x for x in _listed if x not in self.safe_globals]
