"""What a class that differentiates is made of, found out by trying: how it is built, where its value and its
gradient live, how backward starts. Knows names only to try the likely ones first.
"""

from __future__ import annotations

import inspect
import itertools
import types
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.engines.subject import FILLINGS, Anatomy, Subject, Surroundings, attributes, held, numbers
from parity.errors import UsageError

#: What may be said by hand, where probing goes wrong.
OPTIONS = ("value", "grad", "backward", "build", "kind")
BUILDS = ("number", "array", "list")
_VALUES = ("data", "value", "val", "v", "num", "array", "x")
_GRADIENTS = ("grad", "g", "gradient", "derivative", "deriv", "d")
#: What the names of methods that go backward speak of; and those of methods that reach out of the program.
_STARTS = ("back", "grad", "deriv", "diff", "prop")
_OUTWARD = ("draw", "plot", "show", "print", "save", "write", "dump", "load", "render", "view", "display", "input")
#: How many failed attempts a message shows.
_SHOWN = 6
_FLAGS = ("requires_grad", "require_grad", "requires_gradient", "needs_grad", "autograd", "track_grad", "trainable")
_X, _Y = np.array([[1.5, -2.25, 0.625], [3.0, 0.375, -1.125]]), np.array([[-0.5, 1.75, 2.5], [0.875, -3.5, 1.375]])
_SEED = np.array([[2.0, -1.0, 0.5], [1.25, 3.0, -0.75]])


