"""A program's values in ball arithmetic, at its own inputs or with some of them moved; knows no operator.

Intermediate results are never rounded: what comes out is the value of the program as mathematics, with a
radius. Python floats among the arguments are rounded as torch rounds them.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np

from parity.engines.protocol import Array, Run, Value
from parity.program import DType, Program, Ref, Step, laid_out, references, substitute
from parity.truth.balls import acb, arb, balls
from parity.truth.table import CONVENTIONAL, DRAWING, LINES, PARTS, STEPS, Drawn, NoTruth, Undecided

#: The families, imported so that their lines stand in the table.
_NAMES = """
    activation addition alignment arithmetic attention averaging bags bessel binning channels choosing
    classification comparison complex contraction convolution copies creation diagonal differences distance
    elementary factorize fourier fractional grids index joining linalg logic loss margins masks matmul matrix_norms
    normalize norms order parting polynomials pooling random ranking rearranging rectifiers reduce resampling
    rounding scan scatter selection sets shape solve special spectrum statistics unfolding
"""
FAMILIES = tuple(import_module(f"parity.truth.{family}") for family in _NAMES.split())
_WRITING = frozenset({"inplace", "augmented", "out"})


@dataclass(frozen=True, slots=True)
class _Line:
    """One step, ready to be evaluated; `template` is what the reference recorded of its value."""

    number: int
    op: str
    forward: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    writes: bool
    needs: frozenset[int]
    template: Value


class Forward:
    """The program, ready to be evaluated; of the reference's `run` it takes dtypes and shapes, no value."""

    def __init__(self, program: Program, run: Run) -> None:
        lacking = sorted({step.op for step in program.steps if step.op not in LINES})
        if lacking:
            raise NoTruth(f"the truth has no line for {', '.join(lacking)}")
        if len(run.values) != len(program.inputs) + len(program.steps):
            raise NoTruth("the reference did not finish")
        self.program = program
        self.run = run
        self.lines = [self._line(i, step) for i, step in enumerate(program.steps)]
        self.writes = any(line.writes for line in self.lines)

    @cached_property
    def leaves(self) -> list[Array]:
        """The inputs, exactly."""
        arrays = [leaf.array for leaf in self.program.inputs]
        return [balls(array) if array.dtype.kind in "fc" else _widened(array) for array in arrays]

    def values(self) -> list[Any]:
        """Every value at the program's own inputs, taken when it was computed."""
        return self._run(self.leaves, snapshots=self.writes)

    def moved(self, base: Sequence[Any], moved: Mapping[int, Array]) -> Sequence[Any]:
        """The values at the end of the program with some leaves replaced.

        Only what depends on them is computed again; the rest is `base`, from `values` at this precision.
        """
        leaves = [moved.get(i, leaf) for i, leaf in enumerate(self.leaves)]
        if self.writes:
            return self._run(leaves, snapshots=False)
        values = [*leaves, *base[len(leaves) :]]
        affected = set(moved)
        for line in self.lines:
            if not affected.isdisjoint(line.needs):
                values[line.number] = self._evaluate(line, values, base)
                affected.add(line.number)
        return values

    def reached(self, number: int) -> set[int]:
        """The values that leaf `number` may reach."""
        found = {number}
        for line in self.lines:
            if not found.isdisjoint(line.needs):
                # What a step writes is seen through every name of that memory.
                found |= {line.number} if not self.writes else set(range(line.number + 1))
        return found

    def _run(self, leaves: Sequence[Array], *, snapshots: bool) -> list[Any]:
        values: list[Any] = list(leaves)
        if self.writes:
            # An expanded leaf may not be written to, and its elements must move one by one.
            layouts = (g.layout if g.layout != "expanded" else "contiguous" for g in self.program.inputs)
            values = [laid_out(leaf, layout) for leaf, layout in zip(leaves, layouts)]
        taken: list[Any] = [value.copy() for value in values] if snapshots else values
        for line in self.lines:
            value = self._evaluate(line, values, values)
            values.append(value)
            if snapshots:
                taken.append(tuple(v.copy() for v in value) if isinstance(value, tuple) else value.copy())
        return taken

    def _evaluate(self, line: _Line, values: Sequence[Any], unmoved: Sequence[Any]) -> Any:
        args, kwargs = _resolved(line, values)
        if line.op in PARTS and self.writes:
            raise NoTruth(f"{line.op} beside steps that write")
        if line.op in CONVENTIONAL or line.op in STEPS:
            if self.writes and line.op in CONVENTIONAL:
                raise NoTruth(f"{line.op} beside steps that write")
            given, named = _resolved(line, unmoved)
            positional = zip(inspect.signature(line.forward).parameters, given)
            kwargs["unmoved"] = {**dict(positional), **named}
        out = kwargs.pop("out", None)
        try:
            result = line.forward(*args, **kwargs)
        except (NoTruth, Undecided):
            raise
        except Exception as error:
            raise NoTruth(f"{line.op}: {type(error).__name__}: {error}") from error
        if isinstance(line.template, tuple):
            return tuple(_fitted(line.op, r, t) for r, t in zip(result, line.template, strict=True))
        fitted = _fitted(line.op, result, line.template)
        target = out if out is not None else args[0] if line.writes and line.op != "setitem" else None
        if target is None or target.shape != fitted.shape:  # torch resizes what `out` names
            return fitted
        target[...] = fitted
        return target

    def _line(self, position: int, step: Step) -> _Line:
        number = len(self.program.inputs) + position
        template = self.run.values[number]
        if step.op in DRAWING and step.seed is None:
            raise NoTruth(f"{step.op} without a seed")
        drawn: dict[str, Any] = {}
        if step.op in DRAWING and step.seed is not None:
            drawn["drawn"] = Drawn(step.seed, template, self._given(step))
        dtype = self._rounding(step, template)

        def rounded(tree: Any) -> Any:
            if isinstance(tree, float):
                return float(dtype.type(tree)) if math.isfinite(tree) else tree
            if isinstance(tree, tuple):
                return tuple(rounded(item) for item in tree)
            return [rounded(item) for item in tree] if isinstance(tree, list) else tree

        return _Line(
            number=number,
            op=step.op,
            forward=LINES[step.op],
            args=rounded(step.args),
            kwargs={key: rounded(value) for key, value in step.kwargs.items()} | drawn,
            writes=step.spelling in _WRITING or step.op == "setitem",
            needs=frozenset(ref.index for ref in references((step.args, tuple(step.kwargs.values())))),
            template=template,
        )

    def _given(self, step: Step) -> tuple[Any, ...]:
        """The positional arguments as the reference had them."""
        values = self.run.values
        return tuple(
            (values[a.index] if a.item is None else values[a.index][a.item]) if isinstance(a, Ref) else a  # type: ignore[index]
            for a in step.args
        )

    def _rounding(self, step: Step, template: Value) -> np.dtype[Any]:
        """The dtype to which torch rounds a Python float among the arguments."""
        arrays: list[Any] = list(template) if isinstance(template, tuple) else [template]
        for ref in step.refs():
            value = self.run.values[ref.index]
            arrays.append(value[ref.item] if isinstance(value, tuple) and ref.item is not None else value)
        for array in arrays:
            if isinstance(array, np.ndarray) and array.dtype.kind in "fc":
                return np.dtype(array.real.dtype)
        return np.dtype(np.float64)


