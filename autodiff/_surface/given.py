"""What is given for each parameter, held against the annotations of a public function before its body runs.

Knows no operator. A type that was accepted once is remembered, so that a call costs one look-up an argument.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._core.tensor import Tensor


class Accepted(set[type]):
    """The types that a parameter has taken so far, and what it takes at all."""

    __slots__ = ("allows", "name", "optional", "place", "words")

    def __init__(self, name: str, place: int | None, kind: str, optional: bool) -> None:
        super().__init__()
        self.name = name
        self.place = place
        self.optional = optional
        self.words, self.allows = _KINDS[kind]

    def check(self, function: str, value: Any) -> None:
        """Remember the type of a value that is allowed. Raises TypeError, as torch does, for any other."""
        if not ((value is None and self.optional) or self.allows(value)):
            place = "" if self.place is None else f" (position {self.place + 1})"
            raise TypeError(
                f"{function}(): argument '{self.name}'{place} must be {self.words}, not {type(value).__name__}"
            )
        if isinstance(value, Tensor) if self.words == "Tensor" else not isinstance(value, (Tensor, tuple, list)):
            self.add(type(value))


def checked(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function behind a check of what it is given."""
    places: list[Accepted | None] = []
    named: dict[str, Accepted | None] = {}

    @functools.wraps(function)
    def public(*args: Any, **kwargs: Any) -> Any:
        if not named:
            _read(function, places, named)
        for value, accepted in zip(args, places):
            if accepted is not None and type(value) not in accepted:
                accepted.check(name, value)
        for key, value in kwargs.items():
            accepted = named.get(key)
            if accepted is not None and type(value) not in accepted:
                accepted.check(name, value)
        if len(args) > len(places) and (rest := named["*"]) is not None:
            for value in args[len(places) :]:
                if type(value) not in rest:
                    rest.check(name, value)
        return function(*args, **kwargs)

    return public


def _read(function: Callable[..., Any], places: list[Accepted | None], named: dict[str, Any]) -> None:
    """The parameters by place and by name; what is not annotated by a kind that is known here is not looked at."""
    body = function
    while hasattr(body, "__wrapped__"):
        body = body.__wrapped__
    code, annotations = body.__code__, body.__annotations__  # type: ignore[attr-defined]
    defaults = dict(zip(reversed(code.co_varnames[: code.co_argcount]), reversed(body.__defaults__ or ())))  # type: ignore[attr-defined]
    defaults |= body.__kwdefaults__ or {}  # type: ignore[attr-defined]
    count = code.co_argcount
    names = code.co_varnames
    for place, name in enumerate(names[: count + code.co_kwonlyargcount]):
        named[name] = _accepted(name, place if place < count else None, annotations, defaults.get(name, ...))
        if place < count:
            places.append(named[name])
    starred = names[count + code.co_kwonlyargcount] if code.co_flags & inspect.CO_VARARGS else ""
    named["*"] = _accepted(starred, None, annotations, ...)


def _accepted(name: str, place: int | None, annotations: dict[str, Any], default: Any) -> Accepted | None:
    kind = str(annotations.get(name, "Any"))
    bare = kind.removesuffix(" | None")
    if bare not in _KINDS or (bare == "str" and name in _CHOICES):
        return None
    if bare == "float" and type(default) is float:
        # A default with a fraction is a C++ double in torch; other numbers may be complex.
        bare = "double"
    return Accepted(name, place, bare, default is None or (bare != kind and kind.endswith("None")))


def _whole(value: Any) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, (bool, np.bool_))


def _truth(value: Any) -> bool:
    return isinstance(value, (bool, np.bool_))


def _number(value: Any) -> bool:
    return isinstance(value, (int, float, complex, np.number, np.bool_)) or (
        isinstance(value, Tensor) and not value.ndim
    )


def _tensors(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and all(isinstance(item, Tensor) for item in value)


def _dims(value: Any) -> bool:
    return all(map(_whole, value)) if isinstance(value, (tuple, list)) else value is None or _whole(value)


#: torch's own Python looks at these, and says what they may be.
_CHOICES = frozenset(["reduction", "compute_mode"])
#: By annotation: torch's word for it, and what it takes.
_KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "Tensor": ("Tensor", lambda value: isinstance(value, Tensor)),
    "int": ("int", _whole),
    "bool": ("bool", _truth),
    "float": ("Number", _number),
    "double": ("float", lambda value: _number(value) and not isinstance(value, (complex, np.complexfloating))),
    "str": ("str", lambda value: isinstance(value, str)),
    "Dims": ("tuple of ints", _dims),
    "Sequence[Tensor]": ("tuple of Tensors", _tensors),
    "Tensor | Sequence[Tensor]": ("Tensor", lambda value: isinstance(value, Tensor) or _tensors(value)),
    "Sequence[int]": ("tuple of ints", lambda value: isinstance(value, (tuple, list)) and _dims(value)),
}