def examine(cls: type, options: Mapping[str, str] | None = None, around: Surroundings | None = None) -> Anatomy:
    """Find out how the class is used; UsageError, with what was tried, if no instance of it can be made."""
    said = dict(options or {})
    if unknown := sorted(set(said) - set(OPTIONS)):
        raise UsageError(f"there is no engine option {unknown[0]!r}; there are {', '.join(OPTIONS)}")
    tried: list[str] = []
    around = around or Surroundings()
    scalars = list(_made(cls, "number", np.array(1.5), said, around, tried))
    arrays = [found for how in ("array", "list") for found in _made(cls, how, _X, said, around, tried)]
    if not scalars and not arrays:
        raise UsageError(f"{cls.__name__} can't be built of a number, an array or a list: {_said(tried)}")
    kind = said.get("kind", "")
    if kind not in ("", "scalar", "array"):
        raise UsageError(f"the engine option kind is scalar or array, got {kind!r}")
    wants_arrays = bool(arrays) and (not scalars or _wants_arrays(cls, scalars[0], arrays[0]))
    candidates = scalars if kind == "scalar" or (not kind and not wants_arrays) else arrays
    if not candidates:
        raise UsageError(f"{cls.__name__} can't be built as {kind}: {_said(tried)}")
    first = None
    for candidate in candidates:
        anatomy = _differentiates(cls, candidate, said, around)
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
    fillings = [()] if len(asked) < 2 else [(filling,) * (len(asked) - 1) for filling in FILLINGS]
    for place, filling in itertools.product(places, fillings):
        given_besides = [*map(repr, filling)]
        given_besides.insert(place, f"<{how}>")
        call = ", ".join([*given_besides, *(f"{k}={v}" for k, v in further.items())])
        try:
            with around.limit():
                made = cls(*filling[:place], given, *filling[place:], **further)
        except TimeoutError:
            tried.append(f"{cls.__name__}({call}) takes too long")
            continue
        except Exception as error:
            tried.append(f"{cls.__name__}({call}) raises {type(error).__name__}: {error}")
            continue
        value = _value(made, cls, array, said)
        if not value:
            tried.append(f"{cls.__name__}({call}) holds the value nowhere that was looked at")
            continue
        dtype = numbers(held(made, value), cls, value)
        narrow = dtype is not None and dtype.dtype == np.float32
        yield Anatomy(
            cls=cls.__name__,
            scalar=how == "number",
            build=how,
            filling=tuple(map(repr, filling)),
            place=place,
            flag=flag,
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
    return min(names, key=lambda name: _rank(name, _VALUES), default="")


def _shows(thing: Any, array: Array) -> bool:
    found = numbers(thing, type(None), "")
    return found is not None and found.shape == array.shape and np.allclose(found, array)


def _rank(name: str, likely: tuple[str, ...]) -> int:
    return likely.index(name) if name in likely else len(likely) + name.startswith("_")


def _wants_arrays(cls: type, scalar: Anatomy, array: Anatomy) -> bool:
    """Whether a class that takes numbers and arrays alike is one of arrays."""
    made = Subject(cls, scalar).make(np.array(1.5))
    if isinstance(held(made, scalar.value), np.ndarray):
        return True  # it turned a number into an array
    named = "".join(name.lower() for name in [cls.__name__, *vars(cls)])
    if "tensor" in named or "array" in named or "matmul" in named:
        # unless it counts in plain numbers: a gradient that starts as the number 0
        there = Subject(cls, array).make(_X)
        return not any(type(held(there, name)) in (int, float) for name in attributes(there) if name in _GRADIENTS)
    return False


# -- gradients

Combination = tuple[Callable[[Any, Any], Any], Callable[[Array, Array], tuple[Array, Array]]]


def _by_method(name: str) -> Callable[[Any, Any], Any]:
    return lambda x, y: getattr(x, name)(y)


#: A result of x and y, and its derivatives; a way of starting is the better the more of them come out right.
_COMBINATIONS: tuple[Combination, ...] = (
    (lambda x, y: x * y, lambda x, y: (y, x)),
    (_by_method("mul"), lambda x, y: (y, x)),
    (_by_method("multiply"), lambda x, y: (y, x)),
    (lambda x, y: x + y, lambda x, y: (np.ones_like(x), np.ones_like(y))),
    (_by_method("add"), lambda x, y: (np.ones_like(x), np.ones_like(y))),
    (lambda x, y: x - y, lambda x, y: (np.ones_like(x), -np.ones_like(y))),
    (lambda x, y: -(x * y), lambda x, y: (-y, -x)),
    (lambda x, y: (x * y).exp(), lambda x, y: (y * np.exp(x * y), x * np.exp(x * y))),
)

#: The same of functions beside the class.
_BESIDE = tuple(
    (name, derivatives)
    for names, (_, derivatives) in ((("mul", "multiply"), _COMBINATIONS[0]), (("add", "plus"), _COMBINATIONS[3]))
    for name in names
)


def _differentiates(cls: type, anatomy: Anatomy, said: Mapping[str, str], around: Surroundings) -> Anatomy:
    """The anatomy with where the gradient lives and how backward starts, if any way of starting shows them.

    What takes an array by accident (an array has `.data`, too) gets fewer of the combinations right than what is meant.
    """
    best, most = anatomy, -1
    for start in [_named(cls, said["backward"], around)] if "backward" in said else _starts(cls, around):
        if start in _others(cls) and most >= 0:
            break  # a likely one shows a gradient
        for seed in ("", "number", "tensor") if anatomy.scalar else ("array", "tensor", "", "number"):
            for summed in (False, True) if not anatomy.scalar and not seed else (False,):
                tried = replace(anatomy, backward=start, seed=seed, any_root=not summed)
                names = Counter(name for name in _shown(Subject(cls, tried, around), summed, said) if name)
                for (name, right), count in names.items():
                    score = count if right else 0
                    if score > most and (right or start not in _others(cls)):
                        notes = () if right else ("no gradient was right while it was probed",)
                        begins = _describe(Subject(cls, tried).make(_X if not anatomy.scalar else np.array(1.5)), name)
                        best, most = replace(tried, grad=name, start=begins, notes=notes), score
    return best if best.grad else _undifferentiated(cls, anatomy, said, around)


def _undifferentiated(cls: type, anatomy: Anatomy, said: Mapping[str, str], around: Surroundings) -> Anatomy:
    """No backward pass showed a gradient: what would be its names, and what it raises."""
    start = _named(cls, said["backward"], around) if "backward" in said else next(_likely(cls, around), "")
    subject = Subject(cls, replace(anatomy, backward=start), around)
    made = subject.make(_X if not anatomy.scalar else np.array(1.5))
    name = next((name for name in [said.get("grad", ""), *_GRADIENTS] if name and hasattr(made, name)), "")
    notes: tuple[str, ...] = ()
    if start:
        try:
            with around.limit():
                subject.start(made)()
        except Exception as error:
            notes = (f"{start.rpartition(' ')[2]}() raises {type(error).__name__}: {error}"[:120],)
    return replace(anatomy, backward=start, grad=name, differentiates=False, any_root=True, notes=notes)


def _shown(subject: Subject, summed: bool, said: Mapping[str, str]) -> Iterator[tuple[str, bool] | None]:
    """For each combination that this way gets through: where a gradient showed, and whether it was right."""
    scalar = subject.anatomy.scalar
    # Who can neither start at an array nor sum one is shown single numbers.
    single = scalar or (summed and not subject.sums)
    x, y = (np.array(1.5), np.array(-2.25)) if single else (_X, _Y)
    weight = _SEED if not scalar and subject.anatomy.seed in ("array", "tensor") else np.ones_like(x)
    hung = 0
    beside = ((subject.function(name), derivatives) for name, derivatives in _BESIDE)
    for combine, derivatives in (*_COMBINATIONS, *((function, rule) for function, rule in beside if function)):
        try:
            found = _attempt(subject, x, y, combine, weight, summed)
        except TimeoutError:
            hung += 1
            if hung > 1:
                return
            continue
        if found is not None:
            wanted = tuple(weight * part for part in derivatives(x, y))
            name, right = _moved(subject, *found, wanted, said)
            yield (name, right) if name else None


def _starts(cls: type, around: Surroundings) -> Iterator[str]:
    """Where backward may start, the likeliest first: methods, functions beside the class, methods of any name."""
    yield from _likely(cls, around)
    yield from _others(cls)


def _likely(cls: type, around: Surroundings) -> Iterator[str]:
    public = _methods(cls)
    likely = [name for name in public if "back" in name.lower()]
    likely.sort(key=lambda name: (name != "backward", "backward" not in name))
    yield from likely
    yield from (name for name in public if name not in likely and _speaks_of(name, _STARTS))
    yield from (f"function {name}" for name in around.names if _speaks_of(name, _STARTS) and _beside(cls, name, around))


def _others(cls: type) -> list[str]:
    return [name for name in _methods(cls) if not _speaks_of(name, (*_STARTS, *_OUTWARD))]


def _methods(cls: type) -> list[str]:
    return [name for name in dir(cls) if not name.startswith("_") and callable(getattr(cls, name, None))]


def _speaks_of(name: str, words: tuple[str, ...]) -> bool:
    return any(word in name.lower() for word in words)


def _named(cls: type, name: str, around: Surroundings) -> str:
    """A start by the name that somebody gave it."""
    return f"function {name}" if not hasattr(cls, name) and _beside(cls, name, around) else name


def _beside(cls: type, name: str, around: Surroundings) -> bool:
    return isinstance(around.function(cls, name), types.FunctionType)


def _attempt(
    subject: Subject, x: Array, y: Array, combine: Callable[[Any, Any], Any], weight: Array, summed: bool
) -> tuple[tuple[Any, Any], Any] | None:
    try:
        with subject.around.limit():
            leaves = subject.make(x), subject.make(y)
            fresh = subject.make(x)
            root = combine(*leaves)
            if not subject.holds(root):
                return None
            subject.backward(subject.total(root) if summed and subject.array(root).ndim else root, weight)
    except TimeoutError:
        raise
    except Exception:
        return None
    return leaves, fresh


def _moved(
    subject: Subject, leaves: tuple[Any, Any], fresh: Any, wanted: tuple[Array, ...], said: Mapping[str, str]
) -> tuple[str, bool]:
    """The attribute that holds the gradient after backward, and whether it holds the right one."""
    value = subject.anatomy.value
    names = [said["grad"]] if "grad" in said else [name for name in attributes(leaves[0]) if name != value]
    names.sort(key=lambda name: _rank(name, _GRADIENTS))
    changed = ""
    for name in names:
        seen = [numbers(held(leaf, name), subject.cls, value) for leaf in leaves]
        right = [a is not None and a.shape == b.shape and np.allclose(a, b) for a, b in zip(seen, wanted)]
        if all(right):
            return name, True
        before = numbers(held(fresh, name), subject.cls, value)
        moved = [a is not None and (before is None or not np.array_equal(a, before)) for a in seen]
        if any(moved) and not changed and (name in _GRADIENTS or "grad" in name.lower()):
            changed = name
    return changed, False


def _describe(fresh: Any, name: str) -> str:
    """What a gradient is before any backward."""
    thing = held(fresh, name)
    if thing is None:
        return "None" if hasattr(fresh, name) else "missing"
    return "0" if isinstance(thing, (int, float)) else "zeros"
