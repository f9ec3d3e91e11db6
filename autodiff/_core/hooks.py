"""Hooks on nodes and tensors: what a walk calls before and after a node, in its own grad mode, and what may come back.

The order is torch's: a tensor's hooks, what is retained, the node's own before it runs, those after it ran.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.gradients import Gradient, fitted
from autodiff._core.modes import state, switch
from autodiff._core.node import Node, seen
from autodiff._core.registry import ops
from autodiff._core.sparse import Sparse, rows_of, told
from autodiff._core.tensor import Tensor, wrap


def _shown(g: Gradient) -> Tensor | None:
    return g if g is None or isinstance(g, Tensor) else told(g)


def _given(g: Tensor | None, create_graph: bool) -> Gradient:
    if g is None or create_graph:
        return g
    return rows_of(g) if isinstance(g, Sparse) else g._array


def in_order(table: dict[int, Any]) -> list[Any]:
    """The hooks of a table in the order in which they were hung up; a hook may change the table while they run."""
    return list(table.values())


def called(hook: Any, create_graph: bool, *arguments: Any) -> Any:
    """A user's hook, in the walk's own grad mode."""
    before = switch(create_graph and state.grad, state.inference)
    try:
        return hook(*arguments)
    finally:
        switch(*before)


def run_before(node: Node, g: Gradient, create_graph: bool, *, executes: bool = True) -> Gradient:
    """Tensor hooks, then retain_grad, then the node's own prehooks if it `executes`; hooks may replace the gradient.

    `g` is a list where the node has several results.
    """
    hooks = node.hooks
    assert hooks is not None
    many = isinstance(g, list)
    shown = [_shown(x) for x in (g if many else [g])]
    for slot, table in list(hooks.tensor):
        for hook in in_order(table):
            replaced = called(hook, create_graph, shown[slot])
            if replaced is not None:
                _check(shown[slot], replaced, hook)
                shown[slot] = replaced
    for slot, reference in list(hooks.retained.items()):
        tensor, arrived = reference(), shown[slot]
        if tensor is not None and arrived is not None:
            _keep(tensor, arrived, create_graph)
    if executes:
        for hook in in_order(hooks.before):
            asked = _as_torch(node, shown, 1)
            replaced = called(hook, create_graph, tuple(asked))
            if replaced is not None:
                shown = [*_all_checked(asked, replaced, hook)[: len(shown)], *shown[len(asked) :]]
    given = [_given(x, create_graph) for x in shown]
    return given if many else given[0]


def _as_torch(node: Node, shown: list[Tensor | None], side: int) -> list[Tensor | None]:
    """As many gradients as torch's node has: of its inputs (side 0), or of its results (1)."""
    hooked = getattr(node, "told", None) if node.primitive is None else node.primitive.hooked
    if hooked is None:
        return shown
    return [*shown[: hooked[side]], *[None] * (hooked[side] - len(shown))]


def _keep(tensor: Tensor, arrived: Tensor, create_graph: bool) -> None:
    """Add to a retained gradient, in the walk's own grad mode."""
    meta = tensor.meta()
    before = switch(create_graph and state.grad, state.inference)
    try:
        kept: Any = wrap(np.array(arrived._array)) if arrived._node is None else ops.clone(arrived)
        meta.grad = kept if meta.grad is None else meta.grad + kept
    finally:
        switch(*before)


def run_after(node: Node, grads: list[Any], g: Gradient, create_graph: bool) -> list[Any]:
    """The node's own hooks: called with the gradients of its inputs and of its outputs."""
    hooks = node.hooks
    assert hooks is not None
    places = node.places
    # A number among the operands is an input too, without a gradient.
    missing = [None] * (len(node.next_functions) - len(places))
    edges = node.edges
    behind = {place: seen(edges[place]) for place in places if grads and seen(edges[place]) is not edges[place]}
    if behind:
        grads = list(grads)
        for place, edge in behind.items():
            if grads[place] is not None:
                grads[place] = fitted(grads[place], edge.like)  # type: ignore[union-attr]
    turned = frozenset() if node.primitive is None else node.primitive.turned
    shown = [*(_turned(_shown(grads[place]), place in turned) for place in places if grads), *missing]
    before = list(shown)
    outer = tuple(_as_torch(node, [_shown(x) for x in (g if isinstance(g, list) else [g])], 1))
    for hook in in_order(hooks.after):
        asked = _as_torch(node, shown, 0)
        replaced = called(hook, create_graph, tuple(asked), outer)
        if replaced is not None:
            shown = [*_all_checked(asked, replaced, hook)[: len(shown)], *shown[len(asked) :]]
    given = list(grads)
    for place, x, old in zip(places, shown, before):
        if place not in turned or x is not old:
            given[place] = _given(_turned(x, place in turned), create_graph)
    for place in behind:
        if given[place] is not None:
            given[place] = fitted(given[place], edges[place].like)  # type: ignore[union-attr]
    return given


def _turned(g: Tensor | None, is_turned: bool) -> Tensor | None:
    """A gradient, transposed if torch's node has it so."""
    return ops.transposed(g) if is_turned and g is not None else g


def run_accumulated(hooks: Iterable[Any], leaf: Tensor, create_graph: bool) -> None:
    """Hooks that see a leaf after a gradient was added to it. Raises TypeError if one returns anything."""
    for hook in hooks:
        replaced = called(hook, create_graph, leaf)
        if replaced is not None:
            raise TypeError(f"expected Variable, but hook returned '{type(replaced).__name__}'")


def _all_checked(before: list[Tensor | None], after: Any, hook: Any) -> list[Tensor | None]:
    if not isinstance(after, tuple):
        raise TypeError(f"expected tuple, but hook returned '{type(after).__name__}'")
    if len(after) != len(before):
        raise RuntimeError(
            f"hook '{_name(hook)}' has returned an incorrect number of values (got {len(after)}, but expected "
            f"{len(before)})"
        )
    for old, new in zip(before, after):
        if new is not None:
            _check(old, new, hook)
    return list(after)


def _check(before: Tensor | None, after: Any, hook: Any) -> None:
    if before is None:
        raise RuntimeError("can't replace a None gradient with a non-None value")
    if not isinstance(after, Tensor):
        raise TypeError(f"expected Variable, but hook returned '{type(after).__name__}'")
    was, now = before._array, after._array
    if was.dtype != now.dtype:
        raise RuntimeError(
            f"hook '{_name(hook)}' has changed the type of value (was torch.{dtypes.title(was.dtype)}Tensor got "
            f"torch.{dtypes.title(now.dtype)}Tensor)"
        )
    if was.shape != now.shape:
        raise RuntimeError(f"hook '{_name(hook)}' has changed the size of value")


def _name(hook: Any) -> str:
    return str(getattr(hook, "__name__", "<unknown>"))
