"""The door to generation: Hypothesis strategies, loaded when first asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parity.strategies.search import from_op, histories, programs, tensors

__all__ = ["from_op", "histories", "programs", "tensors"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(importlib.import_module("parity.strategies.search"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
