"""Instances of a class that somebody wrote: made, read and sent backward as its anatomy says; probes nothing."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import numpy as np

from parity.engines.protocol import Array

#: Modules whose functions are not the file's own.
_FOREIGN = ("numpy", "torch", "math", "builtins", "_operator")
#: Whatever a class that lacks something raises; any other error is its own mistake.
LACKING = (TypeError, AttributeError, AssertionError, NotImplementedError)
#: How a value's place on a tape is called.
_INDICES = ("index", "idx", "id", "i", "position", "node_id")
#: What may stand where a further argument is asked for: no parents, no operator, no label.
FILLINGS: tuple[Any, ...] = (None, (), "", [], 0)


def refused(error: BaseException) -> bool:
    """Whether an error says that a class has not got something, and is no mistake of what it has."""
    return isinstance(error, LACKING) and "unhashable" not in str(error)


class Stopped(Exception):
    """A call of the class that ends the process, or holds it up; no refusal."""


def _silent(what: str) -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is around a class: the names of its file, and what bounds one call of it, by a TimeoutError."""

    names: Mapping[str, Any] = field(default_factory=dict)
    limit: Callable[[], AbstractContextManager[None]] = nullcontext
    #: Who hears of each call before it is tried: it may be the process' last.
    tell: Callable[[str], None] = _silent
    #: Calls that ended the process or held it up, and how: they are not made again.
    stopped: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def trying(self, what: str) -> Iterator[None]:
        """Try one call, by its words; Stopped if it ends the process, did so before, or takes too long."""
        if what in self.stopped:
            raise Stopped(f"{what} {self.stopped[what]}")
        self.tell(what)
        try:
            with self.limit():
                yield
        except TimeoutError:
            self.stopped[what] = "takes too long"
        except (SystemExit, GeneratorExit) as error:
            self.stopped[what] = f"raises {type(error).__name__}"
        else:
            return
        raise Stopped(f"{what} {self.stopped[what]}")

    def function(self, cls: type, name: str) -> Callable[..., Any] | None:
        """What stands under that name beside the class, or on it without being a method."""
        beside = self.names.get(name)
        if callable(beside) and getattr(beside, "__module__", "").partition(".")[0] not in _FOREIGN:
            return beside  # type: ignore[no-any-return]
        static = inspect.getattr_static(cls, name, None)
        return getattr(cls, name) if isinstance(static, (staticmethod, classmethod)) else None


