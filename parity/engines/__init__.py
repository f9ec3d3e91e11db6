"""The door to engines: `resolve` finds one by its name on a command line; knows none but the reference."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from parity.engines import classes, isolated, reference
from parity.engines.torchlike import TorchLike
from parity.errors import EngineError, UsageError

__all__ = ["ADAPTERS", "adapted", "resolve"]

#: Released engines by their targets, and the package that each needs; their adapters are in `parity.engines.adapters`.
ADAPTERS: Mapping[str, str] = {
    "jax": "jax",
    "tinygrad": "tinygrad",
    "mygrad": "mygrad",
    "autograd": "autograd",
    "micrograd": "micrograd",
    "torch.func": "torch",
    "torch.compile": "torch",
}
#: What a module calls the function that makes its adapter, if it has one.
OFFER = "parity_engine"


def resolve(target: str, options: Mapping[str, str] | None = None, python: str | None = None) -> Any:
    """The engine behind a name: an adapter ("jax"), a module ("autodiff", "mypkg.mytorch"), a class ("nb.ipynb:Value").

    A module that has a function `parity_engine` is an engine by what that returns, any other by torch's names.
    `exec:command` is a command that speaks the line protocol. With `python` the engine runs in a process of its own, of
    the Python at that path, of this one if it is empty.

    `options` say by hand what is otherwise found out by probing a class, or choose what an adapter leaves open
    (`backend` of torch.compile).

    UsageError if there is no such module or it lacks what any engine needs; EngineError, with the cause
    attached, if the module exists and breaks on import.
    """
    if target.startswith(isolated.COMMAND) or python is not None:
        if options or (python is not None and classes.names_class(target)):
            raise UsageError(
                f"{target}: a class has a process of its own already, and an engine in one takes no engine options"
            )
        return isolated.load(target, python or "")
    if classes.names_class(target):
        return classes.load(target, options)
    if target in ADAPTERS:
        return adapted(target, options or {})
    if options:
        raise UsageError(f"{target} is no class of a file or a module: it takes no engine options")
    if target == "torch":
        return reference.load()
    if not target or not all(part.isidentifier() for part in target.split(".")):
        raise UsageError(f"{target!r} is not the name of a module; a target is e.g. autodiff or mypkg.mytorch")
    try:
        module = importlib.import_module(target)
        # Where the rules stand; a package need not load it by itself.
        if hasattr(module, "__path__") and importlib.util.find_spec(f"{target}.graph") is not None:
            importlib.import_module(f"{target}.graph")
        if hasattr(module, OFFER):
            return getattr(module, OFFER)()
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


def adapted(target: str, options: Mapping[str, str] = MappingProxyType({})) -> Any:
    """The adapter of a released engine; UsageError if its package is not installed or it has no such option."""
    package = ADAPTERS[target]
    if importlib.util.find_spec(package) is None:
        raise UsageError(f"{package} is not installed: pip install 'autodiff-parity[{package}]'")
    try:
        offer = getattr(importlib.import_module(f"parity.engines.adapters.{target.replace('.', '_')}"), OFFER)
    except ImportError as error:
        raise EngineError(f"{target} cannot be imported: {error}") from error
    known = list(inspect.signature(offer).parameters)
    if unknown := [name for name in options if name not in known]:
        raise UsageError(f"{target} has no engine option {unknown[0]!r}; it has {', '.join(known) or 'none'}")
    return offer(**options)
