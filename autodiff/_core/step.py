"""One step of a walk, for any node: hooks, what was asked for, several results, gradients all at once.

What the walk itself does for the hot nodes of a first-order walk, done the general way. Knows operators only through
machine_ops.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import partial
from heapq import heappush
from operator import attrgetter
from typing import Any

import numpy as np

from autodiff._core import errors
from autodiff._core.anomaly import Anomaly, watched
from autodiff._core.batched import Unreadable, batched, levels_of
from autodiff._core.batching import sample_by_sample
from autodiff._core.gradients import Gradient, added, added_onto, fitted
from autodiff._core.hooks import run_after, run_before
from autodiff._core.leaves import accumulated_by_hooks, check_leaf
from autodiff._core.machine_ops import zeros_of
from autodiff._core.modes import duals, state, switch
from autodiff._core.node import (
    AccumulateGrad,
    Clock,
    DeadEnd,
    HotNode,
    Many,
    ManyNode,
    Node,
    Output,
    PlainNode,
    Retired,
    SavedResult,
    Storage,
    place_of,
)
from autodiff._core.packing import Packed, own_index, result_place
from autodiff._core.tangents import restored
from autodiff._core.tensor import Tensor, wrap
from autodiff._core.unwritten import check_unwritten, in_torchs_order
from autodiff._kernels.brain import IN_USE, singles

_by_key = attrgetter("key")
_numbered = itertools.count().__next__
#: What is asked of a leaf: its one gradient.
_ITSELF: list[tuple[int, Node]] = []
#: Of what is saved, what counts as a tensor.
_HELD = (Tensor, Storage, SavedResult, Packed, np.ndarray)


class Walk:
    """One call of backward: what it was asked for, what waits for its turn, what has arrived where.

    What few walks have stands in the class.
    """

    #: The nodes on the way to what was asked for, or None: all of them.
    needed: set[Node] | None = None
    #: By node the results whose gradients are to be returned, each with the place in the graph that asked.
    captures: dict[Node, list[tuple[int, Node]]] | None = None
    #: Whether gradients were asked for, rather than accumulated wherever the graph ends.
    asked = False
    #: Whether somebody else says whose turn it is: nothing waits here then.
    ordered = False
    #: How often each node is given a gradient, where that was counted.
    counts: dict[Node, int] | None = None
    #: Whether None arrived somewhere: such nodes run all the same.
    holes = False
    #: Whether users' code ran, and may have asked which walk this is; then the walk around this one.
    entered = False
    outer: Walk | None = None
    number = -1

    def __init__(
        self,
        keep_graph: bool,
        create_graph: bool,
        heap: list[int] | None = None,
        nodes: dict[int, Node] | None = None,
        arrived: dict[Node, Gradient] | None = None,
    ) -> None:
        self.keep_graph = keep_graph
        self.create_graph = create_graph
        #: Whether every node takes the general way: gradients may be Tensors, None, or looked at.
        self.careful = bool(create_graph) or Anomaly.on
        #: Whether all there is was asked for, and nobody looks on: what `_usual` may take for granted.
        self.usual = not Anomaly.on and not IN_USE
        #: How a node is run: by `step`, or watched.
        self.step: Callable[[Walk, Node, Gradient], Any] = partial(watched, step) if Anomaly.on else step
        #: Nodes that have a gradient and wait, by key; the heap yields the newest.
        self.heap: list[int] = [] if heap is None else heap
        self.nodes: dict[int, Node] = {} if nodes is None else nodes
        self.arrived: dict[Node, Gradient] = {} if arrived is None else arrived
        self.found: dict[Node, Gradient] = {}

    def ask_for(self, places: Sequence[Node], roots: Sequence[Node], accumulate: bool) -> None:
        """Walk only to these: to return their gradients, or (`accumulate`) to run them as well."""
        self.asked = True
        captures: dict[Node, list[tuple[int, Node]]] = {}
        for place in places:
            if type(place) is AccumulateGrad:
                captures[place] = _ITSELF
            else:
                owner, slot = place_of(place)
                captures.setdefault(owner, []).append((slot, place))
        self.needed = _leading_to(roots, captures)
        if self.needed is not None:
            self.usual = False
        if not accumulate:
            self.captures = captures

    def deliver(self, edge: Node, h: Gradient) -> None:
        """Let a gradient arrive, None too: it is added to what has arrived there."""
        arrived = self.arrived
        if edge not in arrived:
            arrived[edge] = h
            if edge.__class__ is not AccumulateGrad and not self.ordered:
                self.nodes[edge.key] = edge
                heappush(self.heap, edge.key)
        elif h is not None:
            arrived[edge] = h if arrived[edge] is None else added(arrived.pop(edge), h)
        if h is None:
            self.careful = self.holes = True
            self.usual = False

    def deliver_slot(self, place: Output, g: Gradient) -> None:
        """Pass the gradient of one result of several on to its node."""
        if into_slot(place, g, self.arrived) and not self.ordered:
            self.nodes[place.owner.key] = place.owner
            heappush(self.heap, place.owner.key)

    def capture(self, node: Node, g: Gradient) -> None:
        """Keep what was asked for of a node's gradients."""
        assert self.captures is not None
        for slot, place in self.captures[node]:
            asked = g[slot] if isinstance(g, list) else g
            if asked is not None:
                self.found[place] = asked

    def enter(self) -> None:
        """Users' code is about to run, and may ask which walk this is."""
        self.entered = True
        self.number = _numbered()
        self.outer, state.walk = state.walk, self

    def look_on(self, root: Node, g: Gradient) -> None:
        """The hooks of a tensor that leads to nothing asked for: torch calls them where it is the only root."""
        owner, slot = place_of(root)
        if owner.hooks is None:
            return
        if owner.results > 1:
            g = [g if i == slot else None for i in range(owner.results)]
        run_before(owner, g, self.create_graph, executes=False)

    def taking_part(self, keys: Sequence[int]) -> int:
        """How many of the nodes of these keys have a part in this walk."""
        if self.counts is None:
            return len(keys)
        all_keys = {node.key for node in self.counts}
        return sum(key in all_keys for key in keys)

    def leave(self) -> None:
        """The walk is over."""
        state.walk = self.outer


