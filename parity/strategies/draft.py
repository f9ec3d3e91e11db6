"""A program in the making: its values so far on the reference, picking among them, and the finished record.

Knows domains, shapes and dtypes, but no operator and no kind of argument.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np

from parity.catalogue import CATALOGUE
from parity.engines.interpreter import Live, aliases, execute, lazy, physical
from parity.engines.protocol import Raised, Run, Value
from parity.program import Array, DType, Input, Program, Ref, Regime, Step
from parity.spellings import Spelling
from parity.strategies import arrays, shapes
from parity.strategies.dtypes import FLOATING, INEXACT, KIND, KIND_OF_CHAR
from parity.strategies.item import MARGIN, Item, Unfit, exactly
from parity.strategies.leaning import EVEN, Leaning
from parity.strategies.shapes import Shape
from parity.strategies.source import Source

TAME = (-2.0, 2.0)
_NO_LIMITS: Mapping[str, Any] = {}
#: A step whose arguments hold items: operator, arguments, spelling, and what it drew from.
Drawn: TypeAlias = tuple[str, tuple[Any, ...], dict[str, Any], Spelling, int | None]


class Number(Ref):
    """A step's number, before it is known how many inputs come first."""


class Draft:
    """What has been drawn and run so far."""

    #: Is told of every program before what is new in it runs, which may be the end of this process.
    diary: ClassVar[Callable[[Program], None] | None] = None

    def __init__(
        self,
        source: Source,
        engine: Any,
        regime: Regime,
        dtypes: tuple[str, ...],
        shape: Shape,
        *,
        filler: Callable[[Draft, Shape, str, Mapping[str, Any]], Array | None] | None = None,
        admits: Callable[[Step], bool] | None = None,
        leaning: Leaning = EVEN,
    ) -> None:
        self.source = source
        self.engine = engine
        self.regime: Regime = regime
        self.exact = regime == "exact"
        #: The program's main dtype first, then those mixed in.
        self.dtypes = dtypes
        self.shape = shape
        #: Replaces the values of floating leaves, for one-step programs on critical values and the like.
        self.filler = filler
        #: Which steps may be drawn, for an engine that has not every call of an operator; None: all.
        self.admits = admits
        self.leaning = leaning
        #: Whether zeros, infinities and nan stand in the cotangents.
        self.special_seeds = False
        #: Whether inputs may require grad.
        self.differentiable = True
        #: Whether tensors may have other shapes that broadcast with `shape`; or all but the first.
        self.broadcasting: bool | Literal["later"] = True
        #: Whether smooth complex numbers are small and whole, too, zeros among them.
        self.whole = False
        #: Whether smooth numbers that have no bounds are none below 0, with many zeros: what a rectifier leaves.
        self.rectified = False
        #: Whether every input requires grad that may.
        self.eager = False
        #: Whether half of the zeros among exact numbers are -0.
        self.signed = False
        #: What an array may have at most, in elements.
        self.largest = 4 * max(shapes.LARGEST, shapes.size(shape))
        self.leaves: list[Item] = []
        self.inputs: list[Input] = []
        #: Results by step: an item, or one per output.
        self.results: list[Item | tuple[Item, ...]] = []
        self.snapshots: list[Value] = []
        self.steps: list[Drawn] = []
        #: What the step that ran last drew from.
        self.seed: int | None = None
        #: What later steps may refer to.
        self.items: list[Item] = []
        #: Memory that two tensors hold without torch knowing: a write into it is seen by no backward pass.
        self.unguarded: list[Array] = []
        self.copying = False
        self.error: Raised | None = None
        self._shares = getattr(engine, "shares_memory", True)

    # -- leaves

    def leaf(
        self, array: Array, *, differentiable: bool = True, layouts: float | None = None, usable: bool = True
    ) -> Item:
        """A new input that holds the array; `layouts`: how likely its memory is unusual, if not as elsewhere."""
        source = self.source
        if layouts is None:
            layouts = self.leaning.layouts
        array = np.asarray(array)
        if self.filler is not None:
            layouts = 0.0
        kind = KIND_OF_CHAR[array.dtype.char]
        needs = differentiable and self.differentiable and kind in INEXACT and (self.eager or source.boolean(0.88))
        array, layout = arrays.arranged(source, array, layouts)
        made = Input(array, needs, layout)
        memory = made.materialise()
        tensor = self.engine.tensor(memory, needs)
        if not array.ndim or not self._shares:
            # A leaf without dimension is made of a number.
            memory = self.engine.array(tensor)
        item = Item(tensor, memory, needs, len(self.leaves), None, True, 1 if self.exact else 0)
        self.leaves.append(item)
        self.inputs.append(made)
        if usable:
            self.items.append(item)
        return item

    def dtype(self, kinds: str) -> str:
        """The main dtype, or now and then another, of the kinds allowed."""
        source = self.source
        if len(self.dtypes) > 1 and source.boolean(self.leaning.mixing):
            name = source.choice(self.dtypes)
        else:
            name = self.dtypes[0]
        if KIND[name] in kinds:
            return name
        for name in self.dtypes:
            if KIND[name] in kinds:
                return name
        raise Unfit

    def values(self, shape: Shape, dtype: str, limits: Mapping[str, Any] = _NO_LIMITS) -> Array:
        """Numbers for a leaf: in the domain (smooth), or small and dyadic (exact)."""
        if shapes.size(shape) > self.largest:
            raise Unfit
        source = self.source
        kind = KIND[dtype]
        if kind == "b":
            return arrays.integers(source, shape, 0, 1).astype(np.bool_)
        if self.filler is not None and kind in INEXACT:
            filled = self.filler(self, shape, dtype, limits)
            if filled is not None:
                return filled
        low, high = bounds(limits)
        if kind in "ui":
            least = 1 if limits.get("nonzero") or low >= 0 else 0 if kind == "u" else -4
            if kind == "i" and "least" in limits:
                return arrays.integers(source, shape, limits["least"], 5).astype(dtype)
            return arrays.integers(source, shape, max(least, _above(low)), 5).astype(dtype)
        if self.exact or (self.whole and kind == "c"):
            found = arrays.dyadic(source, shape, source.boolean(0.3))
            if self.signed and kind != "c":
                found = np.where((found == 0) & (np.arange(found.size).reshape(shape) % 2 == 0), -0.0, found)
            if kind == "c":
                # Both parts are seldom 0 by chance.
                rest = (found != 0) | (np.arange(found.size).reshape(shape) % 2 == 1)
                found = found + 1j * arrays.dyadic(source, shape, False) * rest
        elif limits.get("distinct") and kind in FLOATING:
            found = arrays.distinct(source, shape, low, high)
        else:
            found = arrays.uniform(source, shape, low, high)
            if kind == "c":
                found = found + 1j * arrays.uniform(source, shape, 0.1, 1.0)
            elif limits.get("nonzero") or "kinks" in limits:
                found = away(found, (0.0,) if limits.get("nonzero") else limits["kinks"])
            if self.rectified and not limits and kind == "f":
                found = np.maximum(found, 0.0)
            if "grid" in limits:
                found = np.round(found / limits["grid"]) * limits["grid"]
        return found.astype(dtype)

    def fresh(self, shape: Shape, kinds: str, limits: Mapping[str, Any] = _NO_LIMITS, dtype: str = "") -> Item:
        """A new input of that shape, in the domain."""
        return self.leaf(self.values(shape, dtype or self.dtype(kinds), limits))

    def variant(self, shape: Shape, ways: float = EVEN.broadcasting) -> Shape:
        """The shape, or one that broadcasts with it; values that were chosen are kept whole."""
        if self.filler is not None or not self.broadcasting or (self.broadcasting == "later" and not self.leaves):
            return shape
        return shapes.broadcastable(self.source, shape, ways)

    # -- picking

    def pick(
        self,
        kinds: str,
        limits: Mapping[str, Any],
        suits: Callable[[Item], bool] | None,
        make: Callable[[], Item],
    ) -> Item:
        """A value that fits, the latest preferred; else one that `make` adds."""
        items = self.items
        count = len(items)
        # A new input is the likelier the fewer there are; later ones come when nothing fits.
        if not count or (len(self.leaves) < 5 and self.source.boolean(1 / (3 + count))):
            return make()
        k = self.source.integer(0, 2 * count)
        if k >= count:
            k = 0
        smooth = not self.exact
        for turn in range(count):
            item = items[-1 - (k + turn) % count]
            if item.kind not in kinds:
                continue
            if suits is not None and not suits(item):
                continue
            if self.filler is None and not self.fits(item, limits, smooth):
                continue
            return item
        return make()

    def fits(self, item: Item, limits: Mapping[str, Any], smooth: bool) -> bool:
        """Whether the item's values may go where the limits say."""
        if item.kind == "b":
            return not limits.get("nonzero")
        if limits.get("sign") and not item.leaf and 0 in item.look():
            return False
        if smooth:
            return item.moderate() and (not limits or item.within(limits))
        return True

    # -- running

    def admitted(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any], spelling: Spelling) -> bool:
        """Whether a step may stand in the program."""
        if self.admits is None:
            return True
        named = {key: as_ref(value, len(self.leaves)) for key, value in kwargs.items()}
        return self.admits(Step(op, tuple([as_ref(arg, len(self.leaves)) for arg in args]), named, spelling))

    def run(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any], spelling: Spelling) -> Any:
        """What the engine makes of one step whose arguments hold items; nothing is recorded."""
        real_args = tuple([self.real(arg) for arg in args])
        real_kwargs = {key: self.real(value) for key, value in kwargs.items()} if kwargs else kwargs
        self.seed = self.source.integer(0, 999) if "stream" in CATALOGUE[op].tags else None
        if self.seed is not None:
            self.engine.seed(self.seed)
        if Draft.diary is not None:
            Draft.diary(self.going_on(op, args, kwargs, spelling))
        return self.engine.call(op, real_args, real_kwargs, spelling)

    def going_on(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any], spelling: Spelling) -> Program:
        """The program so far and one step more."""
        steps = self._recorded([*self.steps, (op, args, kwargs, spelling, self.seed)])
        return Program(tuple(self.inputs), steps, (), regime=self.regime)

    def _recorded(self, steps: Iterable[Drawn]) -> tuple[Step, ...]:
        count = len(self.leaves)
        return tuple(
            [
                Step(
                    op,
                    tuple([as_ref(arg, count) for arg in args]),
                    {key: as_ref(value, count) for key, value in kwargs.items()} if kwargs else kwargs,
                    spelling,
                    seed,
                )
                for op, args, kwargs, spelling, seed in steps
            ]
        )

    def real(self, argument: Any) -> Any:
        """An argument as the engine takes it."""
        kind = type(argument)
        if kind is Item:
            return argument.tensor
        if kind is tuple:
            return tuple([self.real(part) for part in argument])
        if kind is list:
            return [self.real(part) for part in argument]
        if kind is DType:
            return self.engine.dtype(argument.name)
        return argument

    def add(
        self,
        op: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        spelling: Spelling,
        result: Any,
        bits: int,
        *,
        view: bool = False,
    ) -> Item | tuple[Item, ...]:
        """Record a step that ran."""
        number = len(self.steps)
        self.steps.append((op, args, kwargs, spelling, self.seed))
        taken = items_in(args) + items_in(kwargs.values()) if kwargs else items_in(args)
        for item in taken:
            item.used = True
        engine = self.engine
        if isinstance(result, (tuple, list)):
            made: Item | tuple[Item, ...] = tuple(
                [
                    Item(part, engine.array(part), engine.requires_grad(part), number, place, False, bits)
                    for place, part in enumerate(result)
                ]
            )
            parts = made
        else:
            made = Item(result, engine.array(result), engine.requires_grad(result), number, None, False, bits)
            parts = (made,)
        self.results.append(made)
        if any(loosening(item, view) for item in taken):
            for part in parts:  # type: ignore[union-attr]
                part.loose = part.ndim > 1
        for part in parts:  # type: ignore[union-attr]
            if part.array.size <= shapes.LARGEST and (not self.exact or exactly(part)):
                self.items.append(part)
        if self.copying:
            self.snapshots.append(_copy(made))
        return made

    def keeps(
        self, error: Exception, op: str, args: tuple[Any, ...], kwargs: dict[str, Any], spelling: Spelling
    ) -> bool:
        """Whether a step that raised stands in the program; it is the last one then."""
        if spelling not in ("inplace", "augmented") or not self.source.boolean(0.25):
            return False
        self.error = Raised(type(error).__name__, str(error), f"step {len(self.steps)}")
        self.steps.append((op, args, kwargs, spelling, self.seed))
        return True

    def begin_copying(self) -> None:
        """From now on steps write into values: keep those that there are."""
        if not self.copying:
            self.copying = True
            self.snapshots = [_copy(result) for result in self.results]

    def forget(self, bits: int) -> None:
        """What was known of the values, since a step that needs so many bits may have written into them."""
        for item in self.items:
            item.flat = None
            item.bits = max(item.bits, bits)

    # -- the end

    def finish(self, order: int) -> tuple[Program, Run]:
        """The program and what the reference makes of it, gradients included."""
        self._drop_unused()
        outputs = self._outputs() if order and self.error is None else []
        cotangents = [self._cotangent(item) for item in outputs]
        second: tuple[Array | None, ...] = ()
        if order == 2 and outputs:
            second = tuple([self._cotangent(item) for item in self.leaves if item.requires_grad])
        count = len(self.leaves)
        program = Program(
            tuple(self.inputs),
            self._recorded(self.steps),
            tuple([as_ref(item, count) for item in outputs]),
            tuple(cotangents),
            second,
            self.regime,
        )
        run = self._record(program)
        # An order that the reference lacks is nothing to compare with.
        if run.error is not None and run.error.moment == "backward" and run.error.type == "NotImplementedError":
            program = program.with_(outputs=(), cotangents=(), second=())
            run = execute(program, self.engine)
        if run.error is not None and run.error.moment == "second":
            program = program.with_(second=())
            run = execute(program, self.engine)
        return program, run

    def _drop_unused(self) -> None:
        """Leaves of steps that could not be drawn after all."""
        if self.error is not None:  # the step that raised was not recorded by `add`
            _, args, kwargs, _, _ = self.steps[-1]
            for item in items_in(args) + items_in(kwargs.values()):
                item.used = True
        kept = [number for number, leaf in enumerate(self.leaves) if leaf.used]
        if len(kept) < len(self.leaves):
            self.leaves = [self.leaves[number] for number in kept]
            self.inputs = [self.inputs[number] for number in kept]
            for number, leaf in enumerate(self.leaves):
                leaf.number = number

    def _memory(self, result: Item | tuple[Item, ...]) -> Value:
        tensors = tuple([part.tensor for part in result]) if type(result) is tuple else result.tensor  # type: ignore[union-attr]
        return physical(self.engine, tensors, _array(result))

    def _record(self, program: Program) -> Run:
        if Draft.diary is not None:
            Draft.diary(program)
        live = Live(self.engine, copying=self.copying)
        run = live.run
        run.error = self.error
        if self.copying:
            run.values = [leaf.array for leaf in self.inputs]  # as they were given
            run.values += self.snapshots
        else:
            run.values = [leaf.array for leaf in self.leaves]
            run.values += [_array(result) for result in self.results]
        live.tensors = [leaf.tensor for leaf in self.leaves]
        run.requires_grad = [leaf.requires_grad for leaf in self.leaves]
        for result in self.results:
            if type(result) is tuple:
                live.tensors.append(tuple([part.tensor for part in result]))
                run.requires_grad.append(tuple([part.requires_grad for part in result]))
            else:
                live.tensors.append(result.tensor)  # type: ignore[union-attr]
                run.requires_grad.append(result.requires_grad)  # type: ignore[union-attr]
        memory = [leaf.array for leaf in self.leaves] + [self._memory(result) for result in self.results]
        run.aliases = aliases(memory, len(self.leaves)) if live.shares else []
        run.lazy = lazy(live.tensors)
        if program.cotangents and run.error is None:
            live.differentiate(program)
        run.touched = live.touched(program.inputs)
        return run

    def _outputs(self) -> list[Item]:
        """Every result that nothing else was made of, so that each step matters; at most four."""
        source = self.source
        found: list[Item] = []
        spare: list[Item] = []
        for result in self.results:
            for item in result if isinstance(result, tuple) else (result,):
                if item.requires_grad and not item.free and self._well(item) and self._as_it_was(item):
                    (spare if item.used else found).append(item)
        if spare and (not found or source.boolean(0.2)):
            found.append(source.choice(spare))
        return found[-4:]

    def _as_it_was(self, item: Item) -> bool:
        """Whether no later step gave the tensor another shape in place: it is to be had under its new number."""
        return not self.copying or self.engine.array(item.tensor).shape == item.shape

    def _well(self, item: Item) -> bool:
        if self.filler is not None:
            return True
        if self.exact:
            return exactly(item)
        item.look()
        return (-1e6 < item.low and item.high < 1e6) or not item.flat

    def _cotangent(self, item: Item) -> Array:
        shape, source = item.shape, self.source
        if self.exact:
            found = arrays.dyadic(source, shape, False)
        else:
            found = arrays.uniform(source, shape, -1.5, 1.5)
        if self.special_seeds and item.kind == "f":
            found = np.array(found)  # it may be a window into the table
            for _ in range(min(found.size, 1 + found.size // 8)):
                found.flat[source.integer(0, found.size - 1)] = source.choice(arrays.EXTREMES)
        if item.kind == "c":
            found = found + 1j * arrays.uniform(source, shape, -1.0, 1.0).round(2 if not self.exact else 0)
        return np.asarray(found, item.array.dtype)


def bounds(limits: Mapping[str, Any]) -> tuple[float, float]:
    """The range in which tame values of a domain are drawn."""
    low, high = TAME
    above, below = limits.get("above"), limits.get("below")
    if above is not None:
        low = max(low, above + 0.1 * (1.0 if below is None else min(1.0, below - above)))
        high = max(high, low + 2.0)
    if below is not None:
        width = 1.0 if above is None else min(1.0, below - above)
        high = min(high, below - 0.1 * width)
        low = min(low, high - 0.5)
    return low, high


def away(values: Array, points: tuple[float, ...]) -> Array:
    """The values, moved off the points by several margins."""
    for point in points:
        near = np.abs(values - point) < 3 * MARGIN
        if near.any():
            values = np.where(near, values + 7 * MARGIN, values)
    return values


def _above(low: float) -> int:
    return int(low) if low > -1e9 else -(10**9)


def loosening(item: Item, view: bool) -> bool:
    """Whether the layout of what is made of the item is the engine's own affair."""
    return item.loose or (not view and item.ndim > 1 and not item.array.flags.c_contiguous)


def items_in(tree: Iterable[Any]) -> list[Item]:
    """The items that arguments hold."""
    found: list[Item] = []
    for part in tree:
        kind = type(part)
        if kind is Item:
            found.append(part)
        elif kind is tuple or kind is list:
            found += items_in(part)
    return found


#: The same few references stand in every program.
_ref = functools.lru_cache(maxsize=1024)(Ref)


def as_ref(argument: Any, leaves: int) -> Any:
    """An argument as a step has it: items by their numbers, with so many inputs before the first step."""
    kind = type(argument)
    if kind is Item:
        return _ref(argument.number if argument.leaf else leaves + argument.number, argument.output)
    if kind is Number:
        return _ref(leaves + argument.index)
    if kind is tuple:
        return tuple([as_ref(part, leaves) for part in argument])
    if kind is list:
        return [as_ref(part, leaves) for part in argument]
    return argument


def _array(result: Item | tuple[Item, ...]) -> Value:
    return tuple([part.array for part in result]) if type(result) is tuple else result.array  # type: ignore[union-attr]


def _copy(result: Item | tuple[Item, ...]) -> Value:
    if type(result) is tuple:
        return tuple([part.array.copy() for part in result])
    return result.array.copy()  # type: ignore[union-attr]
