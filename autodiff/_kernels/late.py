"""Modules of kernels that are loaded when one of their kernels first runs: an import needs no tables of series.

Knows no kernel by name.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


class Late:
    """A module beside this one; what is asked of it is a kernel, which loads the module when it is first run."""

    def __init__(self, name: str) -> None:
        self._module = f"{__package__}.{name}"

    def __getattr__(self, name: str) -> Callable[..., Any]:
        module, found = self._module, None

        def kernel(*args: Any, **params: Any) -> Any:
            nonlocal found
            if found is None:
                found = getattr(importlib.import_module(module), name)
            return found(*args, **params)

        kernel.__name__ = kernel.__qualname__ = name
        setattr(self, name, kernel)
        return kernel
