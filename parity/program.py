"""Programs as data: inputs, steps and outputs, frozen, printable, saved as JSON; knows no engine.

A program is what the harness draws, runs in two engines, shrinks, emits and keeps. Values are numbered:
inputs first, then one number per step; `Ref(5)` is value 5 and `Ref(5, 1)` the second output of step 5.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from parity.errors import ProgramError
from parity.reading import DTYPES, Reader, array_to_json
from parity.reading import Array as Array
from parity.spellings import SPELLINGS, Spelling

FORMAT = 1

Layout = Literal["contiguous", "transposed", "stepped", "expanded"]
Regime = Literal["exact", "smooth"]

LAYOUTS: tuple[Layout, ...] = ("contiguous", "transposed", "stepped", "expanded")


@dataclass(frozen=True, slots=True)
class Ref:
    """A value by its number; `item` picks one output of a step that has several."""

    index: int
    item: int | None = None


@dataclass(frozen=True, slots=True)
class DType:
    """A dtype by torch's name, as an argument of a step."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """A leaf: its values in C order, whether it requires grad, and how its memory is laid out."""

    array: Array
    requires_grad: bool = False
    layout: Layout = "contiguous"

    def materialise(self) -> Array:
        """A fresh array with these values and this layout; engines take it over without copying."""
        return laid_out(self.array, self.layout)


@dataclass(frozen=True, slots=True)
class Step:
    """One call: torch's name below the module (`add`, `nn.functional.softmax`), its arguments, its spelling.

    Arguments are Ref, DType, numbers, strings, None, slice, Ellipsis, and tuples or lists of these. A step that draws
    at random starts from a seed of its own, so that it draws the same by itself as in its program. In a history a step
    may be an act (`parity.acts`) instead of an operator, and stand in regions (`no_grad`), the outermost first.
    """

    op: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    spelling: Spelling = "function"
    seed: int | None = None
    modes: tuple[str, ...] = ()

    def refs(self) -> Iterator[Ref]:
        """Every reference among the arguments, in order."""
        return references((self.args, tuple(self.kwargs.values())))

    def to_json(self) -> dict[str, Any]:
        return {
            "op": self.op,
            "args": [_encode(a) for a in self.args],
            "kwargs": {k: _encode(v) for k, v in self.kwargs.items()},
            "spelling": self.spelling,
            **({} if self.seed is None else {"seed": self.seed}),
            **({"modes": list(self.modes)} if self.modes else {}),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Inputs, steps, and the outputs that the backward pass starts from.

    `cotangents` holds one array per output. `second` holds one array per input that requires grad (None where it
    takes no part): the weights of the first gradients in a second backward pass; empty means first order only.

    A `history` has no outputs: its steps themselves go backward, and it is compared after each of them.
    """

    inputs: tuple[Input, ...]
    steps: tuple[Step, ...]
    outputs: tuple[Ref, ...]
    cotangents: tuple[Array, ...] = ()
    second: tuple[Array | None, ...] = ()
    regime: Regime = "smooth"
    history: bool = False

    @property
    def order(self) -> int:
        """The highest order of derivative that the program asks for."""
        return 2 if self.second else 1 if self.cotangents else 0

    @property
    def differentiable(self) -> tuple[int, ...]:
        """The numbers of the inputs that require grad."""
        return tuple(i for i, leaf in enumerate(self.inputs) if leaf.requires_grad)

    @property
    def id(self) -> str:
        """Eight hex digits of the content's hash: the name of its file."""
        return hashlib.sha256(self.dumps().encode()).hexdigest()[:8]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Program) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(self.id)

    def with_(self, **changes: Any) -> Program:
        """A copy with some fields replaced."""
        return replace(self, **changes)

    def to_json(self, written: Callable[[Array], dict[str, Any]] = array_to_json) -> dict[str, Any]:
        """The program as JSON; `written` is how an array stands there."""
        return {
            "format": FORMAT,
            "regime": self.regime,
            **({"history": True} if self.history else {}),
            "inputs": [
                {"requires_grad": leaf.requires_grad, "layout": leaf.layout, **written(leaf.array)}
                for leaf in self.inputs
            ],
            "steps": [step.to_json() for step in self.steps],
            "outputs": [_encode(ref) for ref in self.outputs],
            "cotangents": [written(c) for c in self.cotangents],
            "second": [None if c is None else written(c) for c in self.second],
        }

    def dumps(self) -> str:
        """The program as JSON text; floats are in hex, so nothing is rounded."""
        return json.dumps(self.to_json(), indent=1, sort_keys=True)

    @classmethod
    def loads(cls, text: str, source: str = "<string>") -> Program:
        """Read what `dumps` wrote. Raises ProgramError, which names `source` and the place, for anything else."""
        return _read(text, source)


