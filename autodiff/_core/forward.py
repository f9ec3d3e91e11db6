"""Forward mode: tangents beside values, carried through every operator while a level is open. Knows no operator.

A level is one direction in which derivatives are taken. It keeps the tangent of each tensor in a table of its own, so
a tensor pays nothing for it, and leaving the level forgets them all. Levels nest: an inner level's tangents are
Tensors that carry the outer levels' tangents, so while a level computes, only those outside it are active.

No operator has a forward rule. Pointwise ones multiply with the partial derivative of their row, linear ones apply
themselves, bilinear ones do so twice; every other one transposes its vjp, which is linear in the incoming gradient.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from autodiff._core.batched import Batched, batched, closed, levels_of, opened, spread, whole
from autodiff._core.gradients import fitted
from autodiff._core.graph import backward
from autodiff._core.inplace import assign
from autodiff._core.machine_ops import cast_to
from autodiff._core.modes import duals, state, switch, unusual
from autodiff._core.node import Many, likeness, place_of
from autodiff._core.packing import Packed
from autodiff._core.primitive import ARRAY, DTYPE, INPUT, INPUTS, NOTHING, PARAMETER, RESULT, SHAPE, Primitive
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, accumulator, wrap
from autodiff._kernels.brain import BRAIN
from autodiff._kernels.flags import SILENT, loud, quiet

Tangents = Sequence[Tensor | None]


class Level:
    """One direction of derivatives: the tangents of tensors, and of what nodes saved, while it is open."""

    def __init__(self) -> None:
        #: By the tensor's id; None for one that has no tangent though it is a view of one that has.
        self._given: dict[int, tuple[Any, Tensor | None]] = {}
        #: By the id of what a node saved of a result: that, and the result's tangent.
        self._kept: dict[int, tuple[Any, Tensor]] = {}

    def tangent(self, x: Tensor) -> Tensor | None:
        """The tangent of x; a view's is that region of its base's, and shares its memory."""
        if isinstance(x, Batched):
            whole = self.tangent(x._value)
            return None if whole is None else closed(whole, x._levels)
        found = self._given.get(id(x))
        if found is not None:
            return found[1]
        view = None if x._meta is None else x._meta.view
        base = None if view is None else self.tangent(view.base)
        if view is None or base is None:
            return None
        with self.outside():
            made: Tensor = view.replay(base)
        self.give(x, made)
        return made

    def dual(self, x: Tensor, tangent: Tensor) -> Tensor:
        """A view of x that has this tangent; batched where that is."""
        with self.outside():
            levels = levels_of((x, tangent))
            view: Tensor = batched(spread(ops.view(x, shape=x._array.shape), levels), levels)
        self.give(view, tangent)
        return view

    def give(self, x: Tensor, tangent: Tensor | None) -> None:
        """Let x have this tangent; or none, whatever it is a view of. A batched x has it for all samples."""
        if isinstance(x, Batched):
            self.give(x._value, None if tangent is None else opened(tangent, x._levels))
            return
        key, given = id(x), self._given
        given[key] = weakref.ref(x, lambda _: given.pop(key, None)), tangent

    def is_cut(self, x: Tensor) -> bool:
        """Whether x has no tangent though its base may have one."""
        x = x._value if isinstance(x, Batched) else x
        return self._given.get(id(x), (None, x))[1] is None

    def keep(self, saved: Any, tangent: Tensor) -> None:
        """Remember, until the level is left, the tangent of a result by what its node saved of it."""
        self._kept[id(saved)] = saved, tangent

    def kept(self, saved: Any) -> Tensor | None:
        """The tangent of a result that a node saved."""
        return self._kept.get(id(saved), (None, None))[1]

    def forget(self) -> None:
        """Let go of every tangent."""
        self._given.clear()
        self._kept.clear()

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Only the levels outside this one are active: where this one computes its own tangents."""
        before = state.forward
        state.forward = before[: before.index(self)] if self in before else before
        try:
            yield
        finally:
            state.forward = before

    def carry(self, p: Primitive, inputs: Sequence[Any], params: dict[str, Any], results: Sequence[Tensor]) -> None:
        """Give the results of an operator their tangents."""
        tangents = [self.tangent(x) if isinstance(x, Tensor) else None for x in inputs]
        if all(t is None for t in tangents):
            if p.view and self.is_cut(inputs[0]):
                for r in results:
                    self.give(r, None)
            return
        with self.outside():
            moved = _pushed(p, inputs, tangents, params, results)
        for i, (r, t) in enumerate(zip(results, moved)):
            if t is not None and r._array.dtype.kind in "fc":
                t = t if p.view else _own(t, r, tangents)
                if r._array.dtype is BRAIN:
                    t = cast_to(t, BRAIN)
                self.give(r, t)
                if r._node is not None and not p.view:
                    for s in place_of(r._node)[0].saved or ():
                        if s is not None and (s is r._storage or (isinstance(s, Packed) and s.index == i)):
                            self.keep(s, t)

    def push(self, function: Any, ctx: Any, inputs: Sequence[Any], outputs: Sequence[Any], raw: Sequence[Any]) -> None:
        """Give the outputs of a user's Function the tangents that its jvp returns."""
        tangents = [None if x is None else self.tangent(x) for x in inputs]
        if all(t is None for t in tangents):
            return
        if ctx._materialize:
            tangents = [
                wrap(np.zeros_like(x._array)) if t is None and x is not None and x._array.dtype.kind in "fc" else t
                for x, t in zip(inputs, tangents)
            ]
        with self.outside():
            given = function.jvp(ctx, *tangents)
        moved = given if isinstance(given, tuple) else (given,)
        if len(moved) != len(outputs):
            raise RuntimeError(
                f"Function's jvp returned an invalid number of forward gradients (expected {len(outputs)} but got "
                f"{len(moved)})"
            )
        for i, (o, r, t) in enumerate(zip(outputs, raw, moved)):
            if t is not None and not isinstance(t, Tensor):
                raise RuntimeError(f"expected Variable or None (got {type(t).__name__}) for grad output {i}.")
            moving = isinstance(o, Tensor) and o._array.dtype.kind in "fc" and not any(r is c for c in ctx._constant)
            if moving is (t is None):
                raise RuntimeError(
                    f"Function's jvp returned no gradient at position {i}, where the forward output is differentiable. "
                    "You should return zeros instead of None."
                    if moving
                    else f"Function's jvp returned a gradient at position {i}, but the corresponding forward output is "
                    "not a differentiable Tensor. You should return None at that position instead."
                )
            if t is not None:
                _check_memory(o, t, inputs, tangents, any(r is d for d in ctx._dirty))
                check_size(o, t)
                self.give(o, t)

    def share(self, source: Tensor, target: Tensor, copy: bool) -> None:
        """Let the target have the source's tangent; a copy of it where the source is about to be written."""
        t = self.tangent(source)
        if t is not None:
            with self.outside():
                self.give(target, ops.clone(t) if copy else t)

    def settle(self, target: Tensor, result: Tensor) -> None:
        """After a write: the target's tangent becomes the result's, in the memory that its views' share."""
        new, old = self.tangent(result), self.tangent(target)
        if new is None and old is None:
            return
        view = None if target._meta is None else target._meta.view
        with self.outside():
            if old is None:
                if view is None or self.is_cut(target):
                    self.give(target, ops.clone(new))
                    return
                self.give(view.base, _room(wrap(np.zeros_like(view.base._array)), new))
                old = self.tangent(target)
            elif not set(levels_of((new,))) <= set(levels_of((old,))):
                self._widen(target if view is None else view.base, new)
                old = self.tangent(target)
            if new is not old:
                moved = ops.zeros_like(old) if new is None else new
                assign(old, lambda _: moved)  # type: ignore[arg-type]

    def _widen(self, base: Tensor, by: Tensor | None) -> None:
        """Make room in a tangent, and so in those of all views, for one that varies where it did not."""
        held = self.tangent(base)
        assert held is not None
        for key, (ref, t) in list(self._given.items()):
            x = ref()
            view = None if x is None or x._meta is None else x._meta.view
            if t is not None and view is not None and view.base is base:
                del self._given[key]
        self.give(base, _room(held, by))


