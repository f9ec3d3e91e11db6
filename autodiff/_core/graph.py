"""The backward walk: consumers before producers, no recursion, gradients summed and fitted once, here.

A first-order walk hands formulas plain arrays; under `create_graph` it hands them Tensors, and what they compute is
recorded. Knows operators only through machine_ops.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from heapq import heappop, heappush, heapreplace
from typing import Any

import numpy as np

from autodiff._core import dtypes, errors
from autodiff._core.hooks import called, run_after, run_before
from autodiff._core.inplace import SavedResult
from autodiff._core.machine_ops import cast_to, sum_to, zeros_of
from autodiff._core.modes import duals, state, switch
from autodiff._core.node import FREED, AccumulateGrad, Clock, HotNode, Node, Output, PlainNode, Storage, output
from autodiff._core.primitive import Many, passed_on
from autodiff._core.tangents import restored
from autodiff._core.tensor import Tensor, wrap
from autodiff._kernels.flags import SILENT, loud, quiet

ndarray = np.ndarray
Gradient = Any  # an array in a first-order walk, a Tensor under create_graph
#: For `create_graph`: Tensors all the same, because they carry tangents, but nothing is recorded.
UNRECORDED: Any = 1
#: From so many elements on a sum in place is worth asking whose memory it is.
LARGE = 1 << 14


class Waiting:
    """Nodes that have a gradient and wait for their turn: the newest comes first."""

    __slots__ = ("heap", "nodes")

    def __init__(self) -> None:
        self.heap: list[int] = []
        self.nodes: dict[int, Node] = {}

    def add(self, node: Node) -> None:
        self.nodes[node.key] = node
        heappush(self.heap, node.key)


def backward(
    roots: Sequence[tuple[Node, Gradient]],
    *,
    keep_graph: bool,
    create_graph: bool,
    targets: Sequence[Node] | None = None,
    accumulate: bool = True,
) -> dict[Node, Gradient]:
    """Walk from the roots. With `targets` only what leads to them runs; their gradients are returned or accumulated."""
    wanted = None if targets is None else set(targets)
    needed = None if wanted is None else _leading_to([node for node, _ in roots], wanted)
    found: dict[Node, Gradient] = {}
    # A gradient's own graph is recorded whatever the mode: torch's walk has a mode of its own.
    records = create_graph is True
    before = switch(records, state.inference) if create_graph and state.grad is not records else None
    token = quiet(SILENT)
    try:
        _walk(roots, keep_graph, create_graph, needed, wanted, found, accumulate)
    finally:
        loud(token)
        if before is not None:
            switch(*before)
    return found


def _walk(
    roots: Sequence[tuple[Node, Gradient]],
    keep_graph: bool,
    create_graph: bool,
    needed: set[Node] | None,
    wanted: set[Node] | None,
    found: dict[Node, Gradient],
    accumulate: bool,
) -> None:
    # Hot nodes in a first-order walk are done here, everything else in _step(). `ahead` is the next node if none that
    # waits is newer: a chain never touches the heap. The heap holds keys alone, which compare faster than pairs.
    node: Any
    ahead: Any = None
    waiting = Waiting()
    heap, by_key = waiting.heap, waiting.nodes
    arrived: dict[Node, Gradient] = {}
    now = Clock.now
    for root, seed in roots:
        if needed is None or root in needed:
            deliver(root, seed, arrived, waiting)
    while True:
        if ahead is None:
            if not heap:
                break
            node = by_key.pop(heappop(heap))
        elif heap and heap[0] < ahead.key:
            by_key[ahead.key] = ahead
            node = by_key.pop(heapreplace(heap, ahead.key))
        else:
            node = ahead
        ahead = None
        g = arrived.pop(node)
        if (
            type(node) is not HotNode
            or create_graph
            or node.hooks is not None
            or (wanted is not None and node in wanted)
        ):
            _step(node, g, keep_graph, create_graph, needed, wanted, found, arrived, waiting)
            now = Clock.now
            continue
        p = node.primitive
        keeps = p.keeps
        if keeps and node.recorded != now:
            check_unwritten(node)
        own = node.like
        edge: Any
        edge, rule, other = node.left, p.left_rule, node.right
        if edge is None:
            edge, rule, other = other, p.right_rule, None
        while True:
            if needed is not None and edge not in needed:
                if other is None:
                    break
                edge, rule, other = other, p.right_rule, None
                continue
            h = g if rule is passed_on else rule(g, node)
            # Broadcasting is undone, and the input's dtype restored, once: here.
            like = edge.like
            if like is not own and type(h) is not like and (h.shape, h.dtype) != like:
                h = fitted(h, like)
            if edge in arrived:
                arrived[edge] = added(arrived.pop(edge), h)
            else:
                arrived[edge] = h
                if type(edge) is not AccumulateGrad:
                    if ahead is None:
                        ahead = edge
                    else:
                        if edge.key < ahead.key:
                            ahead, edge = edge, ahead
                        by_key[edge.key] = edge
                        heappush(heap, edge.key)
            if other is None:
                break
            edge, rule, other = other, p.right_rule, None
        if keeps and not keep_graph:
            node.recorded = FREED
            node.kept_left = node.kept_right = node.kept_out = None
    # Leaves come last, in the order in which their gradients were complete.
    # `arrived` and this frame let go of each gradient first, so that what nobody else holds can become `.grad` itself.
    h = None
    for leaf in list(arrived):
        g = arrived.pop(leaf)
        if leaf.hooks is not None:
            g = run_before(leaf, g, create_graph)
        if wanted is None or (accumulate and leaf in wanted):
            add_to_leaf(leaf, g, create_graph)  # type: ignore[arg-type]
        else:
            found[leaf] = g


def _step(
    node: Node,
    g: Gradient,
    keep_graph: bool,
    create_graph: bool,
    needed: set[Node] | None,
    wanted: set[Node] | None,
    found: dict[Node, Gradient],
    arrived: dict[Node, Gradient],
    waiting: Waiting,
) -> None:
    """A step of the walk for any node: hooks, results asked for, several results, gradients all at once."""
    hooks = node.hooks
    if hooks is not None:
        g = run_before(node, g, create_graph)
    if wanted is not None and node in wanted:
        found[node] = g
        if needed is not None and not any(edge in needed for edge in node.edges):
            return
    kind = type(node)
    if kind is Output:
        _deliver_slot(node, g, arrived, waiting)  # type: ignore[arg-type]
        return
    saved = node.saved
    if saved is None:
        raise RuntimeError(errors.FREED)
    late, rules = False, None
    if kind is PlainNode or kind is HotNode:
        # By far the most: asked of their primitive directly.
        if hooks is None:
            rules = node.primitive.rules
    else:
        late = node.opens_late
        if hooks is None and node.plain:
            rules = node.rules
    if saved and not late and node.recorded != Clock.now:
        check_unwritten(node)
    edges = node.edges
    values = opened(node, create_graph) if saved and not late else saved
    if (
        kind is PlainNode
        and node.primitive.adds is not None
        and not create_graph
        and rules is not None
        and _added_onto(node, g, values, arrived, needed)  # type: ignore[arg-type]
    ):
        if not keep_graph and saved and node.frees:
            node.replace_saved(None)
        return
    if rules is not None:
        grads = [
            None if edge is None or (needed is not None and edge not in needed) else rule(g, values)
            for edge, rule in zip(edges, rules)
        ]
    else:
        if node.results > 1 and node.materializes:
            g = [zeros_of(like, create_graph) if x is None else x for x, like in zip(g, node.like)]
        grads = _pull(node, g, values, create_graph)
        if hooks is not None and hooks.after:
            grads = run_after(node, grads, g, create_graph)
    own = node.like
    for edge, h in zip(edges, grads):
        if h is None or edge is None or (needed is not None and edge not in needed):
            continue
        like = edge.like
        array = h._array if create_graph else h
        if (
            array.__class__ is not like
            and (like is not own or kind is not HotNode)
            and (array.shape, array.dtype) != like
        ):
            h = fitted(h, like)
        if edge in arrived:
            arrived[edge] = added(arrived.pop(edge), h)
        else:
            arrived[edge] = h
            if edge.__class__ is not AccumulateGrad:
                waiting.nodes[edge.key] = edge
                heappush(waiting.heap, edge.key)
    if not keep_graph and saved and node.frees:
        node.replace_saved(None)


def deliver(node: Node, g: Gradient, arrived: dict[Node, Gradient], waiting: Waiting) -> None:
    if node in arrived:
        arrived[node] = added(arrived.pop(node), g)
    else:
        arrived[node] = g
        if node.__class__ is not AccumulateGrad:
            waiting.add(node)


def _deliver_slot(output: Output, g: Gradient, arrived: dict[Node, Gradient], waiting: Waiting) -> None:
    owner = output.owner
    slots = arrived.get(owner)
    if slots is None:
        slots = arrived[owner] = [None] * owner.results
        waiting.add(owner)
    # More than once where a second derivative went by a saved result.
    held = slots[output.index]
    slots[output.index] = g if held is None else added(held, g)


def _pull(node: Node, g: Gradient, values: Any, create_graph: bool) -> list[Any]:
    """All gradients of a node at once: its own method, a variadic formula, or its rules."""
    rules = node.rules
    if rules is None:
        # Users' code and inner walks run here: they must see the walk's own grad mode.
        before = switch(create_graph is True, state.inference)
        try:
            return node.pull(g, values, create_graph)
        finally:
            switch(*before)
    if node.primitive is not None and node.primitive.variadic:
        (rule,) = rules
        assert rule is not None
        return list(rule(g, values))
    return [None if edge is None or rule is None else rule(g, values) for edge, rule in zip(node.edges, rules)]


def opened(node: Node, create_graph: bool) -> Sequence[Any]:
    """What a node saved, as its rules are to see it: arrays, or Tensors with their place in the graph."""
    saved = node.saved
    assert saved is not None
    if create_graph:
        return [s if s is None or s.__class__ is Tensor else _tensor(s, node, place) for place, s in enumerate(saved)]
    return [s._array if s.__class__ is Tensor or s.__class__ is Storage else _array(s) for s in saved]


def _array(s: Any) -> Any:
    if isinstance(s, (Tensor, Storage, SavedResult)):
        return s._array
    return tuple([x._array if isinstance(x, Tensor) else x for x in s]) if type(s) is Many else s


def _tensor(s: Any, node: Node, place: int) -> Any:
    if isinstance(s, (Storage, SavedResult)):
        result = wrap(s._array)
        if result._array.dtype.kind in "fc":
            if node.results == 1:
                result._node = node
            elif node.primitive is not None:
                index = node.primitive.outputs.index(node.primitive.wanted[place])
                result._node = output(node, index, node.like[index])
        if duals:
            restored(s, result)
        return result
    return s


def check_unwritten(node: Node) -> None:
    """Raise, in torch's words, if what was saved is gone, or was written after the node was recorded."""
    if node.saved is None:
        raise RuntimeError(errors.FREED)
    for s in node.saved:
        for x in s if type(s) is Many else (s,):
            storage = x if isinstance(x, Storage) else getattr(x, "_storage", None)
            if storage is not None and storage.written > node.recorded:
                kind = f"torch.{dtypes.title(x._array.dtype)}Tensor"
                maker = x._node if isinstance(x, Tensor) else node
                title = maker.name() if maker is not None else "AccumulateGrad"
                now = storage.version
                raise RuntimeError(errors.changed(kind, x._array.shape, title, now, max(now - 1, 0)))


