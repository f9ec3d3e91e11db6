"""What a class that differentiates is made of, found out by trying: how it is built, where its value and its
gradient live, how backward starts. Knows names only to try the likely ones first.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.errors import UsageError

#: What may be said by hand, where probing goes wrong.
OPTIONS = ("value", "grad", "backward", "build", "kind")
BUILDS = ("number", "array", "list")
_VALUES = ("data", "value", "val", "v", "num", "array", "x")
_GRADIENTS = ("grad", "g", "gradient", "derivative", "d")
#: Whatever a class that lacks something raises; any other error is its own mistake.
LACKING = (TypeError, AttributeError, AssertionError, NotImplementedError)


def refused(error: BaseException) -> bool:
    """Whether an error says that a class has not got something, and is no mistake of what it has."""
    return isinstance(error, LACKING) and "unhashable" not in str(error)


_X, _Y = np.array([[1.5, -2.25, 0.625], [3.0, 0.375, -1.125]]), np.array([[-0.5, 1.75, 2.5], [0.875, -3.5, 1.375]])
_SEED = np.array([[2.0, -1.0, 0.5], [1.25, 3.0, -0.75]])
#: What may stand where a further argument is asked for: no parents, no operator, no label.
_FILLINGS: tuple[Any, ...] = (None, (), "", [], 0)


@dataclass(frozen=True, slots=True)
class Anatomy:
    """How a class is used. Empty names: there is no such thing, as far as was seen."""

    cls: str
    scalar: bool
    #: What the constructor wants: "number", "array" or "list"; then what it wants besides.
    build: str
    filling: tuple[str, ...]
    requires_grad: bool
    value: str
    grad: str
    #: What a gradient is before any backward: "None", "0", "zeros", "missing".
    start: str
    backward: str
    #: What `backward` is given: "" (nothing), "number", "array" or "tensor".
    seed: str
    #: Whether an array that is no single number may be the root of a backward pass.
    any_root: bool
    #: Whether a gradient showed; if none did, the names are the likely ones.
    differentiates: bool = True
    dtype: str = "float64"
    notes: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Subject:
    """Instances of one class, made and read as its anatomy says."""

    def __init__(self, cls: type, anatomy: Anatomy) -> None:
        self.cls = cls
        self.anatomy = anatomy
        self._filling = tuple(eval_filling(text) for text in anatomy.filling)

    def make(self, array: Array, requires_grad: bool = True, *, as_is: bool = False) -> Any:
        """An instance that holds a copy of the array, in the engine's dtype or as it is."""
        how = self.anatomy.build
        given: Any = np.array(array, None if as_is else self.anatomy.dtype)
        if how == "number":
            given = given.item()
        elif how == "list":
            given = given.tolist()
        further = {"requires_grad": requires_grad} if self.anatomy.requires_grad else {}
        return self.cls(given, *self._filling, **further)

    def holds(self, thing: Any) -> bool:
        """Whether it is one of the engine's own values, with a number or numbers in it."""
        return (isinstance(thing, self.cls) or hasattr(thing, self.anatomy.value)) and not isinstance(
            thing, (np.ndarray, np.generic, float, int, list)
        )

    def array(self, thing: Any) -> Array:
        """The value of an instance, as a copy."""
        found = numbers(getattr(thing, self.anatomy.value), self.cls, self.anatomy.value)
        if found is None:
            raise TypeError(f".{self.anatomy.value} holds {getattr(thing, self.anatomy.value)!r:.60}, no number")
        return found.astype(self.anatomy.dtype)

    def gradient(self, leaf: Any) -> Array | None:
        """The gradient of an instance, None where there is none."""
        held = getattr(leaf, self.anatomy.grad, None)
        found = numbers(held, self.cls, self.anatomy.value)
        if found is None:
            return None
        shape = self.array(leaf).shape
        if not found.ndim and shape and not found:
            return None  # the number 0 that every gradient starts as
        return found.astype(self.anatomy.dtype)

    def backward(self, root: Any, seed: Array | None, *, copying: bool = True) -> None:
        """Start backward at `root`; without a seed the gradient of its sum is asked for."""
        start = getattr(root, self.anatomy.backward)
        kind = self.anatomy.seed
        if not kind:
            start()
            return
        given: Any = np.ones_like(self.array(root)) if seed is None else seed
        if copying:
            given = np.array(given, self.anatomy.dtype)
        if kind == "number":
            given = given.item()
        start(self.make(given, False) if kind == "tensor" else given)