def _room(held: Tensor, by: Tensor | None) -> Tensor:
    """A tangent in memory of its own, for each sample of another one."""
    levels = levels_of((held, by))
    return batched(ops.clone(spread(held, levels)), levels)


def open_level() -> Level:
    """A new innermost level on this thread."""
    level = Level()
    state.forward = (*state.forward, level)
    duals.append("dual level")
    unusual.append("dual level")
    return level


def close_level(level: Level) -> None:
    """Leave a level, and forget its tangents."""
    state.forward = tuple(other for other in state.forward if other is not level)
    if state.hidden is not None:
        state.hidden = tuple(other for other in state.hidden if other is not level)
    duals.remove("dual level")
    unusual.remove("dual level")
    level.forget()


def switch_forward(on: bool) -> bool:
    """Put this thread's levels out of action, or back; returns whether they were active."""
    was_on = state.hidden is None
    if was_on and not on:
        state.hidden, state.forward = state.forward, ()
    elif on and state.hidden is not None:
        state.forward, state.hidden = (*state.hidden, *state.forward), None
    return was_on


def check_size(x: Tensor, tangent: Tensor) -> None:
    """Raise RuntimeError for a tangent that has not the shape of its tensor."""
    if x._array.shape != tangent._array.shape:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not "
            f"supported. Tensor is of size {list(x._array.shape)} while the given forward gradient is of size "
            f"{list(tangent._array.shape)}."
        )


