"""A function called with recording stand-ins becomes a Program; values come from the reference's run.

Knows no operator: whatever is called on a stand-in, or below the recorded namespace, is the name of a step.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.errors import UsageError
from parity.leaves import DTYPES, as_array, weights
from parity.program import DType, Input, Program, Ref, Regime, Step, substitute
from parity.spellings import AUGMENTED, OPERATORS

#: The first parameter of this name receives the namespace: `lambda lib, x: lib.sin(x)`.
NAMESPACE = "lib"
_DTYPE_ALIASES = {"float": "float32", "double": "float64", "half": "float16", "int": "int32", "long": "int64"}


class Recorder:
    """The program so far, run on the reference while it grows."""

    def __init__(self, reference: Any) -> None:
        self.engine = reference
        #: The reference's own tensors, by the numbers of `made`.
        self.tensors: list[Any] = []
        #: Inputs and steps as they came; a constant met on the way is an input, and those are numbered first.
        self.made: list[Input | Step] = []

    def leaf(self, leaf: Input) -> Recorded:
        self.tensors.append(self.engine.tensor(leaf.materialise(), leaf.requires_grad))
        self.made.append(leaf)
        return Recorded(self, Ref(len(self.made) - 1))

    def step(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any], spelling: Any) -> Any:
        step = Step(op, tuple(map(self.argument, args)), {k: self.argument(v) for k, v in kwargs.items()}, spelling)
        given = {key: self.value(value) for key, value in step.kwargs.items()}
        result = self.engine.call(op, tuple(map(self.value, step.args)), given, spelling)
        self.tensors.append(result)
        self.made.append(step)
        index = len(self.made) - 1
        return Several(self, index, result) if isinstance(result, (tuple, list)) else Recorded(self, Ref(index))

    def argument(self, value: Any) -> Any:
        """A call's argument as a step holds it; arrays and foreign tensors become inputs."""
        if isinstance(value, Recorded):
            return value._ref
        if isinstance(value, Namespace):
            return value._dtype()
        if isinstance(value, (Several, list, tuple)):
            items = [self.argument(item) for item in value]
            return items if isinstance(value, list) else tuple(items)
        if isinstance(value, slice):
            return slice(*(self.argument(part) for part in (value.start, value.stop, value.step)))
        if value is None or value is Ellipsis or isinstance(value, (bool, int, float, complex, str, DType)):
            return value
        if isinstance(value, np.generic):
            return value.item()
        return self.leaf(Input(as_array(value)))._ref

    def program(self, outputs: Sequence[Ref]) -> Program:
        """What was recorded, inputs first."""
        order = sorted(range(len(self.made)), key=lambda n: isinstance(self.made[n], Step))
        number = {old: new for new, old in enumerate(order)}

        def move(leaf: Any) -> Any:
            return Ref(number[leaf.index], leaf.item) if isinstance(leaf, Ref) else leaf

        inputs, steps = [], []
        for made in (self.made[old] for old in order):
            if isinstance(made, Input):
                inputs.append(made)
            else:
                kwargs = {key: substitute(value, move) for key, value in made.kwargs.items()}
                steps.append(replace(made, args=substitute(made.args, move), kwargs=kwargs))
        return Program(tuple(inputs), tuple(steps), tuple(move(ref) for ref in outputs))

    def value(self, tree: Any) -> Any:
        """An argument of a step as the reference takes it."""

        def found(leaf: Ref | DType) -> Any:
            if isinstance(leaf, DType):
                return self.engine.dtype(leaf.name)
            tensor = self.tensors[leaf.index]
            return tensor if leaf.item is None else tensor[leaf.item]

        return substitute(tree, found)


