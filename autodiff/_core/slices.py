"""What became of a base when one of its views was written: the node that runs the writing operator on that part.

Knows no operator but those that lay a part out of the whole, and back into it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autodiff._core import errors
from autodiff._core.anomaly import Anomaly, remember
from autodiff._core.gradients import fitted
from autodiff._core.modes import state, unusual
from autodiff._core.node import Clock, Node, TableNode, likeness, link
from autodiff._core.registry import ops
from autodiff._core.step import opened, pulled
from autodiff._core.tensor import Tensor
from autodiff._core.unwritten import check_unwritten
from autodiff._kernels.geometry import expanded


class CopySlices(TableNode):
    """The base's gradient: what arrived, but where the view was written what the operator makes of that part of it.

    Its edges are the base's place, and those of the operator without its first, which led to the view.
    """

    __slots__ = ("inner", "order", "replay", "shown")
    title = "torch::autograd::CopySlices"
    opens_late = True
    #: The writing operator's node, until it is let go of.
    inner: Node | None
    #: Its places and next functions from then on.
    shown: tuple[Sequence[int], tuple[tuple[Node | None, int], ...]]
    replay: Callable[[Any], Any]
    #: The base's dimensions as they lie in memory; None where it overlaps itself.
    order: tuple[int, ...] | None

    @property
    def places(self) -> Sequence[int]:
        return self.shown[0] if self.inner is None else [0, *self.inner.places[1:]]

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        if self.inner is None:
            return self.shown[1]
        base = self.edges[0]
        return ((None, 0) if base is None else base.source(), *self.inner.next_functions[1:])

    def replace_saved(self, saved: tuple[Any, ...] | None) -> None:
        # The operator's node goes, but what it saved stays where a result that it saved still leads there.
        if saved is None and self.inner is not None:
            self.shown = self.places, self.next_functions
            self.inner = None
        self.saved = saved

    def pull(self, g: Any, values: Any, create_graph: bool) -> list[Any]:
        if self.order is None:
            raise RuntimeError(errors.OVERLAP)
        if g is None:
            return [None] * len(self.edges)
        inner, edges, walk = self.inner, self.edges, state.walk
        assert inner is not None
        region = self.replay(ops.arranged(g, order=self.order))
        part = ops.contiguous(region)  # a copy, as torch makes it
        grads = _run(inner, part, create_graph)
        first = grads[0]
        if edges[0] is None or first is None or (walk.needed is not None and edges[0] not in walk.needed):
            return [None, *grads[1:]]
        if expanded(region._array if create_graph else region):
            raise RuntimeError(errors.OVERLAP)
        whole = ops.splice(
            g, fitted(first, likeness(part._array if create_graph else part)), replay=self.replay, order=self.order
        )
        return [whole, *grads[1:]]


def _run(node: Node, g: Any, create_graph: bool) -> list[Any]:
    saved = node.saved
    if saved is None:
        raise RuntimeError(errors.FREED)
    if saved and not node.opens_late and node.recorded != Clock.now:
        check_unwritten(node)
    values = saved if node.opens_late or not saved else opened(node, create_graph)
    return pulled(node, g, values, create_graph)


def copied_into(base: Tensor, node: Node, replay: Callable[[Any], Any], order: tuple[int, ...] | None) -> Node:
    """The base's new place in the graph, after `node` wrote the part of it that `replay` gives."""
    made = CopySlices()
    link(made, (base._node, *node.edges[1:]), likeness(base._array))
    made.inner, made.replay, made.order = node, replay, order
    made.saved = (node,)
    if unusual and Anomaly.on:
        remember(made)
    return made
