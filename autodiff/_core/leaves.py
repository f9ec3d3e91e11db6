"""Where a walk ends: a leaf's hooks, and its `.grad`, to which what arrived is added. Knows no other node."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._core import errors
from autodiff._core.gradients import ALONE, UNRECORDED, Gradient, ndarray, references
from autodiff._core.hooks import in_order, run_accumulated, run_after, run_before
from autodiff._core.machine_ops import expanded
from autodiff._core.modes import unusual
from autodiff._core.node import AccumulateGrad, DeadEnd
from autodiff._core.registry import ops
from autodiff._core.sparse import Scattered, Sparse, accumulated, told
from autodiff._core.tensor import Tensor, put_inference, revived, wrap, written
from autodiff._kernels.brain import BRAIN
from autodiff._kernels.brain import held as as_brain
from autodiff._kernels.geometry import expanded as repeats

#: Held while `.grad` is written in place: two threads that add at once would lose a sum.
_writing = threading.RLock()


def settle(
    arrived: dict[Any, Gradient],
    create_graph: bool,
    captures: dict[Any, Any] | None,
    found: dict[Any, Gradient] | None,
) -> None:
    """The end of a walk: every leaf takes what arrived, in the order in which its gradient was complete.

    `arrived` and this frame let go of each gradient first, so that what nobody else holds can become `.grad` itself.
    """
    for leaf in list(arrived):
        g = arrived.pop(leaf)
        if captures is not None:
            if found is not None and leaf in captures:
                found[leaf] = g if leaf.hooks is None else run_before(leaf, g, create_graph, executes=False)
        elif leaf.hooks is not None:
            accumulated_by_hooks(leaf, g, create_graph)
        elif isinstance(leaf, DeadEnd):
            check_leaf(leaf)
        elif g is not None:
            add_to_leaf(leaf, g, create_graph)


def accumulated_by_hooks(leaf: AccumulateGrad, g: Gradient, create_graph: bool) -> None:
    """Run a leaf's node: hooks before, the sum, hooks after."""
    g = run_before(leaf, g, create_graph)
    hooks = leaf.hooks
    assert hooks is not None

    def add() -> None:
        if g is None:
            return
        if type(leaf) is AccumulateGrad:
            add_to_leaf(leaf, g, create_graph)
        else:
            check_leaf(leaf)

    def tell() -> None:
        if hooks.post_accumulate:
            run_accumulated(in_order(hooks.post_accumulate), revived(leaf), create_graph)

    told_after(add, tell)
    if hooks.after:
        run_after(leaf, [], g, create_graph)


def check_leaf(retired: AccumulateGrad) -> None:
    """Raise if what was a leaf when it was used has been made by an operator since; a view may refuse to tell."""
    tensor = retired.variable
    if tensor is not None and tensor.grad_fn is not None:
        raise RuntimeError("leaf variable has been moved into the graph interior")


def told_after(add: Callable[[], None], tell: Callable[[], None]) -> None:
    """First the sum, then the hooks that are to see it."""
    add()
    tell()


def in_own_memory(g: Any) -> Any:
    """A copy: `.grad` is nobody else's memory."""
    return np.array(g, order="C")


def _is_whole(g: Any) -> bool:
    """Whether an array shows all of another's memory under a different shape, and nobody else holds that other."""
    whole = g.base
    return (
        whole.__class__ is ndarray
        and whole.base is None
        and whole.nbytes == g.nbytes
        and g.flags.c_contiguous
        # One more than is counted for an array alone: g's own.
        and references(whole) <= ALONE + 1
    )


def _suits(g: Any, lies: tuple[tuple[int, ...], tuple[int, ...]]) -> bool:
    """Whether a gradient may become the `.grad` that is to lie so; a size of 1 does not matter, unless it repeats."""
    wanted = (*lies[1], *[g.itemsize] * g.ndim)
    return all(step != 0 if n == 1 else step == w for n, step, w in zip(g.shape, g.strides, wanted))


def _laid(g: Any, lies: tuple[tuple[int, ...], tuple[int, ...]]) -> Any:
    """A copy that lies so. Raises RuntimeError where the leaf has another shape by now, to which it does not expand."""
    shape, strides = lies
    errors.check_fits(g.shape, shape)
    room = np.ndarray(shape, g.dtype, strides=strides)
    np.copyto(room, g)
    return room


def _first_unrecorded(g: Tensor, lies: Any, alone: bool) -> Tensor:
    """What becomes `.grad` of a tensor that nobody recorded: that itself, if it is nobody else's, or a copy."""
    array = g.memory()
    if alone and (array.flags.c_contiguous and 0 not in array.strides if lies is None else _suits(array, lies)):
        first = wrap(array if array.base is None else in_own_memory(array) if lies is None else _laid(array, lies))
        if unusual:
            put_inference(first, g.is_inference())
        return first
    return wrap(in_own_memory(array) if lies is None else _laid(array, lies))


def add_to_leaf(node: AccumulateGrad, g: Gradient, create_graph: bool) -> None:
    """Add a gradient to its leaf's `.grad`, never sharing memory with anybody."""
    meta = node.meta
    if meta.view is not None:
        check_leaf(node)
    if create_graph is UNRECORDED:
        if meta.grad is None:
            alone = references(g) <= ALONE + 1
            meta.grad = _first_unrecorded(g, node.lies, alone)
            return
        g, create_graph = g._array, False
    if meta.grad is None:
        lies = node.lies
        if create_graph:
            if g._node is None:
                first = wrap(np.array(g._array, order="C") if lies is None else _laid(g._array, lies))
            else:
                if lies is not None and g._array.shape != lies[0]:
                    errors.check_fits(g._array.shape, lies[0])
                    g = expanded(g, lies[0])
                first = ops.clone(g) if g._array.flags.c_contiguous else ops.contiguous(g)
        elif not isinstance(g, np.ndarray):
            first = told(g)
        else:
            # The walk holds it once more than _alone() did: in its own frame.
            alone = references(g) <= ALONE + 1
            fresh = alone and (g.base is None or _is_whole(g))
            if lies is not None:
                first = wrap(g if fresh and _suits(g, lies) else _laid(g, lies))
            else:
                first = wrap(g if fresh and g.flags.c_contiguous else in_own_memory(g))
        # Threads take turns at calls: between this question and its answer there is none.
        if meta.grad is None:
            meta.grad = first
            return
        if create_graph or g.__class__ is not Scattered:
            g = first if create_graph else first._array
    with _writing:
        held = meta.grad
        if held is None:
            meta.grad = g if create_graph else told(g) if g.__class__ is Scattered else wrap(np.array(g))
        elif create_graph:
            meta.grad = held + g
        elif type(held) is Sparse:
            meta.grad = accumulated(held, g)
        elif isinstance(held._array, np.ndarray):
            if repeats(held._array):
                raise RuntimeError(errors.OVERLAP)
            errors.check_fits(g.shape, held._array.shape)
            if held._array.dtype is BRAIN:
                g, held._array[...] = 0.0, as_brain(held._array + g)
            np.add(held._array, g, out=held._array, casting="unsafe")
            written(held)
        else:
            held._array = held._array + g
            if unusual:
                written(held)