def _check_memory(o: Tensor, t: Tensor, inputs: Sequence[Any], tangents: Tangents, dirty: bool) -> None:
    """An output that is written in place, or a view, must have a tangent that is."""
    for x, before in zip(inputs, tangents):
        if before is None or x._storage is None or x._storage is not o._storage:
            continue
        if dirty and x is o and t is not before:
            raise RuntimeError(
                "An inplace custom Function is not modifying the forward mode gradients inplace. If the forward is "
                "modifying an input inplace, then the jvp function must modify the corresponding gradient inplace."
            )
        if not dirty and not np.may_share_memory(t._array, before._array):
            raise RuntimeError(
                "A custom Function's forward is returning a view (or an input as-is) but the jvp is not returning a "
                "view."
            )


def pushforward(function: Callable[..., Any], primals: Sequence[Tensor], tangents: Sequence[Tensor]) -> tuple[Any, Any]:
    """The function's results at the primals, and their derivatives along the tangents; may be nested.

    Both are a tensor or a tuple of tensors, as the function returns them. A result that depends on no primal has a
    tangent of zeros.
    """
    level = open_level()
    try:
        inputs = [level.dual(x, t) for x, t in zip(primals, tangents, strict=True)]
        results = function(*inputs)
        many = isinstance(results, (tuple, list))
        found = [(level.tangent(r), r) for r in (results if many else [results])]
        with level.outside():
            pairs = [(ops.alias(r), ops.zeros_like(r) if t is None else t) for t, r in found]
    finally:
        close_level(level)
    if not many:
        return pairs[0]
    return tuple(r for r, _ in pairs), tuple(t for _, t in pairs)


# -- the rules --------------------------------------------------------------------------------------------------------


def _pushed(
    p: Primitive, inputs: Sequence[Any], tangents: Tangents, params: dict[str, Any], results: Sequence[Tensor]
) -> Tangents:
    """The tangents of an operator's results."""
    if p.kind == "linear" or p.view:
        moved = p.op(tangents[0], **params)
        return moved if isinstance(moved, tuple) else (moved,)
    if p.kind == "bilinear":
        left, right = inputs
        return (_sum(p.op(t, right) if i == 0 else p.op(left, t) for i, t in enumerate(tangents) if t is not None),)
    if p.diagonal or (p.kind in ("pointwise", "parametric") and (p.multiplies or _all_real(inputs, tangents, results))):
        return (_pointwise(p, inputs, tangents, results[0]),)
    return _transposed(p, inputs, tangents, params, results)


def _all_real(inputs: Sequence[Any], tangents: Tangents, results: Sequence[Tensor]) -> bool:
    return not any(
        x._array.dtype.kind == "c" for x in (*inputs, *tangents, *results) if isinstance(x, Tensor)
    ) and not any(isinstance(x, complex) for x in inputs)


def _pointwise(p: Primitive, inputs: Sequence[Any], tangents: Tangents, result: Tensor) -> Tensor | None:
    """Each partial derivative times its tangent: the rule of a real pointwise operator is its own transpose."""
    values = _seen(p, inputs, {}, [result])
    moving = [(rule, t) for rule, t in zip(p.rules, tangents) if t is not None and rule is not None]
    if state.forward or levels_of(tangents) or _is_tracked((*values, *tangents)):
        return _sum(rule(_spread(t, result), values) for rule, t in moving)
    values = [x._array if isinstance(x, Tensor) else x for x in values]
    token = quiet(SILENT)
    try:
        parts = [rule(_spread(t, result)._array, values) for rule, t in moving]
    finally:
        loud(token)
    return _sum(wrap(part) for part in parts)


def _as_saved(x: Any, name: str, mentioned: frozenset[str]) -> Any:
    """An operand as the formulas name it: itself, or its array alone, which is there in float64."""
    if name in mentioned or f"{name}_array" not in mentioned or not isinstance(x, Tensor):
        return x
    return x._array if x._array.dtype == np.float64 else None


def _is_tracked(values: Sequence[Any]) -> bool:
    return state.grad and any(isinstance(x, Tensor) and x._node is not None for x in values)