def eval_filling(text: str) -> Any:
    """One of the few fillings by its spelling."""
    return {repr(filling): filling for filling in _FILLINGS}[text]


def numbers(held: Any, cls: type, value: str) -> Array | None:
    """What an attribute holds, as an array of numbers; None if it holds anything else."""
    if isinstance(held, cls):
        held = getattr(held, value, None)
    if isinstance(held, (bool, int, float, np.generic, np.ndarray, list, tuple)):
        try:
            found = np.asarray(held)
        except ValueError:
            return None
        return found.copy() if found.dtype.kind in "bifu" and (found.size or not isinstance(held, tuple)) else None
    return None


def attributes(thing: Any) -> Iterator[str]:
    """The names under which an instance may hold something: its own, its slots, its properties."""
    names = list(getattr(thing, "__dict__", ()))
    for cls in type(thing).__mro__:
        slots = vars(cls).get("__slots__", ())
        names += [slots] if isinstance(slots, str) else list(slots)
        names += [name for name, what in vars(cls).items() if isinstance(what, property)]
    yield from (name for name in dict.fromkeys(names) if not name.startswith("__"))


def held(thing: Any, name: str) -> Any:
    """What stands there; None where looking raises."""
    try:
        return getattr(thing, name, None)
    except Exception:
        return None


def examine(cls: type, options: Mapping[str, str] | None = None) -> Anatomy:
    """Find out how the class is used; UsageError, with what was tried, if no instance of it can be made."""
    said = dict(options or {})
    if unknown := sorted(set(said) - set(OPTIONS)):
        raise UsageError(f"there is no engine option {unknown[0]!r}; there are {', '.join(OPTIONS)}")
    tried: list[str] = []
    scalar = _start(cls, "number", np.array(1.5), said, tried)
    arrays = [found for how in ("array", "list") if (found := _start(cls, how, _X, said, tried))]
    if scalar is None and not arrays:
        raise UsageError(f"{cls.__name__} can't be built of a number, an array or a list: " + "; ".join(tried))
    candidates = ([scalar] if scalar else []) + arrays
    kind = said.get("kind", "")
    if kind not in ("", "scalar", "array"):
        raise UsageError(f"the engine option kind is scalar or array, got {kind!r}")
    if kind == "scalar" or (not kind and scalar is not None and not (arrays and _wants_arrays(cls, scalar, arrays[0]))):
        candidates = [candidate for candidate in candidates if candidate.scalar]
    else:
        candidates = arrays
    if not candidates:
        raise UsageError(f"{cls.__name__} can't be built as {kind}: " + "; ".join(tried))
    whole = [_differentiates(cls, candidate, said) for candidate in candidates]
    return next((anatomy for anatomy in whole if anatomy.differentiates), whole[0])


def _start(cls: type, how: str, array: Array, said: Mapping[str, str], tried: list[str]) -> Anatomy | None:
    """The anatomy as far as making and reading go, None if it can't be made so."""
    if said.get("build", how) != how:
        return None
    given = array.item() if how == "number" else array.tolist() if how == "list" else array.copy()
    asks = _required(cls)
    flag = _accepts(cls, "requires_grad")
    further = {"requires_grad": True} if flag else {}
    ways = [()] if not asks else [(filling,) * asks for filling in _FILLINGS]
    for filling in ways:
        call = ", ".join([f"<{how}>", *map(repr, filling), *(f"{k}={v}" for k, v in further.items())])
        try:
            made = cls(given, *filling, **further)
        except Exception as error:
            tried.append(f"{cls.__name__}({call}) raises {type(error).__name__}: {error}")
            continue
        value = _value(made, cls, array, said)
        if not value:
            tried.append(f"{cls.__name__}({call}) holds the value nowhere that was looked at")
            continue
        dtype = numbers(held(made, value), cls, value)
        narrow = dtype is not None and dtype.dtype == np.float32
        return Anatomy(
            cls=cls.__name__,
            scalar=how == "number",
            build=how,
            filling=tuple(map(repr, filling)),
            requires_grad=flag,
            value=value,
            grad="",
            start="missing",
            backward="",
            seed="",
            any_root=False,
            dtype="float32" if narrow else "float64",
        )
    return None