def _resolved(line: _Line, values: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    def resolve(leaf: Any) -> Any:
        if isinstance(leaf, DType):
            return leaf.name
        value = values[leaf.index]
        return value if leaf.item is None else value[leaf.item]

    return substitute(line.args, resolve), {key: substitute(arg, resolve) for key, arg in line.kwargs.items()}


def _widened(array: Array) -> Array:
    return array.astype(bool if array.dtype == bool else np.int64)


def _fitted(op: str, result: Any, template: Array | None) -> Array:
    """The result in the reference's kind of dtype and its shape; integers wrap as its dtype does."""
    dtype = object if isinstance(result, (arb, acb)) else None
    array = result if isinstance(result, np.ndarray) else np.asarray(result, dtype=dtype)
    if template is None or array.shape != template.shape:
        raise NoTruth(f"{op}: shape {array.shape} is not the reference's")
    if template.dtype.kind in "biu":
        if array.dtype == object:
            raise NoTruth(f"{op}: real numbers where the reference has {template.dtype.name}")
        return _widened(array.astype(template.dtype))
    if array.dtype != object:
        array = balls(array)
    elif array.size and not isinstance(array.flat[0], (arb, acb)):  # an empty sum is the integer 0
        array = _mapped(lambda x: x if isinstance(x, (arb, acb)) else arb(x), array)
    if template.dtype.kind == "c" and array.size and not isinstance(array.flat[0], acb):
        array = _mapped(acb, array)
    return array


def _mapped(convert: Callable[[Any], Any], array: Array) -> Array:
    result = np.empty(array.shape, object)
    for place in np.ndindex(array.shape):
        result[place] = convert(array[place])
    return result
