"""Hooks on nodes and tensors: what a walk calls before and after a node, in its own grad mode."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core.modes import state, switch
from autodiff._core.node import Node
from autodiff._core.tensor import Tensor, wrap

Gradient = Any  # an array in a first-order walk, a Tensor under create_graph


def _shown(g: Gradient) -> Tensor | None:
    return g if g is None or isinstance(g, Tensor) else wrap(g)


def called(hook: Any, create_graph: bool, *arguments: Any) -> Any:
    """A user's hook, in the walk's own grad mode."""
    before = switch(create_graph is True, state.inference)
    try:
        return hook(*arguments)
    finally:
        switch(*before)


def _given(g: Tensor | None, create_graph: bool) -> Gradient:
    return g if g is None or create_graph else g._array


def run_before(node: Node, g: Gradient, create_graph: bool) -> Gradient:
    """Tensor hooks, then the node's own prehooks, then retain_grad; each may replace the gradient."""
    hooks = node.hooks
    assert hooks is not None
    if hooks.tensor:
        shown = _shown(g)
        for hook in list(hooks.tensor.values()):
            replaced = called(hook, create_graph, shown)
            if replaced is not None:
                if not isinstance(replaced, Tensor):
                    raise TypeError(f"hook's result must be a Tensor or None, got {type(replaced).__name__}")
                _check_replaced(shown, replaced)
                shown = replaced
        g = _given(shown, create_graph)
    if hooks.before:
        many = isinstance(g, list)
        shown_all = tuple(_shown(x) for x in (g if many else [g]))
        for hook in list(hooks.before.values()):
            replaced = called(hook, create_graph, shown_all)
            if replaced is not None:
                shown_all = replaced if isinstance(replaced, tuple) else (replaced,)
        given = [_given(x, create_graph) for x in shown_all]
        g = given if many else given[0]
    if hooks.retained is not None:
        tensor = hooks.retained()
        if tensor is not None:
            meta = tensor.meta()
            kept = g if create_graph else wrap(np.array(g))
            meta.grad = kept if meta.grad is None else meta.grad + kept
    return g


def _check_replaced(before: Tensor | None, after: Tensor) -> None:
    assert before is not None
    if after._array.shape != before._array.shape:
        raise RuntimeError(
            f"hook has changed the size of value: expected {list(before._array.shape)}, got {list(after._array.shape)}"
        )
    if after._array.dtype != before._array.dtype:
        raise RuntimeError(f"hook has changed the type of value (was {before.dtype} got {after.dtype})")


def run_after(node: Node, grads: list[Any], g: Gradient, create_graph: bool) -> list[Any]:
    """The node's own hooks: called with the gradients of its inputs and of its outputs."""
    hooks = node.hooks
    assert hooks is not None
    shown = tuple(_shown(x) for x in grads)
    outer = tuple(_shown(x) for x in (g if isinstance(g, list) else [g]))
    for hook in list(hooks.after.values()):
        replaced = called(hook, create_graph, shown, outer)
        if replaced is not None:
            shown = replaced if isinstance(replaced, tuple) else (replaced,)
    return [_given(x, create_graph) for x in shown]