def into_slot(place: Output, g: Gradient, arrived: dict[Node, Gradient]) -> bool:
    """Add the gradient of one result of several to what its node has of it; whether that is the node's first."""
    owner, index = place.owner, place.index
    first = owner not in arrived
    if first:
        arrived[owner] = [None] * owner.results
    slots = arrived[owner]
    # More than once where the result was used again, or a second derivative went by a saved one.
    held = slots[index]
    if g is not None:
        slots[index] = g if held is None else added(held, g)
    return first


def _leading_to(roots: Sequence[Node], targets: dict[Node, Any]) -> set[Node] | None:
    """The nodes on a way from a root to a target; None if that is all there are: leaves that are targets, every one."""
    # None is no node: it counts as seen.
    seen: set[Any] = {None, *roots}
    stack: list[Any] = list(roots)
    all_lead = True
    for r in stack:
        if type(r) is AccumulateGrad and r not in targets:
            all_lead = False
    # Nothing older than every target leads to one: a transform's walk ends where its arguments entered.
    oldest = next(iter(targets)).key if targets else 0
    for t in targets:
        if type(t) is not AccumulateGrad:
            all_lead = False
        if t.key > oldest:
            oldest = t.key
    while stack:
        node = stack.pop()
        edges: tuple[Node | None, ...]
        if type(node) is HotNode:
            edges = (node.left, node.right)
        else:
            edges = node.edges
            if isinstance(node, DeadEnd):
                all_lead = False
        for edge in edges:
            if edge not in seen:
                seen.add(edge)
                if type(edge) is AccumulateGrad:
                    if edge not in targets:
                        all_lead = False
                elif edge.key > oldest:  # type: ignore[union-attr]
                    all_lead = False
                else:
                    stack.append(edge)
    if all_lead:
        return None
    seen.discard(None)
    needed = seen.intersection(targets)
    # Keys are a topological order: one pass from the oldest decides.
    for node in sorted(seen, key=_by_key, reverse=True):
        for edge in (node.left, node.right) if type(node) is HotNode else node.edges:
            if edge in needed:
                needed.add(node)
                break
    return needed