def references(tree: Any) -> Iterator[Ref]:
    """Every Ref in a tree of arguments, in order."""
    if isinstance(tree, Ref):
        yield tree
    elif isinstance(tree, (tuple, list)):
        for item in tree:
            yield from references(item)
    elif isinstance(tree, slice):
        yield from references((tree.start, tree.stop, tree.step))


def substitute(tree: Any, replaced: Callable[[Any], Any]) -> Any:
    """The tree with every Ref and DType replaced by `replaced(leaf)`; numbers, slices and sequences are kept."""
    if isinstance(tree, (Ref, DType)):
        return replaced(tree)
    if isinstance(tree, tuple):
        return tuple(substitute(item, replaced) for item in tree)
    if isinstance(tree, list):
        return [substitute(item, replaced) for item in tree]
    if isinstance(tree, slice):
        return slice(*(substitute(item, replaced) for item in (tree.start, tree.stop, tree.step)))
    return tree


def laid_out(array: Array, layout: Layout) -> Array:
    """A copy of `array` in the given layout: equal values, other strides.

    `stepped` leaves a gap after each element of the last dimension; `expanded` repeats the first row of the last
    dimension with stride 0, so it asks for values that are constant along it.
    """
    if layout == "contiguous" or array.ndim == 0:
        return np.array(array, order="C")
    if layout == "transposed":
        return np.array(array.T, order="C").T
    if layout == "stepped":
        wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
        wide[..., ::2] = array
        return wide[..., ::2]
    narrow = np.array(array[..., :1], order="C")
    return np.lib.stride_tricks.as_strided(narrow, array.shape, (*narrow.strides[:-1], 0))


