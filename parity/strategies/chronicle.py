"""A history in the making: what the reference has lived so far, refusals included; knows no operator and no way on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import numpy as np

from parity.acts import ACTS, MODES, Stage
from parity.program import Array, Program, Regime, Step
from parity.spellings import Spelling
from parity.strategies.draft import Draft, Drawn, items_in
from parity.strategies.dtypes import INEXACT
from parity.strategies.item import Item, exactly
from parity.strategies.shapes import Shape
from parity.strategies.source import Source


class Refused(Exception):
    """The step that was tried raises on the reference: it stands in the history, without a result."""


class Chronicle(Draft):
    """A draft whose steps may be acts, stand in regions and fail."""

    def __init__(self, source: Source, engine: Any, regime: Regime, dtypes: tuple[str, ...], shape: Shape) -> None:
        super().__init__(source, engine, regime, dtypes, shape)
        self.stage = Stage(engine.module)
        #: The regions that are open now, and those of each step.
        self.modes: tuple[str, ...] = ()
        self.regions: list[tuple[str, ...]] = []
        self.handles: list[int] = []
        #: What has a hook, and where: "tensor", "node" and so on.
        self.hooked: list[tuple[Item, str]] = []
        self.ran_backward = False
        #: Whether torch gave out a gradient that is the memory of something else: what is written to either is not
        #: promised to be seen in the other, so nothing is written any more.
        self.sealed = False

    def run(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any], spelling: Spelling) -> Any:
        with self._open():
            return super().run(op, args, kwargs, spelling)

    def add(self, *args: Any, **options: Any) -> Item | tuple[Item, ...]:
        self.regions.append(self.modes)
        made = super().add(*args, **options)
        for item in made if isinstance(made, tuple) else (made,):
            if self.exact and item.kind in INEXACT:
                item.bits = needed_bits(item.array)
        return made

    def act(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> Any:
        """Do an act and record it; what it raises is recorded too, and comes out as Refused."""
        kwargs = kwargs or {}
        number = len(self.steps)
        self.stage.number = number
        self.stage.log = []
        for item in items_in((args, tuple(kwargs.values()))):
            item.used = True
        given = tuple([self.real(arg) for arg in args])
        named = {key: self.real(value) for key, value in kwargs.items()}
        self.seed = None
        if Draft.diary is not None:
            Draft.diary(self.going_on(op, args, kwargs, "function"))
        try:
            with self._open():
                result = ACTS[op].do(self.stage, *given, **named)
        except Exception:
            self.refused(op, args, kwargs, "function")
            raise Refused from None
        made = self._leave(op, args, kwargs, result)
        if op in ("backward", "autograd.grad"):
            self.sealed = self.sealed or self._shares_gradients(args[-1], result)
        return made

    def _shares_gradients(self, seeds: Sequence[Item | None], results: Any) -> bool:
        """Whether gradients share memory with each other or with what was handed in."""
        array = self.engine.array
        held = {id(item.tensor): item.tensor for item in (*self.leaves, *self.items) if item.tensor is not None}
        grads = [array(g) for g in map(_grad_of, held.values()) if g is not None]
        grads += [array(g) for g in results or () if g is not None]
        others = [item.array for item in seeds if item is not None]
        # Empty arrays share no byte, but the record of what was written.
        return any(
            np.may_share_memory(grad, other) or grad.size == other.size == 0
            for place, grad in enumerate(grads)
            for other in (*grads[:place], *others)
        )

    def going_on(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any], spelling: Spelling) -> Program:
        return replace(super().going_on(op, args, kwargs, spelling), history=True)

    def refused(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any], spelling: Spelling) -> None:
        """Record a step that raises."""
        for item in items_in((args, tuple(kwargs.values()))):
            item.used = True
        self.steps.append((op, args, kwargs, spelling, self.seed))
        self.regions.append(self.modes)
        self.results.append(())

    def keeps(
        self, error: Exception, op: str, args: tuple[Any, ...], kwargs: dict[str, Any], spelling: Spelling
    ) -> bool:
        if not self.source.boolean(0.6 if spelling in ("inplace", "augmented") else 0.1):
            return False
        self.refused(op, args, kwargs, spelling)
        return True

    def _leave(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> Any:
        number = len(self.steps)
        self.steps.append((op, args, kwargs, "function", None))
        self.regions.append(self.modes)
        kind = ACTS[op].result
        if kind == "handle":
            self.handles.append(number)
        if kind not in ("tensor", "tensors") or result is None:
            self.results.append(())
            return None
        parts = result if isinstance(result, (tuple, list)) else (result,)
        several = isinstance(result, (tuple, list))
        made = []
        # A tensor that was only written goes on under its new number.
        self.items = [item for item in self.items if all(item.tensor is not part for part in parts)]
        for place, part in enumerate(parts):
            if part is not None:
                item = self.item(part, number, place if several else None)
                made.append(item)
                if op != "autograd.grad" or not part._is_view():
                    self.items.append(item)  # of what a gradient is a view nobody can see
        self.results.append(tuple(made))
        return tuple(made)

    def item(self, tensor: Any, number: int, output: int | None) -> Item:
        array = self.engine.array(tensor)
        bits = needed_bits(array) if self.exact else 0
        return Item(tensor, array, self.engine.requires_grad(tensor), number, output, False, bits)

    def refresh(self) -> None:
        """What acts and writing change of the items: values, shapes, whether they require grad."""
        for item in self.items:
            item.flat = None
            item.array = self.engine.array(item.tensor)
            item.shape, item.ndim = item.array.shape, item.array.ndim
            item.requires_grad = self.engine.requires_grad(item.tensor)
            if self.exact and item.kind in INEXACT:
                item.bits = needed_bits(item.array)
        if self.exact:
            self.items = [item for item in self.items if exactly(item)]

    def _open(self) -> ExitStack:
        stack = ExitStack()
        for mode in self.modes:
            stack.enter_context(MODES[mode].enter(self.engine.module, self.stage.tell))
        return stack

    def history(self, *, pruning: bool = True) -> Program:
        """The history so far; `pruning` drops leaves that nothing was made of, after which it cannot go on."""
        if pruning:
            self._drop_unused()
        return Program(tuple(self.inputs), self._recorded(self.steps), (), regime=self.regime, history=True)

    def _recorded(self, steps: Iterable[Drawn]) -> tuple[Step, ...]:
        regions = (*self.regions, self.modes)  # the last for a step that is about to run
        return tuple(replace(step, modes=modes) for step, modes in zip(super()._recorded(steps), regions))


def needed_bits(array: Array) -> int:
    """How many bits behind the point the finite values need; more than any exact value has where they need too many."""
    flat = np.ascontiguousarray(array).ravel()
    if flat.dtype.kind == "c":
        flat = flat.view(flat.real.dtype)
    if flat.dtype.kind != "f":
        return 0
    wide = flat[np.isfinite(flat)].astype(np.float64)
    for bits in (0, 1, 2, 4, 8, 12):
        scaled = wide * 2.0**bits
        if (scaled == np.floor(scaled)).all():
            return bits
    return 99


def _grad_of(tensor: Any) -> Any:
    try:
        return tensor.grad if tensor.is_leaf or tensor.retains_grad else None
    except RuntimeError:
        return None