def step(walk: Walk, node: Node, g: Gradient) -> Sequence[Gradient]:
    """Run one node: what it gives its inputs arrives there, and is returned."""
    kind = type(node)
    plain = kind is PlainNode or kind is HotNode
    if plain:
        captures = walk.captures
        if walk.usual and node.hooks is None and g is not None and (captures is None or node not in captures):
            return _usual(walk, node, g)
    else:
        if kind is Output:
            walk.deliver_slot(node, g)  # type: ignore[arg-type]
            return ()
        if kind is Retired:
            _let_go(walk, node, g)  # type: ignore[arg-type]
            return ()
        if kind is DeadEnd:
            return ()  # torch has no node there, which could find that it is no leaf any more
    hooks, needed, create_graph, captures = node.hooks, walk.needed, walk.create_graph, walk.captures
    if (hooks is not None or not plain) and not walk.entered:
        walk.enter()
    if captures is not None and node in captures:
        # As in torch: hooks are seen in what was asked for where the walk ends, not where it goes on.
        goes_on = needed is None or any(edge in needed for edge in node.edges)
        if not goes_on and hooks is not None:
            g = run_before(node, g, create_graph, executes=False)
        walk.capture(node, g)
        if not goes_on:
            return ()
    if hooks is not None and (hooks.tensor or hooks.before or hooks.retained):
        g = run_before(node, g, create_graph)
    # By far the most are asked of their primitive directly.
    primitive = node.primitive
    saved = node.saved if kind is not HotNode or primitive.keeps else ()
    if saved is None:
        raise RuntimeError(errors.FREED)
    if plain:
        late, rules = False, primitive.rules
    else:
        late, rules = node.opens_late, node.rules if node.plain else None
    if walk.ordered and primitive is not None and primitive.apart:
        rules = primitive.rules_apart
    if saved and not late and node.recorded != Clock.now:
        check_unwritten(node)
    edges: tuple[Node | None, ...]
    if kind is HotNode:
        right = node.right  # type: ignore[attr-defined]
        edges = (node.left,) if right is None else (node.left, right)  # type: ignore[attr-defined]
    else:
        edges = node.edges
    if late or not saved:
        values: Sequence[Any] = saved
    elif create_graph and plain:
        values = saved
        for s in saved:
            if s is not None and s.__class__ is not Tensor:
                values = [s if s is None or s.__class__ is Tensor else _tensor(s, node, i) for i, s in enumerate(saved)]
                break
    else:
        values = opened(node, create_graph)
    if IN_USE and not create_graph and primitive is not None:
        g, values = singles(g), singles(values)
    frees = saved and not walk.keep_graph and node.frees
    if frees:
        # Where nothing was to be opened, shapes and numbers are all there is.
        bare = values is saved and kind is PlainNode and not create_graph
        frees = not (bare and primitive.kind != "pointwise" and not primitive.runs_once) and _lets_go(node, saved)
    if not create_graph and kind is PlainNode and primitive.adds is not None and g is not None:
        edge, arrived = edges[0], walk.arrived
        if hooks is None and edge is not None and edge in arrived and (needed is None or edge in needed):
            held = arrived.pop(edge)
            onto = added_onto(held, g, primitive.adds, values)
            arrived[edge] = held
            del held
            if onto:
                if frees:
                    node.replace_saved(None)
                return ()
    grads: list[Any]
    if primitive is not None and (g is None or (needed is not None and _asked_of_nothing(primitive, edges, needed))):
        grads = [None] * len(edges)
    elif rules is not None:
        # What torch has no derivative of refuses wherever the walk comes by, though nothing be asked of it.
        asked = None if needed is not None and primitive is not None and primitive.undefined else needed
        try:
            if len(edges) == 1:
                # Without a comprehension, which is a call of its own.
                edge = edges[0]
                grads = [None if edge is None or (asked is not None and edge not in asked) else rules[0](g, values)]
            else:
                grads = [
                    None if edge is None or (asked is not None and edge not in asked) else rule(g, values)
                    for edge, rule in zip(edges, rules)
                ]
        except Unreadable:
            grads = _pull_each(node, g, values)
    else:
        try:
            grads = pulled(node, g, values, create_graph)
        except Unreadable:
            if primitive is None:
                raise
            grads = _pull_each(node, g, values)
    own, arrived, general = node.like, walk.arrived, walk.ordered or walk.holes
    if hooks is not None and hooks.after:
        if needed is not None and not _gives_all(node, needed):
            grads = [None if edge not in needed else h for edge, h in zip(edges, grads)]
        grads = _told(node, edges, grads)
        grads = run_after(node, grads, g, create_graph)
    for edge, h in zip(edges, grads):
        if edge is None or (needed is not None and edge not in needed):
            continue
        if h is None:
            walk.deliver(edge, None)
            continue
        like = edge.like
        array = h._array if create_graph else h
        if (
            array.__class__ is not like
            and (like is not own or kind is not HotNode)
            and (array.shape, array.dtype) != like
        ):
            h = fitted(h, like)
        if general:
            walk.deliver(edge, h)
        elif edge in arrived:
            arrived[edge] = added(arrived.pop(edge), h)
        else:
            arrived[edge] = h
            if edge.__class__ is not AccumulateGrad:
                walk.nodes[edge.key] = edge
                heappush(walk.heap, edge.key)
    if frees:
        node.replace_saved(None)
    return grads