class Recorded:
    """A stand-in for one tensor: every operator, method and index on it is recorded and run on the reference.

    What leaves the tensors (`bool(x)`, `float(x)`, `x.item()`, shapes) is the reference's: both engines
    then take the reference's branch.
    """

    __slots__ = ("_recorder", "_ref")
    # An array on the left hands the operator over instead of looping over this object.
    __array_ufunc__ = None

    def __init__(self, recorder: Recorder, ref: Ref) -> None:
        self._recorder, self._ref = recorder, ref

    @property
    def _value(self) -> Any:
        return self._recorder.value(self._ref)

    @property
    def _array(self) -> Array:
        return np.asarray(self._recorder.engine.array(self._value))

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self._array.shape)

    @property
    def ndim(self) -> int:
        return self._array.ndim

    @property
    def dtype(self) -> DType:
        return DType(self._array.dtype.name)

    @property
    def T(self) -> Any:
        return self.permute(*reversed(range(self.ndim)))

    @property
    def mT(self) -> Any:
        return self.transpose(-2, -1)

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    def dim(self) -> int:
        return self.ndim

    def numel(self) -> int:
        return int(self._array.size)

    def item(self) -> Any:
        return self._array.item()

    def tolist(self) -> Any:
        return self._array.tolist()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        engine = self._recorder.engine
        inplace = name.endswith("_") and engine.supports(name[:-1], "inplace")
        op, spelling = (name[:-1], "inplace") if inplace else (name, "method")
        if not callable(getattr(self._value, name, None)):
            raise AttributeError(f"{engine.name}'s tensors have no method {name!r} that could be recorded")
        return lambda *args, **kwargs: self._recorder.step(op, (self, *args), kwargs, spelling)

    def __getitem__(self, index: Any) -> Any:
        return self._recorder.step("getitem", (self, index), {}, "operator")

    def __setitem__(self, index: Any, value: Any) -> None:
        changed = self._recorder.step("setitem", (self, index, value), {}, "operator")
        self._ref = changed._ref

    def __len__(self) -> int:
        return len(self._array)

    def __iter__(self) -> Iterator[Any]:
        return (self[number] for number in range(len(self)))

    def __bool__(self) -> bool:
        return bool(self._array)

    def __float__(self) -> float:
        return float(self._array)

    def __int__(self) -> int:
        return int(self._array)

    def __index__(self) -> int:
        return operator.index(self._array.item())

    def __repr__(self) -> str:
        return f"recorded({self._value!r})"

    __hash__ = object.__hash__

    @classmethod
    def __torch_function__(
        cls, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """torch's own hook: `torch.sin(x)` in a function that was written for torch is recorded too."""
        recorder, given = _recorder((args, kwargs or {})), _without_defaults(function, kwargs or {})
        return recorder.step(_torch_name(function, recorder.engine), args, given, "function")


def _binary(op: str) -> Callable[[Any, Any], Any]:
    return lambda self, other: self._recorder.step(op, (self, other), {}, "operator")


def _reflected(op: str) -> Callable[[Any, Any], Any]:
    return lambda self, other: self._recorder.step(op, (other, self), {}, "operator")


def _augmented(op: str) -> Callable[[Any, Any], Any]:
    return lambda self, other: self._recorder.step(op, (self, other), {}, "augmented")


def _attach_operators() -> None:
    for op, (_, call) in OPERATORS.items():
        name = call.__name__.rstrip("_")
        if op in ("neg", "bitwise_not"):
            setattr(Recorded, f"__{name}__", lambda self, op=op: self._recorder.step(op, (self,), {}, "operator"))
        elif op != "getitem":
            setattr(Recorded, f"__{name}__", _binary(op))
            if op not in ("eq", "ne", "lt", "le", "gt", "ge"):
                setattr(Recorded, f"__r{name}__", _reflected(op))
    for op, (_, call) in AUGMENTED.items():
        setattr(Recorded, f"__{call.__name__}__", _augmented(op))


_attach_operators()


class Several(Sequence[Any]):
    """The outputs of a step that has several; by number, or by the names that the reference gives them."""

    def __init__(self, recorder: Recorder, index: int, result: Sequence[Any]) -> None:
        self._parts = [Recorded(recorder, Ref(index, item)) for item in range(len(result))]
        # Named tuples and torch's return types both say so here.
        self._names: tuple[str, ...] = getattr(result, "__match_args__", ())

    def __getitem__(self, item: Any) -> Any:
        return self._parts[item]

    def __len__(self) -> int:
        return len(self._parts)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in self._names:
            return self._parts[self._names.index(name)]
        raise AttributeError(name)


class Namespace:
    """The recorded library: attributes are names below the module, calls are steps, dtypes are arguments."""

    __slots__ = ("_path", "_recorder")

    def __init__(self, recorder: Recorder, path: str = "") -> None:
        self._recorder, self._path = recorder, path

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        path = f"{self._path}.{name}" if self._path else name
        found = self._recorder.engine.module
        for part in path.split("."):
            found = getattr(found, part, None)
        if found is None:
            raise AttributeError(f"the reference has no {path!r}")
        if isinstance(found, float):
            return found
        return Namespace(self._recorder, path)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        # Made of numbers it is a step; made of an array, which no step can hold, an input.
        if self._path in ("tensor", "as_tensor") and hasattr(args[0], "__array__"):
            return self._constant(*args, **kwargs)
        return self._recorder.step(self._path, args, kwargs, "function")

    def _constant(self, value: Any, dtype: Any = None) -> Any:
        array = as_array(value)
        if dtype is not None:
            array = array.astype(self._recorder.argument(dtype).name)
        return self._recorder.leaf(Input(array))

    def _dtype(self) -> DType:
        name = _DTYPE_ALIASES.get(self._path, self._path)
        if name not in DTYPES:
            raise UsageError(f"{NAMESPACE}.{self._path} is an argument here, and only dtypes can be recorded as one")
        return DType(name)


def record(
    function: Callable[..., Any],
    inputs: Sequence[Input],
    reference: Any,
    *,
    order: int = 1,
    seed: int = 0,
    regime: Regime = "smooth",
    cotangents: Sequence[Array] | None = None,
    second: Sequence[Array | None] | None = None,
) -> Program:
    """Call the function with stand-ins for the inputs; the backward pass gets random weights unless given."""
    recorder = Recorder(reference)
    leaves = [recorder.leaf(leaf) for leaf in inputs]
    arguments = [Namespace(recorder), *leaves] if wants_namespace(function) else leaves
    returned = function(*arguments)
    program = recorder.program(_outputs(returned)).with_(regime=regime)
    if order == 0:
        return program
    rng = np.random.default_rng(seed)
    if cotangents is None:
        values = [recorder.value(ref) for ref in _outputs(returned)]
        cotangents = [weights(rng, np.asarray(reference.array(value)), regime) for value in values]
    program = program.with_(cotangents=tuple(cotangents))
    if second is None and order == 2:
        second = [weights(rng, program.inputs[number].array, regime) for number in program.differentiable]
    return program.with_(second=tuple(second or ()))


def wants_namespace(function: Callable[..., Any]) -> bool:
    """Whether the first parameter is named `lib`."""
    try:
        parameters = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return False
    return bool(parameters) and parameters[0] == NAMESPACE


def _outputs(returned: Any) -> list[Ref]:
    if isinstance(returned, Recorded):
        return [returned._ref]
    if isinstance(returned, dict):
        returned = list(returned.values())
    if isinstance(returned, (list, tuple, Several)):
        refs = [ref for item in returned for ref in _outputs(item)]
        if refs:
            return refs
    raise UsageError(f"the function must return what it computed from its arguments, not {type(returned).__name__}")


def _recorder(tree: Any) -> Recorder:
    stack = [tree]
    while stack:
        item = stack.pop()
        if isinstance(item, Recorded):
            return item._recorder
        stack.extend(item.values() if isinstance(item, dict) else item if isinstance(item, (list, tuple)) else ())
    raise UsageError("no recorded tensor among the arguments")


def _without_defaults(function: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The keywords that somebody wrote: torch hands over every default too, private ones among them."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return kwargs

    def written(name: str, value: Any) -> bool:
        default = parameters[name].default if name in parameters else ...
        return not name.startswith("_") and (type(value) is not type(default) or value != default)

    return {name: value for name, value in kwargs.items() if written(name, value)}


def _torch_name(function: Any, engine: Any) -> str:
    """The name below the module of one of its own functions."""
    name = getattr(function, "__name__", "")
    for path in ("", "nn.functional.", "linalg.", "special.", "fft."):
        found = engine.module
        for part in f"{path}{name}".split("."):
            found = getattr(found, part, None)
        if found is function:
            return path + name
    raise UsageError(f"{name or function!r} is not a function that can be recorded")