def fitted(h: Gradient, like: Any) -> Gradient:
    """A gradient in the shape and dtype of the value it belongs to: broadcasting undone, the dtype restored."""
    shape, dtype = like if isinstance(like, tuple) else ((), np.dtype(like))
    array = h._array if isinstance(h, Tensor) else h
    if array.shape != shape:
        h = sum_to(h, shape)
    return h if array.dtype is dtype else cast_to(h, dtype)


def _leading_to(roots: Sequence[Node], targets: set[Node]) -> set[Node] | None:
    """The nodes on a way from a root to a target; None if that is all there are: leaves that are targets, every one."""
    seen = set(roots)
    stack = list(seen)
    all_lead = all(type(t) is AccumulateGrad for t in targets)
    while stack:
        node = stack.pop()
        for edge in (node.left, node.right) if type(node) is HotNode else node.edges:
            if edge is not None and edge not in seen:
                seen.add(edge)
                if type(edge) is not AccumulateGrad:
                    stack.append(edge)
                elif edge not in targets:
                    all_lead = False
    if all_lead:
        return None
    needed = seen & targets
    # Keys are a topological order: one pass from the oldest decides.
    for node in sorted(seen, key=lambda n: -n.key):
        for edge in node.edges:
            if edge in needed:
                needed.add(node)
                break
    return needed


