"""Where the gradient of a class lives and how backward starts, found out by trying: knows likely names, and tries them
first.
"""

from __future__ import annotations

import inspect
import types
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from operator import add, mul
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.engines.subject import Anatomy, Stopped, Subject, Surroundings, attributes, held, numbers

GRADIENTS = ("grad", "g", "gradient", "derivative", "deriv", "d")
#: What the names of methods that go backward speak of; and those of methods that reach out of the program.
_STARTS = ("back", "grad", "deriv", "diff", "prop")
_OUTWARD = ("draw", "plot", "show", "print", "save", "write", "dump", "load", "render", "view", "display", "input")
#: Names of methods that have to do with gradients, and find none out.
_OTHERWISE = ("back", "zero", "clear", "reset", "set", "no_", "need", "require")
X, _Y = np.array([[1.5, -2.25, 0.625], [3.0, 0.375, -1.125]]), np.array([[-0.5, 1.75, 2.5], [0.875, -3.5, 1.375]])
_SEED = np.array([[2.0, -1.0, 0.5], [1.25, 3.0, -0.75]])


def rank(name: str, likely: tuple[str, ...]) -> int:
    return likely.index(name) if name in likely else len(likely) + name.startswith("_")


#: Its words, which are those of the call that it makes; what it does; its derivatives.
Combination = tuple[str, Callable[[Any, Any], Any], Callable[[Array, Array], tuple[Array, Array]]]


def _by_method(name: str) -> Callable[[Any, Any], Any]:
    return lambda x, y: getattr(x, name)(y)


#: A result of x and y, and its derivatives; a way of starting is the better the more of them come out right.
_COMBINATIONS: tuple[Combination, ...] = (
    ("x * y", lambda x, y: x * y, lambda x, y: (y, x)),
    ("x.mul(y)", _by_method("mul"), lambda x, y: (y, x)),
    ("x.multiply(y)", _by_method("multiply"), lambda x, y: (y, x)),
    ("x + y", lambda x, y: x + y, lambda x, y: (np.ones_like(x), np.ones_like(y))),
    ("x.add(y)", _by_method("add"), lambda x, y: (np.ones_like(x), np.ones_like(y))),
    ("x - y", lambda x, y: x - y, lambda x, y: (np.ones_like(x), -np.ones_like(y))),
    ("-x", lambda x, y: -(x * y), lambda x, y: (-y, -x)),
    ("x.exp()", lambda x, y: (x * y).exp(), lambda x, y: (y * np.exp(x * y), x * np.exp(x * y))),
)

#: The same of functions beside the class.
_BESIDE = tuple(
    (name, derivatives)
    for names, (_, _, derivatives) in ((("mul", "multiply"), _COMBINATIONS[0]), (("add", "plus"), _COMBINATIONS[3]))
    for name in names
)


def computes(subject: Subject) -> bool:
    """Whether a product or a sum of two values is the right one."""
    x, y = _pair(subject)
    for words, combine, right in (("x * y", mul, x * y), ("x + y", add, x + y)):
        try:
            with subject.around.trying(words):
                if np.array_equal(subject.array(combine(subject.make(x), subject.make(y))), right):
                    return True
        except Exception:
            continue
    return False


def _pair(subject: Subject, single: bool = False) -> tuple[Array, Array]:
    """Two arrays that the class takes, or two numbers."""
    if subject.anatomy.scalar or single:
        x, y = np.array(1.5), np.array(-2.25)
        return x.reshape((1,) * subject.anatomy.rank), y.reshape((1,) * subject.anatomy.rank)
    return (X[0], _Y[0]) if subject.anatomy.rank == 1 else (X, _Y)


def _example(cls: type, anatomy: Anatomy, around: Surroundings) -> Any:
    """An instance that nothing was done with."""
    subject = Subject(cls, anatomy, around)
    return subject.make(_pair(subject)[0])


