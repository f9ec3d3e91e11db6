"""The Function record: a public operator with torch's signature, whose body calls primitives or other functions.

Knows no operator by name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from autodiff._core import registry
from autodiff._core.anomaly import Anomaly, remember
from autodiff._core.apply import guard
from autodiff._core.batched import Batched
from autodiff._core.casting import POLICIES, cast, exempt
from autodiff._core.graph import backward
from autodiff._core.modes import duals, inference_mode, no_grad, state, unusual
from autodiff._core.node import Node, Storage, TableNode, likeness, link, new_node
from autodiff._core.noting import takes_part
from autodiff._core.packing import Packed, packed, unpacked
from autodiff._core.tangents import shared
from autodiff._core.tensor import Tensor, accumulator, wrap

Body = Callable[..., Any]


class Function:
    """One public operator: where it is found, what it may be spelled as, and how it is recorded."""

    def __init__(
        self,
        body: Body,
        namespaces: tuple[str, ...],
        *,
        name: str,
        method: bool,
        inplace: bool | str,
        out: bool | str,
        node: str | None,
        saves: tuple[str, ...],
        aliases: tuple[str, ...],
        counts: Callable[..., int] | None,
        hooked: tuple[int, int] | None,
    ) -> None:
        self.body = body
        self.short = name
        self.namespaces = namespaces
        self.name = f"{namespaces[0]}.{name}" if namespaces[0] else name
        self.method = method
        self.inplace = inplace
        self.out = out
        self.node = node
        self.saves = saves
        self.aliases = aliases
        self.counts = counts
        #: What everybody calls: the body itself, or the body recorded as one node; autocast casts for what it lists.
        self.public: Body = body if node is None else _one_node(body, node, saves, hooked)
        if self.name in POLICIES:
            self.public = cast(self.public, POLICIES[self.name])
        registry.add_function(self)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """For formulas: on Tensors like `public`; on plain arrays it answers with plain arrays."""
        if any(isinstance(a, Tensor) for a in args) or not any(isinstance(a, (np.ndarray, np.generic)) for a in args):
            return self.public(*args, **kwargs)
        with no_grad():
            result = exempt(self.public)(
                *[wrap(a) if isinstance(a, (np.ndarray, np.generic)) else a for a in args], **kwargs
            )
        return tuple(r._array for r in result) if isinstance(result, tuple) else result._array

    @property
    def signature(self) -> inspect.Signature:
        return inspect.signature(self.body)

    def __repr__(self) -> str:
        return f"Function({self.name!r})"


def function(
    *namespaces: str,
    name: str | None = None,
    method: bool | None = None,
    inplace: bool | str = False,
    out: bool | str = False,
    node: str | None = None,
    saves: str = "",
    aliases: tuple[str, ...] = (),
    counts: Callable[..., int] | None = None,
    hooked: tuple[int, int] | None = None,
) -> Callable[[Body], Body]:
    """Register a public operator. Without a namespace it is found in the root.

    `method`: also a method of Tensor (by default if it is in the root). `inplace`: also with a trailing underscore;
    "view" where that only changes the tensor's geometry, "overlapping" where operands may share the memory written,
    "first apart" where all but the first may, "apart" where not even the tensor itself may be one.
    `out`: takes `out=`; "discrete" where the result has no derivative, so that it does not matter what requires grad;
    "new" where the result takes on its dtype; "same" where it must have the result's own,
    "alike" where it must be complex if and only if the result is.
    `counts`: how often torch counts the write into `out`, of the operands, where that is not once.
    `node` and `saves`: recorded as one node of that name, which saves these inputs, or its result (`out`).
    `hooked`: of that node, as in `Primitive`.
    """
    spaces = namespaces or ("",)

    def register(body: Body) -> Body:
        row = Function(
            body,
            spaces,
            name=name or body.__name__,
            method="" in spaces if method is None else method,
            inplace=inplace,
            out=out,
            node=node,
            saves=tuple(saves.split()),
            aliases=aliases,
            counts=counts,
            hooked=hooked,
        )
        return row.public

    return register


class CompositeNode(TableNode):
    """A composition recorded as one node: the graph of its inside is kept in `saved`, after what it saves."""

    __slots__ = ("packs", "replay", "where")
    #: `Primitive.hooked` of this node.
    told: ClassVar[tuple[int, int] | None] = None
    #: Runs the body again on what stands in for the inputs: a second derivative needs them in the graph.
    replay: Callable[[dict[int, Tensor]], Any]
    #: The inputs, in the order of the edges.
    where: tuple[Tensor, ...]
    #: Inputs that a saved-tensors hook packed, by identity; None where there was none: then the inside is kept.
    packs: dict[int, Packed] | None

    def pull(self, g: Any, values: Any, create_graph: bool) -> list[Any]:
        if create_graph or self.packs is not None:
            with inference_mode(False), unpacked():
                inside = {id(t): self._stand_in(t, create_graph) for t in self.where}
                result = self.replay(inside)
            roots = _roots(result, g, create_graph)
            targets = [inside[id(t)]._node for t in self.where]
        else:
            inner, leaves = values[-1]
            roots = _roots(inner, g, False)
            targets = [leaf._node for leaf in leaves]
        asked = [t for t in targets if t is not None]
        found = backward(
            roots,
            keep_graph=True,
            create_graph=create_graph,
            targets=asked,
            accumulate=False,
            recording=state.grad,
        )
        return [None if t is None else found.get(t) for t in targets]

    def _stand_in(self, t: Tensor, create_graph: bool) -> Tensor:
        """An input for the replay. One may depend on another: what goes that way is not this node's to pass on."""
        if self.packs is not None and id(t) in self.packs:
            held, needed = self.packs[id(t)], t._node is not None
            t = held.tensor(self) if create_graph else wrap(held._array).requires_grad_(needed)
        return registry.ops.alias(t) if create_graph else _leaf(t)


