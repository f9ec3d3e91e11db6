"""The door to scipy.special, which costs a fifth of a second to import and so is opened on first use."""

from __future__ import annotations

import importlib
from typing import Any

_module: Any = None


def special() -> Any:
    """scipy.special."""
    global _module
    if _module is None:
        _module = importlib.import_module("scipy.special")
    return _module
