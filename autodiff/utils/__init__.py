"""torch.utils: what belongs to no operator; each module is loaded when asked for."""

from __future__ import annotations

import importlib
from typing import Any

_MODULES = frozenset(["_pytree", "checkpoint", "data", "dlpack"])


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.{name}")
