"""What is given for each parameter, held against the annotations of a public function before its body runs.

Knows no operator. Combinations of types that were accepted are remembered, and a call that begins with a Tensor and
gives nothing but tensors is looked at only if it fails.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from itertools import takewhile
from typing import Any

import numpy as np

from autodiff._core.tensor import Tensor


class Parameter:
    """What one parameter takes."""

    __slots__ = ("allows", "by_type", "name", "optional", "place", "words")

    def __init__(self, name: str, place: int | None, kind: str, optional: bool) -> None:
        self.name = name
        self.place = place
        self.optional = optional
        self.words, self.allows, self.by_type = _KINDS[kind]

    def check(self, function: str, value: Any) -> bool:
        """Whether every value of this type will do. Raises TypeError, as torch does, for a value that will not."""
        if value is None and self.optional:
            return True
        if not self.allows(value):
            place = "" if self.place is None else f" (position {self.place + 1})"
            raise TypeError(
                f"{function}(): argument '{self.name}'{place} must be {self.words}, not {type(value).__name__}"
            )
        return self.by_type or type(value) in _NUMBERS


def checked(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function behind a check of what it is given."""
    #: The parameters by place and by name, read at the first call; set at once, as other threads may call meanwhile.
    parameters: tuple[list[Parameter | None], dict[str, Parameter | None]] | None = None
    #: The types of calls that need not be looked at again.
    seen: set[tuple[Any, ...]] = set()
    #: How many parameters take tensors, or anything, before the first that takes something else.
    tensors = 0

    def look(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        nonlocal parameters, tensors
        if parameters is None:
            parameters = _read(function)
            tensors = sum(1 for _ in takewhile(lambda p: p is None or p.words == "Tensor", parameters[0]))
        places, named = parameters
        rest = [named["*"]] * (len(args) - len(places))
        known = [p.check(name, value) for p, value in zip([*places, *rest], args) if p is not None]
        known += [p.check(name, value) for key, value in kwargs.items() if (p := named.get(key)) is not None]
        return all(known)

    def remember(types: tuple[Any, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if look(args, kwargs) and len(seen) < _MANY:
            seen.add(types)

    @functools.wraps(function)
    def public(*args: Any, **kwargs: Any) -> Any:
        # Written out by cases: this runs at every call.
        if kwargs:
            types = (*map(type, args), *kwargs, *map(type, kwargs.values()))
            if types not in seen:
                remember(types, args, kwargs)
        elif len(args) == 2:
            first, second = args
            if (tensors < 2 or type(first) is not Tensor) and (types := (type(first), type(second))) not in seen:
                remember(types, args, kwargs)
        elif (not 0 < len(args) <= tensors or type(args[0]) is not Tensor) and (
            types := tuple([type(x) for x in args])
        ) not in seen:
            remember(types, args, kwargs)
        try:
            return function(*args, **kwargs) if kwargs else function(*args)
        except (AttributeError, TypeError, ValueError, KeyError, IndexError):
            look(args, kwargs)
            raise

    return public


def _read(function: Callable[..., Any]) -> tuple[list[Parameter | None], dict[str, Parameter | None]]:
    """The parameters by place and by name; what is not annotated by a kind that is known here is not looked at."""
    body = function
    while hasattr(body, "__wrapped__"):
        body = body.__wrapped__
    code, annotations = body.__code__, body.__annotations__  # type: ignore[attr-defined]
    defaults = dict(zip(reversed(code.co_varnames[: code.co_argcount]), reversed(body.__defaults__ or ())))  # type: ignore[attr-defined]
    defaults |= body.__kwdefaults__ or {}  # type: ignore[attr-defined]
    count = code.co_argcount
    names = code.co_varnames
    named = {
        name: _parameter(name, place if place < count else None, annotations, defaults.get(name, ...))
        for place, name in enumerate(names[: count + code.co_kwonlyargcount])
    }
    places = [named[name] for name in names[:count]]
    starred = names[count + code.co_kwonlyargcount] if code.co_flags & inspect.CO_VARARGS else ""
    named["*"] = _parameter(starred, None, annotations, ...)
    return places, named


def _parameter(name: str, place: int | None, annotations: dict[str, Any], default: Any) -> Parameter | None:
    kind = str(annotations.get(name, "Any"))
    bare = kind.removesuffix(" | None")
    if bare not in _KINDS or (bare == "str" and name in _CHOICES):
        return None
    if bare == "float" and type(default) is float:
        # A default with a fraction is a C++ double in torch; other numbers may be complex.
        bare = "double"
    return Parameter(name, place, bare, default is None or (bare != kind and kind.endswith("None")))


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
#: Types whose values are all of one kind.
_NUMBERS = frozenset([bool, int, float, complex])
#: So many combinations of types are remembered of a function, and no more.
_MANY = 64
#: By annotation: torch's word for it, what it takes, and whether a value's type alone decides.
_KINDS: dict[str, tuple[str, Callable[[Any], bool], bool]] = {
    "Tensor": ("Tensor", lambda value: isinstance(value, Tensor), True),
    "Operand": ("Tensor", lambda value: isinstance(value, Tensor) or _number(value), True),
    "int": ("int", _whole, False),
    "bool": ("bool", _truth, True),
    "float": ("Number", _number, False),
    "double": ("float", lambda value: _number(value) and not isinstance(value, (complex, np.complexfloating)), False),
    "str": ("str", lambda value: isinstance(value, str), True),
    "Dims": ("tuple of ints", _dims, False),
    "Sequence[Tensor]": ("tuple of Tensors", _tensors, False),
    "Tensor | Sequence[Tensor]": ("Tensor", lambda value: isinstance(value, Tensor) or _tensors(value), False),
    "Sequence[int]": ("tuple of ints", lambda value: isinstance(value, (tuple, list)) and _dims(value), False),
}