@dataclass(frozen=True, slots=True)
class Anatomy:
    """How a class is used. Empty names: there is no such thing, as far as was seen."""

    cls: str
    scalar: bool
    #: What the constructor wants: "number", "array" or "list"; then what it wants besides.
    build: str
    filling: tuple[str, ...]
    #: How many of these stand before the data. `Tape()` among them is a fresh one of the file's own.
    place: int
    #: What the keyword is called that makes a leaf require its gradient; empty if none does.
    flag: str
    value: str
    #: An attribute; "NAME()" for a method that finds it out, "[]" for what backward gives back, by leaf.
    grad: str
    #: What a gradient is before any backward: "None", "0", "zeros", "missing".
    start: str
    #: A method's name; "function NAME" for one beside the class, "tape NAME" for one of the tape that is handed over,
    #: "set NAME" for an attribute of the result that is made 1, "ask NAME" for what gives the gradient of a leaf.
    backward: str
    #: What `backward` is given: "" (nothing), "number", "array" or "tensor".
    seed: str
    #: Whether an array that is no single number may be the root of a backward pass.
    any_root: bool
    #: Whether a gradient showed; if none did, the names are the likely ones.
    differentiates: bool = True
    dtype: str = "float64"
    #: How many dimensions all that it holds has, where it takes nothing else: 1 for rows of numbers; 0: any number.
    rank: int = 0
    notes: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Subject:
    """Instances of one class, made and read as its anatomy says."""

    def __init__(self, cls: type, anatomy: Anatomy, around: Surroundings | None = None) -> None:
        self.cls = cls
        self.around = around or Surroundings()
        self.anatomy = anatomy
        self._filling: tuple[Any, ...] = ()
        self._returned: Any = None
        self.renew()

    def renew(self) -> None:
        """Begin anew: with another tape, where the class is handed one, and no gradients of before."""
        self._filling = tuple(filled(text, self.around) for text in self.anatomy.filling)
        self._returned = None

    def make(self, array: Array, requires_grad: bool = True, *, as_is: bool = False) -> Any:
        """An instance that holds a copy of the array, in the engine's dtype or as it is."""
        how = self.anatomy.build
        given: Any = np.array(array, None if as_is else self.anatomy.dtype)
        if how == "number":
            given = given.item()
        elif how == "list":
            given = (given if given.ndim else given.reshape((1,) * self.anatomy.rank)).tolist()
        further = {self.anatomy.flag: requires_grad} if self.anatomy.flag else {}
        before, after = self._filling[: self.anatomy.place], self._filling[self.anatomy.place :]
        return self.cls(*before, given, *after, **further)

    def holds(self, thing: Any) -> bool:
        """Whether it is one of the engine's own values, with a number or numbers in it."""
        if isinstance(thing, (np.ndarray, np.generic, float, int, list)):
            return isinstance(thing, self.cls)
        return isinstance(thing, self.cls) or hasattr(thing, self.anatomy.value)

    def array(self, thing: Any) -> Array:
        """The value of an instance, as a copy."""
        held = getattr(thing, self.anatomy.value)
        if isinstance(held, (complex, np.complexfloating)):
            raise NotImplementedError(f"a real number: .{self.anatomy.value} holds {held}")
        found = numbers(held, self.cls, self.anatomy.value)
        if found is None:
            raise TypeError(f".{self.anatomy.value} holds {getattr(thing, self.anatomy.value)!r:.60}, no number")
        return found.astype(self.anatomy.dtype)

    def gradient(self, leaf: Any) -> Array | None:
        """The gradient of an instance, None where there is none."""
        found = numbers(self.found(leaf), self.cls, self.anatomy.value)
        if found is None:
            return None
        shape = self.array(leaf).shape
        if not found.ndim and shape and not found:
            return None  # the number 0 that every gradient starts as
        return found.astype(self.anatomy.dtype)

    def found(self, leaf: Any, name: str = "") -> Any:
        """What stands for the gradient of an instance, as it is: at an attribute, or given by a method or backward."""
        name = name or self.anatomy.grad
        if name == "[]":
            return looked_up(self._returned, leaf)
        if name.endswith("()"):
            return getattr(leaf, name[:-2])()
        return held(leaf, name)

    def function(self, name: str) -> Callable[..., Any] | None:
        """What stands under that name beside the class, or on it without being a method."""
        return self.around.function(self.cls, name)

    @property
    def sums(self) -> bool:
        """Whether a value can be summed."""
        return callable(getattr(self.cls, "sum", None)) or self.function("sum") is not None

    def total(self, root: Any) -> Any:
        """The sum of all that is in a value; TypeError if the class has none."""
        if callable(method := getattr(root, "sum", None)):
            return method()
        function = self.function("sum")
        if function is None:
            raise TypeError(f"{self.anatomy.cls} has no sum")
        return function(root)

    def start(self, root: Any) -> Callable[..., Any]:
        """What starts backward at `root`: its method, or a function beside the class."""
        kind, _, name = self.anatomy.backward.rpartition(" ")
        if not kind:
            return getattr(root, name)  # type: ignore[no-any-return]
        if kind == "set":
            return partial(setattr, root, name, 1.0)
        if kind == "ask":
            ask = self.function(name)
            return (lambda: getattr(root, name)) if ask is None else (lambda: partial(ask, root))
        if kind == "tape":
            return partial(getattr(next(part for part in self._filling if hasattr(part, name)), name), root)
        function = self.function(name)
        assert function is not None
        return partial(function, root)

    def backward(self, root: Any, seed: Array | None, *, copying: bool = True) -> None:
        """Start backward at `root`; without a seed the gradient of its sum is asked for."""
        start = self.start(root)
        kind = self.anatomy.seed
        if not kind:
            self._returned = start()
            return
        given: Any = np.ones_like(self.array(root)) if seed is None else seed
        if copying:
            given = np.array(given, self.anatomy.dtype)
        if kind == "number":
            given = given.item()
        self._returned = start(self.make(given, False) if kind == "tensor" else given)


def filled(text: str, around: Surroundings) -> Any:
    """One of the few fillings by its spelling, or a new object of the file's own."""
    if text.endswith("()") and text != "()":
        return around.names[text[:-2]]()
    return copy.copy({repr(filling): filling for filling in FILLINGS}[text])


def looked_up(gradients: Any, leaf: Any) -> Any:
    """What backward gave back for a leaf: in a mapping, by the leaf or its id; in a list, by its index; or asked."""
    if isinstance(gradients, Mapping):
        for key in (leaf, id(leaf)):
            with suppress(TypeError):  # who says == has no hash
                if key in gradients:
                    return gradients[key]
        return None
    if callable(ask := getattr(gradients, "wrt", gradients)):
        return ask(leaf)
    places = [place for name in _INDICES if type(place := getattr(leaf, name, None)) is int]
    return gradients[places[0]] if isinstance(gradients, (list, tuple, np.ndarray)) and places else None


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
        if cls in (float, np.ndarray):
            names.append("real")  # who is a number holds none
    yield from (name for name in dict.fromkeys(names) if not name.startswith("__"))


def held(thing: Any, name: str) -> Any:
    """What stands there; None where looking raises."""
    try:
        return getattr(thing, name, None)
    except Exception:
        return None
