"""Modules whose parameters are not drawn."""

from __future__ import annotations

import inspect
from typing import Any

from autodiff._functions.generator import default_generator


def skip_init(module_cls: type, *args: Any, **kwargs: Any) -> Any:
    """A module whose parameters hold anything: the generator is where it was.

    Raises RuntimeError for a class whose constructor takes no `device`, as torch does.
    """
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    before = default_generator.get_state()
    try:
        return module_cls(*args, **kwargs)
    finally:
        default_generator.set_state(before)