def differentiated(cls: type, anatomy: Anatomy, said: Mapping[str, str], around: Surroundings) -> Anatomy:
    """The anatomy with where the gradient lives and how backward starts, if any way of starting shows them.

    What takes an array by accident (an array has `.data`, too) gets fewer of the combinations right than what is meant.
    """
    best, most = anatomy, -1
    for start in [_named(cls, said["backward"], around)] if "backward" in said else _starts(cls, anatomy, around):
        if start in _others(cls) and most >= 0:
            break  # a likely one shows a gradient
        for seed in ("", "number", "tensor") if anatomy.scalar else ("array", "tensor", "", "number"):
            if seed and start.startswith(("set ", "ask ")):
                continue
            for summed in (False, True) if not anatomy.scalar and not seed else (False,):
                tried = replace(anatomy, backward=start, seed=seed, any_root=not summed)
                names = Counter(name for name in _shown(Subject(cls, tried, around), summed, said) if name)
                for (name, right), count in names.items():
                    score = count if right else 0
                    if score > most and (right or start not in _others(cls)):
                        notes = () if right else ("no gradient was right while it was probed",)
                        begins = _describe(_example(cls, tried, around), name)
                        best, most = replace(tried, grad=name, start=begins, notes=notes), score
    return best if best.grad else _undifferentiated(cls, anatomy, said, around)


def _undifferentiated(cls: type, anatomy: Anatomy, said: Mapping[str, str], around: Surroundings) -> Anatomy:
    """No backward pass showed a gradient: what would be its names, and what it raises."""
    start = _named(cls, said["backward"], around) if "backward" in said else next(_likely(cls, around), "")
    subject = Subject(cls, replace(anatomy, backward=start), around)
    made = _example(cls, anatomy, around)
    name = next((name for name in [said.get("grad", ""), *GRADIENTS] if name and hasattr(made, name)), "")
    notes: tuple[str, ...] = ()
    if start:
        try:
            with around.trying(f"x.{start}()"):
                subject.start(made)()
        except Stopped as stopped:
            notes = (f"{stopped}: no gradient can be compared",)
        except Exception as error:
            notes = (f"{start.rpartition(' ')[2]}() raises {type(error).__name__}: {error}"[:120],)
    return replace(anatomy, backward=start, grad=name, differentiates=False, any_root=True, notes=notes)


def _shown(subject: Subject, summed: bool, said: Mapping[str, str]) -> Iterator[tuple[str, bool] | None]:
    """For each combination that this way gets through: where a gradient showed, and whether it was right."""
    scalar = subject.anatomy.scalar
    # Who can neither start at an array nor sum one is shown single numbers.
    single = scalar or (summed and not subject.sums)
    x, y = _pair(subject, single)
    seeds = _SEED[0] if subject.anatomy.rank == 1 else _SEED
    weight = seeds if not scalar and subject.anatomy.seed in ("array", "tensor") else np.ones_like(x)
    hung = 0
    beside = ((f"{name}(x, y)", subject.function(name), rule) for name, rule in _BESIDE)
    present = [(words, function, rule) for words, function, rule in beside if function]
    for words, combine, derivatives in (*_COMBINATIONS, *present):
        try:
            found = _attempt(subject, x, y, words, combine, weight, summed)
        except Stopped:
            hung += words not in subject.around.stopped
            if hung > 1:
                return
            continue
        if found is not None:
            wanted = tuple(weight * part for part in derivatives(x, y))
            name, right = _moved(subject, *found, wanted, said)
            yield (name, right) if name else None


def _starts(cls: type, anatomy: Anatomy, around: Surroundings) -> Iterator[str]:
    """Where backward may start, the likeliest first: methods, functions beside the class, methods of any name."""
    yield from _likely(cls, around)
    yield from (f"set {name}" for name in _settable(cls, anatomy, around))
    yield from (f"tape {name}" for name in _of_tapes(anatomy, around))
    yield from (f"ask {name}" for name in _asked(cls, around))
    yield from _others(cls)


def _likely(cls: type, around: Surroundings) -> Iterator[str]:
    public = _methods(cls)
    likely = [name for name in public if "back" in name.lower()]
    likely.sort(key=lambda name: (name != "backward", "backward" not in name))
    yield from likely
    yield from (name for name in public if name not in likely and _speaks_of(name, _STARTS))
    yield from (f"function {name}" for name in around.names if _speaks_of(name, _STARTS) and _beside(cls, name, around))


