"""`Jittered`: an engine whose every rounding is off by one more; knows no operator.

Each step's floating arguments and results are multiplied by 1 ± eps, a sign per element. The multiplication
is an ordinary step of the engine, so its derivative nudges the gradients, of any order. Zero stays zero.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from parity.engines.decorators import Around
from parity.engines.protocol import Array
from parity.engines.torchlike import TorchLike

Treatment = Literal["all", "rest", "out", "gradient", "none"]


def _signs_of_numbers() -> Array:
    """Whether a single number is nudged down: by run (in fours) and by how many nudges came before.

    A result that is rounded and then read by one step is nudged twice; signs drawn freely would undo each other in all
    of four runs once in sixteen times. Of any eight nudges in a row no two do, or agree, in all four.
    """
    random = np.random.default_rng(0)
    patterns = np.array([(0, *rest) for rest in itertools.product((0, 1), repeat=3)])
    rows = [
        patterns[[number % len(patterns) for number in range(_POOL)]] ^ random.integers(0, 2, (_POOL, 1))
        for _ in range(4)
    ]
    return np.concatenate([row.T for row in rows])


#: Nudges in a pool; larger arrays have fewer, and the largest are drawn anew.
_POOL, _SMALL = 64, 4096
_NUMBERS = _signs_of_numbers()
#: Nudges by engine, dtype and shape: drawing them would cost more than the run.
_POOLS: dict[tuple[str, Any, tuple[int, ...]], list[Any] | None] = {}


class Jittered(Around):
    """The engine, nudged; for one run of one program.

    `treatment` says per step what is nudged: "all" arguments and results, the "rest" of the arguments where
    the first is written to, all arguments and what `out=` names where it lies ("out"), only the "gradient" of the
    results, or "none". `number` tells nudged runs apart.
    With `apart` the gradient of every argument is nudged once more by itself: what nudged arguments have in common
    (both of x / x) cancels.
    """

    def __init__(self, engine: TorchLike, treatment: Sequence[Treatment], number: int, apart: bool = False) -> None:
        super().__init__(engine)
        self.shares_memory = False  # nobody asks a nudged run who shares memory with whom
        self._tensor = self.tensor_type
        self._treatment = treatment
        self._apart = apart
        self._step = 0
        self._number = number
        self._count = 0

    def at(self, step: int) -> None:
        """The step that comes next: steps of a history that are no calls would go uncounted."""
        self._step = step

    def call(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any], spelling: str) -> Any:
        treatment = self._treatment[self._step]
        self._step += 1
        if treatment == "none":
            return self.engine.call(op, args, kwargs, spelling)
        if treatment == "gradient":
            return self._kept(self.engine.call(op, args, kwargs, spelling))
        if treatment == "rest":
            # What `out=` names is written; every argument before it is only read.
            target = () if spelling == "out" else args[:1]
            rest = [self._nudged(arg) for arg in args[len(target) :]]
            return self.engine.call(op, (*target, *rest), self._named(kwargs), spelling)
        if treatment == "out":
            nudged = tuple([self._nudged(arg) for arg in args])
            written = self.engine.call(op, nudged, self._named(kwargs), spelling)
            for part in written if isinstance(written, tuple) else (written,):
                self.engine.call("copy", (part, self._nudged(part)), {}, "inplace")
            return written
        nudged = tuple([self._nudged(arg) for arg in args])
        if self._apart:
            nudged = tuple([self._kept(arg) for arg in nudged])
        return self._nudged(self.engine.call(op, nudged, self._named(kwargs), spelling))

    def grad(
        self, outputs: Sequence[Any], inputs: Sequence[Any], seeds: Sequence[Any], create_graph: bool
    ) -> list[Any | None]:
        # A result that could not be nudged where it lies reads a nudged gradient all the same.
        if not {"rest", "none"}.isdisjoint(self._treatment):
            seeds = [self._nudged(seed) for seed in seeds]
        return self.engine.grad(outputs, inputs, seeds, create_graph)

    def _named(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        return {name: value if name == "out" else self._nudged(value) for name, value in kwargs.items()}

    def _nudged(self, value: Any) -> Any:
        if isinstance(value, self._tensor):
            key = (self.name, value.dtype, value.shape)
            pool = _POOLS[key] if key in _POOLS else self._pool(key, value)
            if pool is None:
                return value
            self._count += 1
            if len(pool) == 2:
                return value * pool[_NUMBERS[self._number % len(_NUMBERS), self._count % _POOL]]
            return value * pool[(17 * self._number + self._count) % len(pool)]
        if isinstance(value, (tuple, list)):
            parts = [self._nudged(part) for part in value]
            return parts if isinstance(value, list) else tuple(parts)
        return value

    def _kept(self, value: Any) -> Any:
        """The same value, bit for bit, with a gradient that is nudged: what is added is taken off again.

        Of an infinity, of which nothing can be taken off, the gradient is left alone.
        """
        if isinstance(value, (tuple, list)):
            kept = [self._kept(part) for part in value]
            return kept if isinstance(value, list) else tuple(kept)
        nudged = self._nudged(value)
        if nudged is value or not value.requires_grad:
            return value
        kept = nudged - (nudged - value).detach()
        finite = np.isfinite(self.array(value))
        if finite.all():
            return kept
        return self.engine.call("where", (self.engine.tensor(finite, False), kept, value), {}, "function")

    def _pool(self, key: tuple[str, Any, tuple[int, ...]], like: Any) -> list[Any] | None:
        dtype = self.array(like).dtype
        pool = None
        size = math.prod(key[2])
        if dtype.kind in "fc":
            real = np.zeros(0, dtype).real.dtype
            random = np.random.default_rng([len(key[2]), *key[2]])
            signs = random.integers(0, 2, (_POOL if size <= _SMALL else 5, *key[2]), np.int8) * 2 - 1
            if size == 1:
                signs = np.array([1, -1], np.int8).reshape(2, *key[2])
            nudges = (1 + signs * float(np.finfo(real).eps)).astype(real)
            pool = [self.engine.tensor(np.array(nudge), False) for nudge in nudges]
        if len(_POOLS) > 4096:
            _POOLS.clear()
        if size <= 16 * _SMALL:
            _POOLS[key] = pool
        return pool