def added(held: Gradient, h: Gradient) -> Gradient:
    """The sum of two gradients of one tensor: in the memory of the first, where that is large and nobody else's."""
    if (
        held.__class__ is ndarray
        and held.size >= LARGE
        and held.flags.owndata
        and h.__class__ is ndarray
        # The caller's caller gave its reference away, and this frame holds one: as in _alone().
        and _references(held) <= _ALONE
    ):
        held += h
        return held
    return held + h


def _added_onto(
    node: PlainNode, g: Gradient, values: Any, arrived: dict[Node, Gradient], needed: set[Node] | None
) -> bool:
    """Whether the gradient of the one input was added in place to what has arrived there, large and nobody else's."""
    edge = node.edges[0]
    if edge is None or edge not in arrived or (needed is not None and edge not in needed):
        return False
    held = arrived.pop(edge)
    mine = (
        held.__class__ is ndarray
        and held.size >= LARGE
        and held.flags.owndata
        and held.dtype is g.dtype
        and _references(held) <= _ALONE
    )
    if mine:
        node.primitive.adds(held, g, values)
    arrived[edge] = held
    return mine


# -- leaves -----------------------------------------------------------------------------------------------------------


def _references(g: Gradient) -> int:
    return sys.getrefcount(g)


def _alone() -> int:
    """How many references `_references` counts for an array that nobody else holds; an interpreter's own number."""
    table = {0: np.empty(1)}
    g = table.pop(0)
    return _references(g)