def _spread(t: Tensor, like: Tensor) -> Tensor:
    """The tangent in the shape of the result."""
    if t._array.shape == like._array.shape:
        return t
    return ops.expand(t, shape=like._array.shape)  # type: ignore[no-any-return]


def _transposed(
    p: Primitive, inputs: Sequence[Any], tangents: Tangents, params: dict[str, Any], results: Sequence[Tensor]
) -> Tangents:
    """The vjp is linear in the incoming gradient: its own gradient by that, weighted by the tangents, is the jvp."""
    moving = [r for r in results if r._array.dtype.kind in "fc"]
    blanks = [_blank(r) for r in moving]
    tracked = _is_tracked((*inputs, *tangents))
    on_tensors = tracked or bool(state.forward) or bool(levels_of(tangents))
    try:
        roots = _gradients(p, blanks[0] if len(blanks) == 1 else blanks, inputs, tangents, params, results)
        found = backward(
            [(node, t if on_tensors else t._array) for node, t in roots],
            keep_graph=False,
            create_graph=on_tensors,
            recording=tracked,
            targets=[b._node for b in blanks if b._node is not None],
            accumulate=False,
        )
    except RuntimeError as error:
        if "not implemented" not in str(error):
            raise
        raise NotImplementedError(
            f"Trying to use forward AD with {p.name} that does not support it because it has not been implemented yet: "
            "neither it nor the derivative of its backward"
        ) from error
    moved = iter([found.get(b._node) for b in blanks])  # type: ignore[arg-type]
    pairs = [(r, next(moved) if r._array.dtype.kind in "fc" else None) for r in results]
    return [_tangent(t, r) for r, t in pairs]


def _blank(like: Tensor) -> Tensor:
    """A leaf for an incoming gradient, whose value does not matter."""
    leaf = wrap(np.zeros_like(like._array))
    leaf._node = accumulator(leaf)
    return leaf


def _gradients(
    p: Primitive,
    g: Any,
    inputs: Sequence[Any],
    tangents: Tangents,
    params: dict[str, Any],
    results: Sequence[Tensor],
) -> list[tuple[Any, Tensor]]:
    """The vjp by g, recorded: the nodes of the gradients of those inputs that have a tangent, and the tangents."""
    before = switch(True, False)
    try:
        values = _seen(p, inputs, params, results)
        if p.variadic:
            (rule,) = p.rules
            assert rule is not None
            grads = list(rule(g, values))
        else:
            grads = [None if t is None or rule is None else rule(g, values) for rule, t in zip(p.rules, tangents)]
        roots = []
        for x, t, h in zip(inputs, tangents, grads):
            if t is not None and h is not None:
                h = fitted(h, likeness(x._array))
                if h._node is not None:
                    roots.append((h._node, fitted(t, h._node.like)))
        return roots
    finally:
        switch(*before)


def _tangent(t: Any, result: Tensor) -> Tensor | None:
    if result._array.dtype.kind not in "fc":
        return None
    if t is None:
        return wrap(np.zeros_like(result._array))
    return t if isinstance(t, Tensor) else wrap(t)


def _seen(p: Primitive, inputs: Sequence[Any], params: dict[str, Any], results: Sequence[Tensor]) -> list[Any]:
    """What the formulas are to see, place by place: as a recorded node's walk would show it."""
    seen: list[Any] = []
    for source, which in p.plan((1 << max(len(p.formulas), 1)) - 1):
        if source == INPUT:
            seen.append(inputs[which] if which < len(inputs) else None)
        elif source == RESULT:
            seen.append(results[which])
        elif source == PARAMETER:
            seen.append(params[which])
        elif source in (SHAPE, DTYPE):
            array = inputs[which]._array if isinstance(inputs[which], Tensor) else inputs[which]
            seen.append(array.shape if source == SHAPE else array.dtype)
        elif source == INPUTS:
            seen.append(Many(inputs))
        elif source == NOTHING:
            seen.append(None)
        elif source == ARRAY:
            seen.append(array if (array := inputs[which]._array).dtype == np.float64 else None)
        else:
            seen.append([x._array.shape for x in inputs])
    return seen


def _sum(parts: Any) -> Tensor | None:
    total = None
    for part in parts:
        total = part if total is None else total + part
    return total


def _own(t: Tensor, result: Tensor, tangents: Tangents) -> Tensor:
    """A tangent in memory of its own and of its result's shape, so that writing to either is nobody else's matter."""
    t = _spread(t, result)
    array = whole(t)
    overlaps = isinstance(array, np.ndarray) and array.size > 1 and 0 in array.strides
    if overlaps or any(other is not None and np.may_share_memory(array, whole(other)) for other in tangents):
        return ops.clone(t)  # type: ignore[no-any-return]
    return t
