"""torch.jit as far as it changes nothing: marks on functions, and the answers of a program that is not scripted.

Tracing, graphs and saved scripts are not here: there is no second language to translate to.
"""

from __future__ import annotations

import inspect
import types
import warnings
from collections.abc import Callable
from typing import Any, Final, NoReturn

from autodiff.nn.modules import Module

__all__ = [
    "Final", "ScriptFunction", "ScriptModule", "annotate", "export", "ignore", "is_scripting", "is_tracing",
    "isinstance", "script", "script_if_tracing", "unused",
]  # fmt: skip
_isinstance = isinstance


class ScriptModule(Module):
    """A module in torch's own language: no module here is one."""

    def __new__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("modules are not translated here: derive from nn.Module, which runs as it is written")


class ScriptFunction:
    """A function in torch's own language: no function here is one."""


def is_scripting() -> bool:
    """Whether the code runs translated: never."""
    return False


def is_tracing() -> bool:
    """Whether calls are being recorded for a trace: never."""
    return False


def ignore(drop: Any = False, **kwargs: Any) -> Any:
    """A mark for the translator: the function itself."""
    if callable(drop):
        return drop
    if not _isinstance(drop, bool):
        raise RuntimeError(f"Argument to @torch.jit.ignore must be a bool or a function but got {drop}")
    return _marked


def unused(fn: Any) -> Any:
    """A mark for the translator: the function itself."""
    return fn


def export(fn: Any) -> Any:
    """A mark for the translator: the function itself."""
    return fn


def _marked(fn: Any) -> Any:
    return fn


def annotate(the_type: Any, the_value: Any) -> Any:
    """The value; its type is for the translator."""
    return the_value


def isinstance(obj: Any, target_type: Any) -> bool:
    """Whether it is an instance of a class, or one of several; what stands in brackets after the class is looked at
    for lists, tuples, dicts and unions."""
    given = target_type if _isinstance(target_type, tuple) else (target_type,)
    return any(_is(obj, kind) for kind in given)


def _is(obj: Any, kind: Any) -> bool:
    origin, inside = getattr(kind, "__origin__", None), getattr(kind, "__args__", ())
    if _isinstance(kind, types.UnionType) or str(origin) == "typing.Union":
        return any(_is(obj, each) for each in inside)
    if origin is None:
        return obj is None if kind is None else _isinstance(obj, kind)
    if not _isinstance(obj, origin):
        return False
    if origin is tuple:
        return len(obj) == len(inside) and all(map(_is, obj, inside))
    if origin is dict:
        return all(_is(k, inside[0]) and _is(v, inside[1]) for k, v in obj.items())
    return all(_is(x, inside[0]) for x in obj)


def script(
    obj: Any,
    optimize: Any = None,
    _frames_up: int = 0,
    _rcb: Any = None,
    example_inputs: Any = None,
) -> Any:
    """The function, class or module itself, which computes what its translation would; deprecated, as torch's is.

    It has no graph and no code to save. Raises TypeError for what torch could not translate either.
    """
    warnings.warn(
        "`torch.jit.script` is deprecated. Please switch to `torch.compile` or `torch.export`.",
        DeprecationWarning,
        stacklevel=2,
    )
    if not (_isinstance(obj, (Module, dict, list)) or inspect.isclass(obj) or inspect.isroutine(obj)):
        raise TypeError(
            f"module, class, method, function, traceback, frame, or code object was expected, got {type(obj).__name__}"
        )
    return obj


def script_if_tracing(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function itself, for nothing is ever traced."""
    return fn