def _usual(walk: Walk, node: Any, g: Gradient) -> Sequence[Gradient]:
    """The same for a plain node that nobody looks at, in a walk that asks for all there is: most of them, with less."""
    primitive, create_graph, arrived = node.primitive, walk.create_graph, walk.arrived
    hot = type(node) is HotNode
    if hot:
        edges = (node.left,) if node.right is None else (node.left, node.right)
        saved = node.saved if primitive.keeps else ()
    else:
        edges, saved = node.edges, node.saved
    if saved is None:
        raise RuntimeError(errors.FREED)
    values = saved
    if saved:
        if node.recorded != Clock.now:
            check_unwritten(node)
        if not create_graph:
            values = opened(node, False)
        else:
            for s in saved:
                if s is not None and s.__class__ is not Tensor:
                    values = [_tensor(s, node, i) for i, s in enumerate(saved)]
                    break
    frees = saved and not walk.keep_graph
    if frees:
        # Where nothing was to be opened, shapes and numbers are all there is.
        bare = values is saved and not hot and not create_graph
        frees = not (bare and primitive.kind != "pointwise" and not primitive.runs_once) and _lets_go(node, saved)
    if primitive.adds is not None and not create_graph:
        edge = edges[0]
        if edge is not None and edge in arrived:
            held = arrived.pop(edge)
            onto = added_onto(held, g, primitive.adds, values)
            arrived[edge] = held
            del held
            if onto:
                if frees:
                    node.replace_saved(None)
                return ()
    rules = primitive.rules
    try:
        if len(edges) == 1:
            # Without a comprehension, which is a call of its own.
            grads: list[Any] = [None if edges[0] is None else rules[0](g, values)]
        else:
            grads = [None if edge is None else rule(g, values) for edge, rule in zip(edges, rules)]
    except Unreadable:
        grads = _pull_each(node, g, values)
    own = node.like
    for edge, h in zip(edges, grads):
        if edge is None:
            continue
        if h is None:
            walk.deliver(edge, None)
            continue
        like = edge.like
        if like is not own or not hot:
            array = h._array if create_graph else h
            if array.__class__ is not like and (array.shape, array.dtype) != like:
                h = fitted(h, like)
        if edge in arrived:
            if walk.holes:
                walk.deliver(edge, h)
            else:
                arrived[edge] = added(arrived.pop(edge), h)
        else:
            arrived[edge] = h
            if edge.__class__ is not AccumulateGrad:
                walk.nodes[edge.key] = edge
                heappush(walk.heap, edge.key)
    if frees:
        node.replace_saved(None)
    return grads


def _asked_of_nothing(primitive: Any, edges: Sequence[Any], needed: set[Node]) -> bool:
    """Whether only a result's gradient is asked for: a rule need not run, but where torch has none it refuses."""
    return not primitive.undefined and needed.isdisjoint(edges)


def _told(node: Node, edges: Sequence[Any], grads: Sequence[Any]) -> list[Any]:
    """What hooks after a node see: nothing for what leads nowhere, unless the node gives all at once."""
    dead = [type(edge) is DeadEnd for edge in edges]
    if _together(node):
        dead = [all(edge is None or gone for edge, gone in zip(edges, dead))] * len(dead)
    return [
        None if h is None or (gone and not node.gives_all) else h if edge is None else fitted(h, edge.like)
        for edge, gone, h in zip(edges, dead, grads)
    ]


def _gives_all(node: Node, needed: set[Node]) -> bool:
    """Whether a node gives the gradients of all its inputs, though some are not asked for: as torch's for any number.

    And users' own code.
    """
    return (_together(node) and any(edge in needed for edge in node.edges)) or node.gives_all


def _together(node: Node) -> bool:
    """Whether what is of any number of inputs has one formula for all their gradients, as in torch."""
    return node.primitive is not None and node.primitive.variadic and not node.primitive.inputs


def _let_go(walk: Walk, node: Retired, g: Gradient) -> None:
    """A gradient nobody wants any more: a leaf that required grad once still has its hooks called."""
    tensor = node.variable
    if tensor is not None and tensor._meta is not None and (node.hooks is not None or tensor._meta.hooks):
        # Those that the tensor has by now.
        node.hooked().tensor = [(0, tensor._meta.hooks)] if tensor._meta.hooks else []
    if node.hooks is not None:
        if not walk.entered:
            walk.enter()
        accumulated_by_hooks(node, g, walk.create_graph)
    else:
        check_leaf(node)


