"""What is given for each parameter, held against the annotations of a public function before its body runs.

Knows no operator. Combinations of types that were accepted are remembered, and a call that begins with a Tensor and
gives nothing but tensors is looked at only if it fails.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any

import numpy as np

from autodiff._core.noting import ask_all
from autodiff._core.tensor import Tensor

#: What a public function shows of the one inside. Its annotations are that one's, which `inspect.signature` finds.
SHOWN = ("__module__", "__name__", "__qualname__", "__doc__")


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


class Calls:
    """What is known of the calls of one function: its parameters, once somebody asks, and the types that will do."""

    __slots__ = ("function", "name", "named", "places", "seen", "tensors")

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self.name = name
        self.function = function
        self.places: list[Parameter | None] = []
        self.named: dict[str, Parameter | None] = _UNREAD
        #: The types of calls that need not be looked at again.
        self.seen: set[tuple[Any, ...]] | frozenset[Any] = _NONE_YET
        #: How many parameters take tensors, or anything, before the first that takes something else.
        self.tensors = 0

    def look(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Whether every call with these types will do. Raises TypeError for what will not."""
        if self.named is _UNREAD:
            self._read()
        named, places, name = self.named, self.places, self.name
        rest = [named["*"]] * (len(args) - len(places))
        known = [p.check(name, value) for p, value in zip([*places, *rest], args) if p is not None]
        known += [p.check(name, value) for key, value in kwargs.items() if (p := named.get(key)) is not None]
        return all(known)

    def remember(self, types: tuple[Any, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Look at a call, and not again at others like it."""
        if self.look(args, kwargs) and len(self.seen) < _MANY:
            self.seen = {*self.seen, types}

    def _read(self) -> None:
        """The parameters by place and name; what is not annotated by a kind that is known here is not looked at."""
        body = self.function
        while hasattr(body, "__wrapped__"):
            body = body.__wrapped__
        code, annotations = body.__code__, body.__annotations__  # type: ignore[attr-defined]
        defaults = dict(zip(reversed(code.co_varnames[: code.co_argcount]), reversed(body.__defaults__ or ())))  # type: ignore[attr-defined]
        defaults |= body.__kwdefaults__ or {}  # type: ignore[attr-defined]
        count = code.co_argcount
        names = code.co_varnames
        places, named = [], {}
        for place, name in enumerate(names[: count + code.co_kwonlyargcount]):
            named[name] = _parameter(name, place if place < count else None, annotations, defaults.get(name, ...))
            if place < count:
                places.append(named[name])
        starred = names[count + code.co_kwonlyargcount] if code.co_flags & inspect.CO_VARARGS else ""
        named["*"] = _parameter(starred, None, annotations, ...)
        self.tensors = sum(1 for _ in takewhile(lambda p: p is None or p.words == "Tensor", places))
        self.places = places
        # The last of all: other threads may call meanwhile, and take it for the sign that all is known.
        self.named = named


@functools.cache
def checked(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function behind a check of what it is given; the same one for every place where it is found."""
    calls = Calls(name, function)
    # What writes asks in an order of its own.
    ask = _nobody if name.endswith("_") else ask_all

    @functools.wraps(function, SHOWN)
    def public(*args: Any, **kwargs: Any) -> Any:
        # Written out by cases: this runs at every call.
        if kwargs:
            types = (*map(type, args), *kwargs, *map(type, kwargs.values()))
            if types not in calls.seen:
                calls.remember(types, args, kwargs)
        elif len(args) == 2:
            first, second = args
            if (calls.tensors < 2 or type(first) is not Tensor) and (
                types := (type(first), type(second))
            ) not in calls.seen:
                calls.remember(types, args, kwargs)
        elif (not 0 < len(args) <= calls.tensors or type(args[0]) is not Tensor) and (
            types := tuple([type(x) for x in args])
        ) not in calls.seen:
            calls.remember(types, args, kwargs)
        try:
            return function(*args, **kwargs) if kwargs else function(*args)
        except (AttributeError, TypeError, ValueError, KeyError, IndexError):
            calls.look(args, kwargs)
            ask((*args, *kwargs.values()))
            raise
        except RuntimeError:
            ask((*args, *kwargs.values()))
            raise

    return public


def _nobody(operands: Sequence[Any]) -> None:
    """Ask no operand."""


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


#: Of a function whose parameters nobody asked for, and whose calls nobody looked at.
_UNREAD: dict[str, Parameter | None] = {}
_NONE_YET: frozenset[Any] = frozenset()
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
