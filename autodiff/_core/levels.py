"""The level of a derivative transform (grad, vjp, jvp ...): how arguments enter it and results leave it.

There is one graph. An argument enters as a leaf whose node, an `Entry`, passes on to the node that the argument has
outside: to the function it is a leaf, to whoever differentiates outside it is transparent. A result that leaves keeps
its place in the graph only if something outside can be reached from there. Knows no operator.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff._core import errors
from autodiff._core.batched import Batched, Levels, batched, closed, levels_of, opened, spread
from autodiff._core.gradients import ALONE, fitted, references
from autodiff._core.graph import backward
from autodiff._core.machine_ops import alias as aliased
from autodiff._core.modes import duals, state, switch, unusual
from autodiff._core.node import AccumulateGrad, HotNode, Node, likeness, new_node, next_key, start
from autodiff._core.primitive import passed_on
from autodiff._core.tangents import shared
from autodiff._core.tensor import Tensor, alias, wrap

_numbers = itertools.count(1)


def _spreading() -> Levels:
    """The vmaps at work over which values may vary."""
    return tuple([level for level in state.maps if level.spreads])


class Entry(AccumulateGrad):
    """The node of an argument inside of a transform: a leaf there, and outside the tensor that it stands for."""

    __slots__ = ("edges", "of", "outside")
    rules = (passed_on,)
    plain = True
    edges: tuple[Node | None, ...]
    of: Transform
    #: The argument itself.
    outside: Tensor | None


class Transform:
    """One derivative transform at work: `with` lasts while its function runs."""

    def __init__(self) -> None:
        #: What was made before has a greater key.
        self.key = next_key()
        self.number = next(_numbers)
        self.end = 0
        #: Whether the function has returned: then its arguments are constants to whoever looks.
        self.over = False

    def __enter__(self) -> Transform:
        self.outer_level = state.level
        #: Whether results are recorded outside: `no_grad` around a transform is no business of the function's.
        self.outer_grad = state.grad
        self._modes = switch(True, state.inference)
        unusual.append("level")
        state.level = self.number
        return self

    def __exit__(self, *_: object) -> None:
        state.level = self.outer_level
        unusual.remove("level")
        switch(*self._modes)
        self.end = next_key()
        self.over = True

    def enter(self, x: Tensor) -> Tensor:
        """The argument as a leaf; under vmap, one for each sample, so that each has a gradient of its own.

        Raises RuntimeError for a dtype that has no derivatives.
        """
        if x._array.dtype.kind not in "fc":
            raise RuntimeError(errors.ONLY_FLOATS)
        levels = _spreading()
        whole = spread(x, levels)
        leaf = alias(whole)
        leaf._node = self._entry(leaf, whole._node, x)
        if duals:
            shared(whole, leaf)
        return batched(leaf, levels)

    def copied(self, x: Tensor) -> Tensor:
        """The argument at a place of its own in the graph, for a tangent of its own; under vmap one for each sample."""
        levels = _spreading()
        return batched(aliased(spread(x, levels)), levels)

    def dummy(self, like: Tensor) -> Tensor:
        """A leaf of ones, in the likeness of a tensor, whose value nothing depends on."""
        levels = like._levels if isinstance(like, Batched) else ()
        value = like._value if isinstance(like, Batched) else like
        leaf = wrap(np.ones(value._array.shape, value._array.dtype))
        leaf._node = self._entry(leaf, None, None)
        return batched(leaf, levels)

    def _entry(self, leaf: Tensor, outside: Node | None, argument: Tensor | None) -> Entry:
        node: Entry = new_node(Entry)
        start(node, likeness(leaf._array))
        node.meta = leaf.meta()
        node.leaf = weakref.ref(leaf)
        node.edges = (outside,)
        node.of = self
        node.outside = argument
        return node

    def leave(self, t: Tensor, outer_grad: bool | None = None) -> Tensor:
        """A result as it is outside: in the graph only if it leads out of the transform."""
        value: Tensor = t._value if isinstance(t, Batched) else t
        levels = t._levels if isinstance(t, Batched) else ()
        node = value._node
        if isinstance(node, Entry) and node.of is self and node.outside is not None:
            return node.outside
        if node is None or node.key > self.key:
            if value._meta is not None and value._meta.level == self.number:
                value._meta.level = self.outer_level
            return t
        outer_grad = self.outer_grad if outer_grad is None else outer_grad
        if not outer_grad or not self.leads_out([node]):
            return batched(_left(value), levels)
        value.meta().level = self.outer_level
        return t

    def records(self, tensors: Sequence[Tensor], outer_grad: bool) -> bool:
        """Whether what is made of these needs a graph outside."""
        return outer_grad and self.leads_out([t._node for t in tensors])

    def leads_out(self, nodes: Sequence[Node | None]) -> bool:
        """Whether something that requires grad outside can be reached from any of these nodes."""
        stack = [node for node in nodes if node is not None]
        seen = set(stack)
        while stack:
            node = stack.pop()
            # A leaf that the function made ends with it; one that was made later, for a cotangent, does not.
            if node.key > self.key or (type(node) is AccumulateGrad and self.over and node.key < self.end):
                return True
            if isinstance(node, Entry) and not node.of.over and node.of is not self:
                return True
            for edge in (node.left, node.right) if type(node) is HotNode else node.edges:
                if edge is not None and edge not in seen:
                    seen.add(edge)
                    stack.append(edge)
        return False


def _left(value: Tensor) -> Tensor:
    """The same memory outside the graph; of a NumPy scalar, which nobody shares, a new tensor."""
    found = alias(value) if isinstance(value._array, np.ndarray) else wrap(value._array)
    if duals:
        shared(value, found)
    return found


# -- gradients --------------------------------------------------------------------------------------------------------


def pulled(
    outputs: Sequence[Tensor], seeds: Sequence[Tensor], inputs: Sequence[Tensor], *, record: bool
) -> list[Tensor | None]:
    """The gradients of outputs with respect to entered inputs, per input; None where nothing leads there.

    A seed may vary over vmaps that its output knows nothing of, as `vmap(vjp_fn)` makes it: then gradients do too.
    """
    roots: list[tuple[Node, Tensor]] = []
    extra: Levels = ()
    for output, seed in zip(outputs, seeds):
        node = output._node
        if node is None:
            continue
        own: Levels = output._levels if isinstance(output, Batched) else ()
        value = output._value if isinstance(output, Batched) else output
        seed = opened(seed, own)
        extra = levels_of([seed, *(s for _, s in roots)])
        roots.append((node, fitted(seed, likeness(value._array))))
    targets = [x._node for x in inputs if x._node is not None]
    if record or extra or (duals and state.forward):
        found: dict[Node, Any] = backward(
            roots, keep_graph=True, create_graph=True, targets=targets, accumulate=False, recording=record
        )
    else:
        arrays = [(node, seed._array) for node, seed in roots]
        found = backward(arrays, keep_graph=True, create_graph=False, targets=targets, accumulate=False)
        for node in targets:
            if node in found:
                g = found.pop(node)
                # What nobody else holds is the gradient's own already.
                fresh = isinstance(g, np.ndarray) and g.base is None and references(g) <= ALONE
                found[node] = wrap(g if fresh else np.array(g))
    result = []
    for x in inputs:
        g = None if x._node is None else found.get(x._node)
        result.append(None if g is None else closed(g, x._levels if isinstance(x, Batched) else ()))
    return result