_ALONE = _alone()


def _is_whole(g: Any) -> bool:
    """Whether an array shows all of another's memory under a different shape, and nobody else holds that other."""
    whole = g.base
    return (
        whole.__class__ is ndarray
        and whole.base is None
        and whole.nbytes == g.nbytes
        and g.flags.c_contiguous
        # One more than _alone() counts: g's own.
        and _references(whole) <= _ALONE + 1
    )


def add_to_leaf(node: AccumulateGrad, g: Gradient, create_graph: bool) -> None:
    """Add a gradient to its leaf's `.grad`, never sharing memory with anybody."""
    meta = node.meta
    held = meta.grad
    if held is None:
        if create_graph:
            meta.grad = g if g._node is not None else wrap(np.array(g._array))
        elif not isinstance(g, np.ndarray):
            meta.grad = wrap(g)
        else:
            # The walk holds it once more than _alone() did: in its own frame.
            fresh = _references(g) <= _ALONE + 1 and (g.base is None or _is_whole(g))
            meta.grad = wrap(g if fresh else np.array(g, order="C"))
    elif create_graph:
        meta.grad = held + g
    elif isinstance(held._array, np.ndarray):
        if 0 in held._array.strides and held._array.size > 1:
            raise RuntimeError(errors.OVERLAP)
        np.add(held._array, g, out=held._array, casting="unsafe")
        held.storage().touch()
    else:
        held._array = held._array + g
    hooks = node.hooks
    if hooks is not None and hooks.post_accumulate:
        leaf = node.variable
        for hook in list(hooks.post_accumulate.values()):
            called(hook, create_graph, leaf)
