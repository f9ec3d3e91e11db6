"""The door to engines: `resolve` finds one by its name on a command line; knows none but the reference."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from typing import Any

from parity.engines import classes, reference
from parity.engines.torchlike import TorchLike
from parity.errors import EngineError, UsageError

__all__ = ["resolve"]


def resolve(target: str, options: Mapping[str, str] | None = None) -> Any:
    """The engine behind a module's name, e.g. "autodiff", "mypkg.mytorch", or behind a class: "notebook.ipynb:Value".

    `options` say by hand what is otherwise found out by probing; only classes have such.

    UsageError if there is no such module or it lacks what any engine needs; EngineError, with the cause
    attached, if the module exists and breaks on import.
    """
    if classes.names_class(target):
        return classes.load(target, options)
    if options:
        raise UsageError(f"{target} is a module with torch's names: it takes no engine options")
    if target == "torch":
        return reference.load()
    if not target or not all(part.isidentifier() for part in target.split(".")):
        raise UsageError(f"{target!r} is not the name of a module; a target is e.g. autodiff or mypkg.mytorch")
    try:
        module = importlib.import_module(target)
        # Where the rules stand; a package need not load it by itself.
        if hasattr(module, "__path__") and importlib.util.find_spec(f"{target}.graph") is not None:
            importlib.import_module(f"{target}.graph")
    except ModuleNotFoundError as error:
        if error.name is not None and (target == error.name or target.startswith(error.name + ".")):
            raise UsageError(f"there is no module {target!r} on the path (no {error.name!r})") from None
        raise EngineError(f"{target} cannot be imported: {error}") from error
    except Exception as error:
        raise EngineError(f"{target} breaks on import: {type(error).__name__}: {error}") from error
    try:
        return TorchLike(module)
    except UsageError:
        raise
    except Exception as error:
        raise EngineError(f"{target} cannot make or read a tensor: {type(error).__name__}: {error}") from error