def _encode(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return {"float": value.hex()}
    if isinstance(value, complex):
        return {"complex": [value.real.hex(), value.imag.hex()]}
    if isinstance(value, str):
        return {"str": value}
    if isinstance(value, Ref):
        return {"ref": [value.index] if value.item is None else [value.index, value.item]}
    if isinstance(value, DType):
        return {"dtype": value.name}
    if isinstance(value, slice):
        return {"slice": [_encode(v) for v in (value.start, value.stop, value.step)]}
    if value is Ellipsis:
        return {"ellipsis": True}
    if isinstance(value, tuple):
        return {"tuple": [_encode(v) for v in value]}
    if isinstance(value, list):
        return {"list": [_encode(v) for v in value]}
    raise ProgramError(f"a step's argument cannot be saved: {value!r} ({type(value).__name__})")


class _Programs(Reader):
    """Programs and their parts out of JSON."""

    def input(self, record: Any) -> Input:
        requires_grad = self.field(record, "requires_grad", self.kind(bool))
        return Input(self.array(record), requires_grad, self.field(record, "layout", self.one_of(LAYOUTS)))

    def ref(self, value: Any) -> Ref:
        decoded = self.value(value)
        if not isinstance(decoded, Ref):
            raise self.fail(f"expected a reference, got {value!r}")
        return decoded

    def value(self, value: Any) -> Any:
        if value is None or isinstance(value, (bool, int)):
            return value
        if not isinstance(value, dict) or len(value) != 1:
            raise self.fail(f"expected a value, got {value!r}")
        ((tag, body),) = value.items()
        if tag == "float":
            return self.at(tag, body, self.real)
        if tag == "complex":
            return complex(*self.at(tag, body, self.each(self.real))[:2])
        if tag in ("str", "dtype"):
            text = self.at(tag, body, self.kind(str))
            return text if tag == "str" else DType(self.one_of(tuple(sorted(DTYPES)))(text))
        if tag == "ref":
            numbers = self.at(tag, body, self.each(self.natural))
            if len(numbers) not in (1, 2):
                raise self.fail(f"a reference has one or two numbers, got {body!r}")
            return Ref(*numbers)
        if tag == "slice":
            parts = self.at(tag, body, self.each(self.value))
            if len(parts) != 3:
                raise self.fail(f"a slice has three parts, got {body!r}")
            return slice(*parts)
        if tag == "ellipsis":
            return Ellipsis
        if tag in ("tuple", "list"):
            items = self.at(tag, body, self.each(self.value))
            return items if tag == "tuple" else list(items)
        raise self.fail(f"unknown kind of value {tag!r}")

    def step(self, record: Any) -> Step:
        name = self.field(record, "op", self.kind(str))
        if not all(part.isidentifier() and not part.startswith("_") for part in name.split(".")):
            raise self.fail(f"{name!r} is not an operator's name")
        kwargs = self.field(record, "kwargs", self.kind(dict), {})
        return Step(
            op=name,
            args=self.field(record, "args", self.each(self.value)),
            kwargs={k: self.at(k, v, self.value) for k, v in kwargs.items()},
            spelling=self.field(record, "spelling", self.one_of(SPELLINGS), "function"),
            seed=self.field(record, "seed", self.kind(int), None),
            modes=self.field(record, "modes", self.each(self.kind(str)), ()),
        )

    def program(self, record: Any) -> Program:
        version = self.field(record, "format", self.kind(int))
        if version > FORMAT:
            self.path = ["format"]
            raise self.fail(f"format {version} is newer than this version reads ({FORMAT}): update parity")
        program = Program(
            inputs=self.field(record, "inputs", self.each(self.input)),
            steps=self.field(record, "steps", self.each(self.step)),
            outputs=self.field(record, "outputs", self.each(self.ref)),
            cotangents=self.field(record, "cotangents", self.each(self.array), ()),
            second=self.field(record, "second", self.each(lambda v: None if v is None else self.array(v)), ()),
            regime=self.field(record, "regime", self.one_of(("exact", "smooth")), "smooth"),
            history=self.field(record, "history", self.kind(bool), False),
        )
        for number, step in enumerate(program.steps):
            self.path = ["steps", str(number)]
            for ref in step.refs():
                if ref.index >= len(program.inputs) + number:
                    raise self.fail(f"refers to value {ref.index}, which does not exist yet")
        self.path = ["outputs"]
        for ref in program.outputs:
            if ref.index >= len(program.inputs) + len(program.steps):
                raise self.fail(f"refers to value {ref.index}, which does not exist")
        if program.cotangents and len(program.cotangents) != len(program.outputs):
            raise self.fail(f"{len(program.outputs)} outputs, but {len(program.cotangents)} cotangents")
        self.path = ["second"]
        if program.second and len(program.second) != len(program.differentiable):
            raise self.fail(f"{len(program.differentiable)} inputs require grad, but {len(program.second)} weights")
        return program


def _read(text: str, source: str) -> Program:
    try:
        record = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ProgramError(f"{source}: not JSON: {error}") from None
    return decoded(record, source)


def decoded(record: Any, source: str) -> Program:
    """The program that `to_json` made this of. Raises ProgramError, which names `source` and the place, otherwise."""
    try:
        return _Programs(source).program(record)
    except RecursionError:
        raise ProgramError(f"{source}: nested too deeply to be a program") from None


def decoded_step(record: Any, source: str) -> Step:
    """The step that `Step.to_json` made this of. Raises ProgramError, as `decoded`."""
    return _Programs(source).step(record)
