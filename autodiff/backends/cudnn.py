"""torch.backends.cudnn: there is no such library; its switches are kept, and put back by `flags`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from autodiff.backends.absent import is_available

__all__ = ["allow_tf32", "benchmark", "deterministic", "enabled", "flags", "is_available", "set_flags", "version"]

enabled = True
benchmark = False
benchmark_limit: int | None = None
deterministic = False
allow_tf32 = True
_SWITCHES = ("enabled", "benchmark", "benchmark_limit", "deterministic", "allow_tf32")


def version() -> int | None:
    """The library's version: None."""
    return None


def is_acceptable(tensor: Any) -> bool:
    """Whether the library would take this tensor: never."""
    return False


def set_flags(
    _enabled: bool | None = None,
    _benchmark: bool | None = None,
    _benchmark_limit: int | None = None,
    _deterministic: bool | None = None,
    _allow_tf32: bool | None = None,
) -> tuple[Any, ...]:
    """Turn the switches that are given; what they were."""
    before = tuple(globals()[name] for name in _SWITCHES)
    for name, given in zip(_SWITCHES, (_enabled, _benchmark, None, _deterministic, _allow_tf32)):
        if given is not None:  # the limit is the library's own, which there is not
            globals()[name] = given
    return before


@contextlib.contextmanager
def flags(
    enabled: bool = False,
    benchmark: bool = False,
    benchmark_limit: int = 10,
    deterministic: bool = False,
    allow_tf32: bool = True,
) -> Iterator[None]:
    """A region with these switches."""
    before = set_flags(enabled, benchmark, benchmark_limit, deterministic, allow_tf32)
    try:
        yield
    finally:
        globals().update(zip(_SWITCHES, before))