def _settable(cls: type, anatomy: Anatomy, around: Surroundings) -> list[str]:
    """Attributes that may be made 1 at the root, for methods that find the gradients of others out by it."""
    if not _finding(cls):
        return []
    made = _example(cls, anatomy, around)
    names = [name for name in getattr(made, "__dict__", ()) if name != anatomy.value]
    return [name for name in names if name in GRADIENTS or _speaks_of(name, _STARTS)]


def _asked(cls: type, around: Surroundings) -> list[str]:
    """Methods of the result that may be given a leaf, and functions that are given the result and a leaf."""
    methods = [name for name in _methods(cls) if _speaks_of(name, _STARTS) and _wants(getattr(cls, name), 2)]
    functions = [name for name in around.names if _speaks_of(name, _STARTS) and _beside(cls, name, around)]
    return [*methods, *(name for name in functions if name not in methods and _wants(around.names[name], 2))]


def _wants(function: Callable[..., Any], number: int) -> bool:
    """Whether it must be given so many arguments, an instance among them."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return False
    return sum(p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters) == number


def _of_tapes(anatomy: Anatomy, around: Surroundings) -> list[str]:
    """Methods of what is handed over beside the data that may go backward."""
    tapes = [around.names[text[:-2]] for text in anatomy.filling if text.endswith("()") and text != "()"]
    return [name for tape in tapes for name in _methods(tape) if _speaks_of(name, _STARTS)]


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
    subject: Subject,
    x: Array,
    y: Array,
    words: str,
    combine: Callable[[Any, Any], Any],
    weight: Array,
    summed: bool,
) -> tuple[tuple[Any, Any], Any] | None:
    """The leaves after a backward pass from what they are combined to, and a fresh one; None if it raises."""
    subject.renew()
    anatomy = subject.anatomy
    try:
        leaves = subject.make(x), subject.make(y)
        fresh = subject.make(x)
        with subject.around.trying(words):
            root = combine(*leaves)
            if not subject.holds(root):
                return None
        with subject.around.trying(f"{anatomy.backward}({anatomy.seed}) from {words}"):
            subject.backward(subject.total(root) if summed and subject.array(root).ndim else root, weight)
    except Stopped:
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
    names.sort(key=lambda name: rank(name, GRADIENTS))
    names += [] if "grad" in said else ["[]", *_finding(subject.cls)]
    changed = ""
    for name in names:
        seen = [numbers(_found(subject, leaf, name), subject.cls, value) for leaf in leaves]
        right = [a is not None and a.shape == b.shape and np.allclose(a, b) for a, b in zip(seen, wanted)]
        if all(right):
            return name, True
        if name not in attributes(fresh):
            continue
        before = numbers(held(fresh, name), subject.cls, value)
        moved = [a is not None and (before is None or not np.array_equal(a, before)) for a in seen]
        if any(moved) and not changed and (name in GRADIENTS or "grad" in name.lower()):
            changed = name
    return changed, False


def _finding(cls: type) -> list[str]:
    """Methods that may find a gradient out when they are asked."""
    names = [name for name in _methods(cls) if _speaks_of(name, _STARTS) and not _speaks_of(name, _OTHERWISE)]
    return [
        f"{name}()" for name in sorted(names, key=lambda name: rank(name, GRADIENTS)) if _wants(getattr(cls, name), 1)
    ]


def _found(subject: Subject, leaf: Any, name: str) -> Any:
    """What stands there for a gradient; None where looking raises."""
    try:
        with subject.around.trying(f"x.{name}"):
            return subject.found(leaf, name)
    except Exception:
        return None


def _describe(fresh: Any, name: str) -> str:
    """What a gradient is before any backward."""
    if name.endswith(("()", "[]")):
        return "None"
    thing = held(fresh, name)
    if thing is None:
        return "None" if hasattr(fresh, name) else "missing"
    return "0" if isinstance(thing, (int, float)) else "zeros"