def _required(cls: type) -> int:
    """How many further positional arguments the constructor must have."""
    try:
        parameters = list(inspect.signature(cls).parameters.values())
    except (TypeError, ValueError):
        return 0
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return sum(p.default is p.empty for p in positional[1:])


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


def _differentiates(cls: type, anatomy: Anatomy, said: Mapping[str, str]) -> Anatomy:
    """The anatomy with where the gradient lives and how backward starts, if any way of starting shows them.

    What takes an array by accident (an array has `.data`, too) gets fewer of the combinations right than what is meant.
    """
    best, most = anatomy, -1
    for start in [said["backward"]] if "backward" in said else _starts(cls):
        for seed in ("", "number", "tensor") if anatomy.scalar else ("array", "tensor", "", "number"):
            for summed in (False, True) if not anatomy.scalar and not seed else (False,):
                tried = replace(anatomy, backward=start, seed=seed, any_root=not summed)
                names = Counter(name for name in _shown(Subject(cls, tried), summed, said) if name)
                for (name, right), count in names.items():
                    score = count if right else 0
                    if score > most:
                        notes = () if right else ("no gradient was right while it was probed",)
                        begins = _describe(Subject(cls, tried).make(_X if not anatomy.scalar else np.array(1.5)), name)
                        best, most = replace(tried, grad=name, start=begins, notes=notes), score
    return best if best.grad else _undifferentiated(cls, anatomy, said)


def _undifferentiated(cls: type, anatomy: Anatomy, said: Mapping[str, str]) -> Anatomy:
    """No backward pass showed a gradient: what would be its names, and what it raises."""
    start = next((name for name in [said.get("backward", ""), *_starts(cls)] if name), "")
    subject = Subject(cls, anatomy)
    made = subject.make(_X if not anatomy.scalar else np.array(1.5))
    name = next((name for name in [said.get("grad", ""), *_GRADIENTS] if name and hasattr(made, name)), "")
    notes: tuple[str, ...] = ()
    if start:
        try:
            getattr(made, start)()
        except Exception as error:
            notes = (f".{start}() raises {type(error).__name__}: {error}"[:120],)
    return replace(anatomy, backward=start, grad=name, differentiates=False, any_root=True, notes=notes)


def _shown(subject: Subject, summed: bool, said: Mapping[str, str]) -> Iterator[tuple[str, bool] | None]:
    """For each combination that this way gets through: where a gradient showed, and whether it was right."""
    scalar = subject.anatomy.scalar
    x, y = (np.array(1.5), np.array(-2.25)) if scalar else (_X, _Y)
    weight = _SEED if not scalar and subject.anatomy.seed in ("array", "tensor") else np.ones_like(x)
    for combine, derivatives in _COMBINATIONS:
        found = _attempt(subject, x, y, combine, weight, summed)
        if found is not None:
            wanted = tuple(weight * part for part in derivatives(x, y))
            name, right = _moved(subject, *found, wanted, said)
            yield (name, right) if name else None


def _starts(cls: type) -> Iterator[str]:
    public = [name for name in dir(cls) if not name.startswith("_") and callable(getattr(cls, name, None))]
    likely = [name for name in public if "back" in name.lower()]
    likely.sort(key=lambda name: (name != "backward", "backward" not in name))
    yield from likely
    yield from (n for n in public if n not in likely and any(w in n.lower() for w in ("grad", "deriv", "diff", "prop")))


def _attempt(
    subject: Subject, x: Array, y: Array, combine: Callable[[Any, Any], Any], weight: Array, summed: bool
) -> tuple[tuple[Any, Any], Any] | None:
    try:
        leaves = subject.make(x), subject.make(y)
        fresh = subject.make(x)
        root = combine(*leaves)
        if not subject.holds(root):
            return None
        subject.backward(root.sum() if summed else root, weight)
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
