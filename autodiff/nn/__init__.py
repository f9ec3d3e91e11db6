"""torch.nn: functions at once, modules when one is asked for."""

from __future__ import annotations

import importlib as _importlib
from typing import Any as _Any

from autodiff.nn import functional

__all__ = ["functional"]

_MODULES = ("attention", "init", "modules", "parallel", "parameter", "utils")


def __getattr__(name: str) -> _Any:
    if name in _MODULES:
        return _importlib.import_module(f"{__name__}.{name}")
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    for home in ("parameter", "modules", "parallel"):
        module = _importlib.import_module(f"{__name__}.{home}")
        if hasattr(module, name):
            found = globals()[name] = getattr(module, name)
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
