"""Functional engines fit what tapes offer: calls are recorded, and replayed under the engine's own vjp.

Knows no engine; one gives it three things: `own`, `perform` and `vjp`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.engines.tabled import Tabled

Look = Callable[["Recorded"], Any]


class Recorded:
    """One of the engine's values, and the call that it came from; what came from none is a leaf or a constant."""

    __slots__ = ("differentiable", "item", "origin", "value")

    def __init__(self, value: Any, differentiable: bool, origin: Call | None = None, item: int | None = None) -> None:
        self.value, self.differentiable, self.origin, self.item = value, differentiable, origin, item

    def __getitem__(self, item: int) -> Any:
        raise TypeError("a single value has no outputs to pick from")


class Call:
    """A call that can be run again, on other values of what it was given."""

    __slots__ = ("given", "number", "run")
    _numbers = count()

    def __init__(self, run: Callable[[Look], Any], given: Iterable[Recorded]) -> None:
        self.run, self.given, self.number = run, tuple(given), next(self._numbers)


class Functional(Tabled):
    """Values and Gradients of an engine whose derivatives are of functions.

    A subclass has `vjp(function, primals, cotangents)`: the function takes the primals one by one and returns a tuple,
    the answer is one gradient a primal. What depends on what is read off the record: None is no answer of the engine.
    """

    # -- what an engine gives

    def own(self, array: Array) -> Any:
        """The engine's value of an array."""
        raise NotImplementedError

    def vjp(self, function: Callable[..., Any], primals: Sequence[Any], cotangents: Sequence[Any]) -> Sequence[Any]:
        raise NotImplementedError

    def inexact(self, value: Any) -> bool:
        """Whether it is of a dtype that has derivatives."""
        return np.asarray(value).dtype.kind in "fc"

    # -- Values

    def tensor(self, array: Array, requires_grad: bool) -> Recorded:
        return Recorded(self.own(array), requires_grad)

    def array(self, value: Recorded) -> Array:
        return np.asarray(value.value)

    def call(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any], spelling: str) -> Any:
        given: list[Recorded] = []
        mapped((args, tuple(kwargs.values())), given.append)

        def run(look: Look) -> Any:
            return self.perform(op, mapped(args, look), {k: mapped(v, look) for k, v in kwargs.items()}, spelling)

        return self._recorded(run, given)

    # -- Gradients

    def requires_grad(self, value: Recorded) -> bool:
        return value.differentiable

    def grad(
        self, outputs: Sequence[Recorded], inputs: Sequence[Recorded], seeds: Sequence[Recorded], create_graph: bool
    ) -> list[Recorded | None]:
        calls = _between(inputs, outputs)
        reached = [leaf for leaf in inputs if any(leaf in call.given for call in calls) or leaf in outputs]
        if not reached:
            return [None] * len(inputs)

        def function(*primals: Any) -> tuple[Any, ...]:
            known: dict[Any, Any] = dict(zip(reached, primals, strict=True))

            def look(value: Recorded) -> Any:
                if value in known:
                    return known[value]
                if value.origin not in known:
                    return value.value
                made = known[value.origin]
                return made if value.item is None else made[value.item]

            for call in calls:
                known[call] = call.run(look)
            return tuple([look(output) for output in outputs])

        def run(look: Look) -> Any:
            return tuple(self.vjp(function, [look(leaf) for leaf in reached], [look(seed) for seed in seeds]))

        found = dict(zip(reached, self._recorded(run, [*reached, *seeds])))
        return [found.get(leaf) for leaf in inputs]

    def _recorded(self, run: Callable[[Look], Any], given: Iterable[Recorded]) -> Any:
        call = Call(run, given)
        result = run(lambda value: value.value)
        varies = any(value.differentiable for value in call.given)
        if isinstance(result, (tuple, list)):
            return tuple([self._value(part, varies, call, item) for item, part in enumerate(result)])
        return self._value(result, varies, call, None)

    def _value(self, value: Any, varies: bool, call: Call, item: int | None) -> Recorded:
        return Recorded(value, varies and self.inexact(value), call, item)


def mapped(tree: Any, look: Look) -> Any:
    """The tree of arguments with each recorded value replaced by what `look` makes of it."""
    if isinstance(tree, Recorded):
        return look(tree)
    if isinstance(tree, (tuple, list)):
        return type(tree)([mapped(item, look) for item in tree])
    return tree


def _between(inputs: Sequence[Recorded], outputs: Sequence[Recorded]) -> list[Call]:
    """The calls on the ways from the inputs to the outputs, each after those that it needs."""
    found: dict[Call, None] = {}
    stack = [output.origin for output in outputs if output.origin is not None]
    while stack:
        call = stack.pop()
        if call not in found:
            found[call] = None
            stack += [value.origin for value in call.given if value.origin is not None]
    begins, kept = set(inputs), dict[Call, None]()
    for call in sorted(found, key=lambda call: call.number):
        if any(value in begins or value.origin in kept for value in call.given):
            kept[call] = None
    return list(kept)
