"""What a class that differentiates is made of, found out by trying: how it is built, and where its value lives.

Where its gradient lives, and how backward starts, `parity.engines.gradients` finds out. Knows names only to try the
likely ones first.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from parity.engines.gradients import GRADIENTS, X, computes, differentiated, rank
from parity.engines.protocol import Array
from parity.engines.subject import (
    FILLINGS,
    Anatomy,
    Stopped,
    Subject,
    Surroundings,
    attributes,
    filled,
    held,
    numbers,
)
from parity.errors import UsageError

#: What may be said by hand, where probing goes wrong.
OPTIONS = ("value", "grad", "backward", "build", "kind")
BUILDS = ("number", "array", "list")
_VALUES = ("data", "value", "val", "v", "num", "array", "x")
#: How many failed attempts a message shows.
_SHOWN = 6
_FLAGS = ("requires_grad", "require_grad", "requires_gradient", "needs_grad", "autograd", "track_grad", "trainable")


def examine(cls: type, options: Mapping[str, str] | None = None, around: Surroundings | None = None) -> Anatomy:
    """Find out how the class is used; UsageError, with what was tried, if no instance of it can be made."""
    said = dict(options or {})
    if unknown := sorted(set(said) - set(OPTIONS)):
        raise UsageError(f"there is no engine option {unknown[0]!r}; there are {', '.join(OPTIONS)}")
    tried: list[str] = []
    around = around or Surroundings()
    scalars = list(_made(cls, "number", np.array(1.5), said, around, tried))
    arrays = [found for how in ("array", "list") for found in _made(cls, how, X, said, around, tried)]
    if all(_holds_list(cls, found, around) for found in arrays):  # rows of arrays in a list are there by accident
        rows = _made(cls, "list", X[0], said, around, tried)
        lists = [found for found in arrays if found.build == "list"]
        ranked = [*(replace(found, rank=2) for found in lists), *(replace(found, rank=1) for found in rows)]
        able = [found for found in ranked if computes(Subject(cls, found, around))]
        # Who computes with rows and with rows of rows takes any array.
        arrays = lists if len({found.rank for found in able}) == 2 else able or ranked
    if not scalars and not arrays:
        raise UsageError(f"{cls.__name__} can't be built of a number, an array or a list: {_said(tried)}")
    kind = said.get("kind", "")
    if kind not in ("", "scalar", "array"):
        raise UsageError(f"the engine option kind is scalar or array, got {kind!r}")
    wants_arrays = bool(arrays) and (not scalars or _wants_arrays(cls, scalars[0], arrays[0], around))
    candidates = scalars if kind == "scalar" or (not kind and not wants_arrays) else arrays
    if not candidates:
        raise UsageError(f"{cls.__name__} can't be built as {kind}: {_said(tried)}")
    first = None
    for candidate in candidates:
        anatomy = differentiated(cls, candidate, said, around)
        if anatomy.differentiates:
            return anatomy
        first = first or anatomy
    assert first is not None
    return first


def _said(tried: list[str]) -> str:
    """A few of the attempts: what a class wants shows in the first ones."""
    return "; ".join(tried[:_SHOWN]) + (f"; and {len(tried) - _SHOWN} more" if len(tried) > _SHOWN else "")


def _made(
    cls: type, how: str, array: Array, said: Mapping[str, str], around: Surroundings, tried: list[str]
) -> Iterator[Anatomy]:
    """The anatomies as far as making and reading go, one for each way in which the class can be made so."""
    if said.get("build", how) != how:
        return
    given = array.item() if how == "number" else array.tolist() if how == "list" else array.copy()
    asked = _required(cls)
    flag = next((name for name in _FLAGS if _accepts(cls, name)), "")
    further = {flag: True} if flag else {}
    places = sorted(range(max(len(asked), 1)), key=lambda place: not asked or asked[place] not in _VALUES)
    for place in places:
        for filling in _fillings(cls, asked[:place] + asked[place + 1 :], around):
            yield from _once(cls, how, array, given, place, filling, further, said, around, tried)


def _fillings(cls: type, asked: Sequence[str], around: Surroundings) -> Iterator[tuple[str, ...]]:
    """What may stand for the further arguments: the same for all, or a new object for the one that is named for it."""
    plain = [repr(filling) for filling in FILLINGS]
    yield from ((filling,) * len(asked) for filling in (plain if asked else plain[:1]))
    for number, name in enumerate(asked):
        for tape in _companions(cls, name, around):
            for filling in plain if len(asked) > 1 else plain[:1]:
                yield tuple(tape if other == number else filling for other in range(len(asked)))


def _companions(cls: type, name: str, around: Surroundings) -> list[str]:
    """Classes beside this one that an argument of that name may be an instance of, as they are made of nothing."""
    words = name.lower().strip("_")
    found = []
    for called, other in around.names.items():
        if isinstance(other, type) and other is not cls and other.__module__ == cls.__module__ and not _required(other):
            likely = words in called.lower() or called.lower() in words
            found.append((not likely, f"{called}()"))
    return [text for _, text in sorted(found)][:3]


def _once(
    cls: type,
    how: str,
    array: Array,
    given: Any,
    place: int,
    filling: tuple[str, ...],
    further: Mapping[str, Any],
    said: Mapping[str, str],
    around: Surroundings,
    tried: list[str],
) -> Iterator[Anatomy]:
    """One way of making the class: what it holds its value in, or a word on why not."""
    call = ", ".join([*filling[:place], f"<{how}>", *filling[place:], *(f"{k}={v}" for k, v in further.items())])
    call = f"{cls.__name__}({call})"
    try:
        with around.trying(call):
            besides = [filled(text, around) for text in filling]
            made = cls(*besides[:place], given, *besides[place:], **further)
    except Stopped as stopped:
        tried.append(str(stopped))
    except Exception as error:
        tried.append(f"{call} raises {type(error).__name__}: {error}")
    else:
        value = _value(made, cls, array, said)
        if not value:
            tried.append(f"{call} holds the value nowhere that was looked at")
            return
        dtype = numbers(held(made, value), cls, value)
        narrow = dtype is not None and dtype.dtype == np.float32
        yield Anatomy(
            cls=cls.__name__,
            scalar=how == "number",
            build=how,
            filling=filling,
            place=place,
            flag=next(iter(further), ""),
            value=value,
            grad="",
            start="missing",
            backward="",
            seed="",
            any_root=False,
            dtype="float32" if narrow else "float64",
        )


def _required(cls: type) -> list[str]:
    """The positional arguments that the constructor must have."""
    try:
        parameters = list(inspect.signature(cls).parameters.values())
    except (TypeError, ValueError):
        return []
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [p.name for p in positional if p.default is p.empty]


def _accepts(cls: type, name: str) -> bool:
    try:
        return name in inspect.signature(cls).parameters
    except (TypeError, ValueError):
        return False


def _value(made: Any, cls: type, array: Array, said: Mapping[str, str]) -> str:
    if "value" in said:
        if not hasattr(made, said["value"]):
            raise UsageError(f"{cls.__name__} has no attribute {said['value']!r} for its value")
        return said["value"]
    names = [name for name in attributes(made) if _shows(held(made, name), array)]
    return min(names, key=lambda name: rank(name, _VALUES), default="")


def _shows(thing: Any, array: Array) -> bool:
    found = numbers(thing, type(None), "")
    return found is not None and found.shape == array.shape and np.allclose(found, array)


def _holds_list(cls: type, anatomy: Anatomy, around: Surroundings) -> bool:
    """Whether it keeps its numbers in a list of Python's."""
    return isinstance(held(Subject(cls, anatomy, around).make(X), anatomy.value), list)


def _wants_arrays(cls: type, scalar: Anatomy, array: Anatomy, around: Surroundings) -> bool:
    """Whether a class that takes numbers and arrays alike is one of arrays."""
    made = Subject(cls, scalar, around).make(np.array(1.5))
    if isinstance(held(made, scalar.value), np.ndarray):
        return True  # it turned a number into an array
    named = "".join(name.lower() for name in [cls.__name__, *vars(cls)])
    if "tensor" in named or "array" in named or "matmul" in named:
        # unless it counts in plain numbers: a gradient that starts as the number 0
        there = Subject(cls, array, around).make(X[0] if array.rank == 1 else X)
        return not any(type(held(there, name)) in (int, float) for name in attributes(there) if name in GRADIENTS)
    return False