class Inside(tuple[Any, ...]):
    """The inner results and leaves of a composite node: opened by it alone."""

    __slots__ = ()


def _roots(results: Any, g: Any, as_tensors: bool) -> list[tuple[Node, Any]]:
    if isinstance(results, Tensor):
        results, g = (results,), [g]
    return [(r._node, x) for r, x in zip((r for r in results if r._node is not None), g) if x is not None]


_CLASSES: dict[str, type[CompositeNode]] = {}


def _one_node(body: Body, title: str, saves: tuple[str, ...], hooked: tuple[int, int] | None) -> Body:
    names = tuple(inspect.signature(body).parameters)

    def recorded(*args: Any, **kwargs: Any) -> Any:
        # An input that is given twice has one edge.
        tensors = list({id(a): a for a in (*args, *kwargs.values()) if isinstance(a, Tensor)}.values())
        if not any(t._node is not None for t in tensors) or (unusual and not takes_part(*tensors)):
            return body(*args, **kwargs)
        if state.maps and any(isinstance(t, Batched) for t in tensors):
            return body(*args, **kwargs)  # the graph is that of all samples, one floor below
        leaves = {id(t): _leaf(t) for t in tensors}

        def on(inputs: dict[int, Tensor]) -> Any:
            return body(*[inputs.get(id(a), a) for a in args], **{k: inputs.get(id(a), a) for k, a in kwargs.items()})

        if unusual and state.packing:
            with unpacked():
                inner = on(leaves)
        else:
            inner = on(leaves)
        results = (inner,) if isinstance(inner, Tensor) else inner
        moving = [r for r in results if r._node is not None]
        if len(moving) != 1:
            return body(*args, **kwargs)
        node = new_node(_class(title, hooked))
        where = tuple(t for t in tensors if t._array.dtype.kind in "fc")
        link(node, tuple(t._node for t in where), likeness(moving[0]._array))
        bound = dict(zip(names, args)) | kwargs
        node.saved = (*(bound[n] for n in saves if n in bound), Inside((inner, [leaves[id(t)] for t in where])))
        node.where = where
        node.replay = on
        node.packs = None
        shown = []
        for r in results:
            t = wrap(r._array)
            if duals:
                shared(r, t)
            if r._node is not None:
                t._node = node
                if "out" in saves:
                    node.saved = (guard(t), *node.saved)
            shown.append(t)
        if unusual:
            _note(node, [t for t in shown if t._node is not None])
        return shown[0] if isinstance(inner, Tensor) else tuple(shown)

    recorded.__name__ = body.__name__
    recorded.__doc__ = body.__doc__
    recorded.__wrapped__ = body  # type: ignore[attr-defined]
    return recorded


def _note(node: CompositeNode, results: list[Tensor]) -> None:
    """What an unusual mode asks of a new node: see `noting`."""
    if Anomaly.on:
        remember(node)
    if state.packing:
        pack, unpack = state.packing[-1]
        *named, _ = node.saved or (None,)
        (result,) = results
        node.packs = {id(s): packed(s, pack, unpack) for s in named if isinstance(s, Tensor)}
        kept = [node.packs.get(id(s), s) for s in named]
        if kept and isinstance(kept[0], Storage):
            kept[0]._array, kept[0] = None, packed(result, pack, unpack, 0)
        node.saved = (*kept, Inside())


def _leaf(t: Tensor) -> Tensor:
    leaf = wrap(t._array)
    if duals:
        shared(t, leaf)
    if t._node is not None:
        leaf._node = accumulator(leaf)
    return leaf


def _class(title: str, hooked: tuple[int, int] | None) -> type[CompositeNode]:
    if title not in _CLASSES:
        _CLASSES.setdefault(title, type(title, (CompositeNode,), {"__slots__": (), "title": title, "told": hooked}))
    return _CLASSES[title]