def _lets_go(node: Node, saved: Sequence[Any]) -> bool:
    """Whether torch's node cannot be run again. Of pointwise operators it saves numbers as tensors."""
    p = node.primitive
    if p is None or p.runs_once:
        return True
    if p.view or p.title.endswith("_copy"):
        return False
    return any(s is not None for s in saved) if p.kind == "pointwise" else _any_tensor(saved)


def _any_tensor(saved: Sequence[Any]) -> bool:
    """Whether there is anything to let go of: numbers and shapes stay, and the node runs again."""
    return any(_any_tensor(s) if type(s) is Many else isinstance(s, _HELD) for s in saved)


def pulled(node: Node, g: Gradient, values: Any, create_graph: bool) -> list[Any]:
    """All gradients of a node at once: its own method, or a formula for any number of them."""
    if node.primitive is None:
        # Users' code and inner walks run here: they must see the walk's own grad mode.
        before = switch(create_graph and state.grad, state.inference)
        try:
            return node.pull(g, values, create_graph)
        finally:
            switch(*before)
    if node.results > 1:
        there = [x for x in g if x is not None]
        if not there:
            return [None] * len(node.edges)
        if len(there) < len(g) and node.materializes:
            g = [zeros_of(like, create_graph) if x is None else x for x, like in zip(g, node.like)]
    rules = node.rules
    assert rules is not None
    if node.primitive.variadic:
        (rule,) = rules
        assert rule is not None
        found = rule(g, values)
        if not node.primitive.inputs:
            return list(found)
        # Of a list of tensors torch makes all gradients, of named ones those that are asked for.
        return [None if edge is None else h for edge, h in zip(node.edges, found)]
    return [None if edge is None or rule is None else rule(g, values) for edge, rule in zip(node.edges, rules)]


def _pull_each(node: Node, g: Gradient, values: Any) -> list[Any]:
    """A node's gradients sample by sample, where a rule wants to see values."""
    values = list(values)
    several = [x for v in (*(g if isinstance(g, list) else [g]), *values) for x in (v if type(v) is Many else (v,))]
    levels = levels_of(several)
    found = sample_by_sample(lambda g, v: tuple(pulled(node, g, v, True)), (g, values), levels, node.name())
    return [None if x is None else batched(x, levels) for x in found]


def opened(node: Node, create_graph: bool) -> Sequence[Any]:
    """What a node saved, as its rules are to see it: arrays, or Tensors with their place in the graph."""
    saved = node.saved
    assert saved is not None
    kind = type(node)
    # What was packed shows itself under torch's own class name.
    usual = kind is PlainNode or kind is HotNode or kind is ManyNode
    if not usual and any(type(s) is Packed for s in saved):
        return _unpacked(node, saved, create_graph)
    if create_graph:
        return [s if s is None or s.__class__ is Tensor else _tensor(s, node, place) for place, s in enumerate(saved)]
    for s in saved:
        if s is not None and s.__class__ is not tuple and s.__class__ is not int:
            return [s._array if s.__class__ is Tensor or s.__class__ is Storage else _array(s) for s in saved]
    return saved


def _unpacked(node: Node, saved: Sequence[Any], create_graph: bool) -> Sequence[Any]:
    """The same where users' hooks see it: in the order in which it was packed."""
    values: list[Any] = [None] * len(saved)
    for place in in_torchs_order(node, len(saved)):
        values[place] = _tensor(saved[place], node, place) if create_graph else _array(saved[place])
    return values


def _array(s: Any) -> Any:
    # By far the most are shapes and other parameters.
    if s is None or type(s) is tuple or type(s) is int:
        return s
    if isinstance(s, (Tensor, Storage, SavedResult, Packed)):
        return s._array
    return tuple([_array(x) for x in s]) if type(s) is Many else s


def _tensor(s: Any, node: Node, place: int) -> Any:
    # By far the most are results.
    if type(s) is not Storage and isinstance(s, Packed):
        return s.tensor(node)
    if type(s) is Storage or isinstance(s, (Storage, SavedResult)):
        result = wrap(s._array)
        result._storage = s if isinstance(s, Storage) else s._storage
        if result._array.dtype.kind in "fc":
            alone = type(node) is HotNode or (type(node) is PlainNode and len(node.primitive.outputs) == 1)
            result._node = node if alone else result_place(node, own_index(node, place))
        if duals:
            restored(s, result)
        return result
    return Many(_tensor(x, node, place) for x in s) if type(s) is Many else s
