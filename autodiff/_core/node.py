"""The graph's parts: nodes, a leaf's accumulator, one output of many, and the hooks on them. Knows no tensor.

A node's key falls from one to the next, so a heap of keys yields consumers before producers: the order of creation
is a topological order, and no walk has to find one first.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

#: In `recorded`: what a hot node kept is gone.
FREED = -1

next_key = itertools.count(0, -1).__next__
new_node = object.__new__


class Clock:
    """Counts the writes into any tensor. A node recorded at `now` saw what was written up to then, and no more."""

    now = 0


class Storage:
    """The memory that a tensor shares with its views and aliases: its version, when it was last written, its views."""

    __slots__ = ("_array", "version", "views", "written")

    def __init__(self, array: Any = None) -> None:
        self._array = array
        self.version = 0
        self.written = 0
        #: The differentiable views (a `views.Views`), which ask their base for their node once the memory was written.
        self.views: Any = None

    def touch(self) -> None:
        """Raise the version: the memory was written."""
        self.version += 1
        Clock.now += 1
        self.written = Clock.now
        if self.views is not None:
            self.views.written()


class SavedResult:
    """A result that was written into older memory: its array at that time, and the storage that guards it since."""

    __slots__ = ("_array", "_storage", "since")

    def __init__(self, array: Any, storage: Storage) -> None:
        self._array = array
        self._storage = storage
        self.since = storage.written


class Many(tuple[Any, ...]):
    """Several saved tensors under one name."""

    __slots__ = ()


class Hooks:
    """What is hung on one node: callables by number, in order of registration."""

    __slots__ = ("after", "before", "memory", "metadata", "post_accumulate", "retained", "tensor")
    #: How many were ever hung on anything, or what else tells the order of a walk: where it is 0 none need look for it.
    hung: ClassVar[int] = 0

    def __init__(self) -> None:
        #: Tables that belong to tensors, each with which result the tensor is.
        self.tensor: list[tuple[int, dict[int, Callable[[Any], Any]]]] = []
        self.before: dict[int, Callable[[Any], Any]] = {}
        self.after: dict[int, Callable[[Any, Any], Any]] = {}
        self.post_accumulate: dict[int, Callable[[Any], Any]] = {}
        #: What these are to see of the leaf, should nobody hold it any more: its array and its storage.
        self.memory: tuple[Any, Storage] | None = None
        #: Weak references to the tensors whose `.grad` is to be kept (retain_grad), by which result each is.
        self.retained: dict[int, Any] = {}
        #: Whatever somebody wants to know of the node; anomaly detection does.
        self.metadata: dict[str, Any] | None = None

    def add(self, table: dict[int, Any], hook: Callable[..., Any]) -> RemovableHandle:
        Hooks.hung += 1
        table[Hooks.hung] = hook
        return RemovableHandle(table, Hooks.hung)


class RemovableHandle:
    """What registering a hook returns; `remove()` takes the hook off, also from within it or twice."""

    __slots__ = ("_table", "id")

    def __init__(self, table: dict[int, Any], number: int) -> None:
        self._table = table
        self.id = number

    def remove(self) -> None:
        self._table.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class Node:
    """One recorded operation: where its inputs' gradients go, and what its rules want to see again.

    `like` is what the result looks like: the scalar type of a 0-dim result that is a NumPy scalar, else the pair of
    shape and dtype; a list of these for several results. A pointwise result of its input's shape and dtype shares the
    input's `like`, so identity says that nothing changed.
    """

    __slots__ = ("hooks", "key", "like", "recorded")

    like: Any
    key: int
    #: The clock when it was recorded: anything saved that was written later is no longer what its rules expect.
    recorded: int
    hooks: Hooks | None

    #: Adaptors, one per input, that give its gradient: `(g, values)` of what was saved, arrays or Tensors alike.
    rules: ClassVar[tuple[Callable[[Any, Any], Any] | None, ...] | None] = None
    primitive: Any = None
    #: One rule per input, one result: what the walk runs without a further look.
    plain: ClassVar[bool] = False
    #: How many results it has; above 1 each is reached through an Output.
    results: ClassVar[int] = 1
    #: Whether results that got no gradient count as zeros; else the rules see None.
    materializes: ClassVar[bool] = True
    #: Whether tensors are among what it saves: then they are let go of after use, and using it again is an error.
    frees: ClassVar[bool] = True
    #: Whether what it saves is looked at, and checked, only when its own code asks for it.
    opens_late: ClassVar[bool] = False
    #: Whether it gives gradients that nobody asked for, and hooks see them: users' own code.
    gives_all: ClassVar[bool] = False
    title: ClassVar[str] = "Node"

    @property
    def edges(self) -> tuple[Node | None, ...]:
        """Per input the node that produced it; None where no gradient is wanted."""
        return ()

    @property
    def saved(self) -> tuple[Any, ...] | None:
        """Tensors (inputs), Storages (results) and plain values; None once freed."""
        return ()

    def replace_saved(self, saved: tuple[Any, ...] | None) -> None:
        """Keep these instead, place by place; None lets go of everything, and running the node again is an error."""
        raise NotImplementedError

    def name(self) -> str:
        """torch's name of the operation, e.g. "MulBackward0"."""
        return self.title

    @property
    def places(self) -> Sequence[int]:
        """The inputs that may have a gradient: by these a user counts edges."""
        return range(len(self.edges))

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The nodes that produced the inputs, each with the number of the output it was."""
        edges = self.edges
        chosen = [seen(edges[place]) for place in self.places]
        return tuple((None, 0) if edge is None or type(edge) is DeadEnd else edge.source() for edge in chosen)

    def source(self) -> tuple[Node, int]:
        """The node a user sees, and which of its outputs this is."""
        return self, 0

    def pull(self, g: Any, values: Any, create_graph: bool) -> list[Any]:
        """Gradients for all inputs at once; for nodes without one rule per input."""
        raise NotImplementedError

    def hooked(self) -> Hooks:
        """This node's hooks, made on first use."""
        if self.hooks is None:
            self.hooks = Hooks()
        return self.hooks

    @property
    def metadata(self) -> dict[str, Any]:
        """A dictionary for whatever somebody wants to know of this node."""
        hooks = self.hooked()
        if hooks.metadata is None:
            hooks.metadata = {}
        return hooks.metadata

    def register_hook(self, hook: Callable[[Any, Any], Any]) -> RemovableHandle:
        """Call `hook(grad_inputs, grad_outputs)` after this node ran; what it returns replaces grad_inputs."""
        hooks = self.hooked()
        return hooks.add(hooks.after, hook)

    def register_prehook(self, hook: Callable[[Any], Any]) -> RemovableHandle:
        """Call `hook(grad_outputs)` before this node runs; what it returns replaces grad_outputs."""
        hooks = self.hooked()
        return hooks.add(hooks.before, hook)

    def __repr__(self) -> str:
        return f"<{self.name().rpartition('::')[2]} object at {id(self):#x}>"


class TableNode(Node):
    """A node of any number of inputs."""

    __slots__ = ("edges", "saved")
    edges: tuple[Node | None, ...]
    saved: tuple[Any, ...] | None

    def replace_saved(self, saved: tuple[Any, ...] | None) -> None:
        self.saved = saved


class PlainNode(TableNode):
    """A primitive's node with one result and a rule per input.

    One class serves all primitives, because the interpreter caches where an attribute stands by class; who looks at
    `grad_fn` sees the class of torch's name all the same (`source`).
    """

    __slots__ = ("primitive",)
    primitive: Any
    plain = True

    @property
    def rules(self) -> Any:  # type: ignore[override]
        return self.primitive.rules

    @property
    def places(self) -> Sequence[int]:
        formulas = self.primitive.formulas
        if self.primitive.variadic or len(formulas) != len(self.edges):
            return range(len(self.edges))
        return self.primitive.graded  # type: ignore[no-any-return]

    def name(self) -> str:
        return str(self.primitive.title)

    def shown_inputs(self) -> Sequence[int | None]:
        return range(len(self.edges)) if self.primitive.variadic else self.primitive.graded

    def source(self) -> tuple[Node, int]:
        self.__class__ = self.primitive.shown_as(type(self))
        return self, 0


class ComplexNode(PlainNode):
    """The same for a complex result of a pointwise primitive: its partial derivatives are conjugated."""

    __slots__ = ()

    @property
    def rules(self) -> Any:  # type: ignore[override]
        return self.primitive.complex_rules


class ManyNode(PlainNode):
    """A primitive's node with several results, or with one formula for any number of inputs."""

    __slots__ = ()
    plain = False

    @property
    def results(self) -> int:  # type: ignore[override]
        return len(self.like) if isinstance(self.like, list) else 1

    @property
    def materializes(self) -> bool:  # type: ignore[override]
        return bool(self.primitive.materializes)


class HotNode(Node):
    """A pointwise operation of one or two operands, one of which may be a number.

    Edges and operands stand in slots: every tuple fewer is an allocation fewer, and one object fewer that the garbage
    collector visits while a long graph grows. One class serves all primitives, as for PlainNode.
    """

    __slots__ = ("kept_left", "kept_out", "kept_right", "left", "primitive", "right")
    primitive: Any
    left: Node | None
    right: Node | None
    kept_left: Any
    kept_right: Any
    kept_out: Any
    plain = True

    @property
    def rules(self) -> Any:  # type: ignore[override]
        return self.primitive.rules

    def name(self) -> str:
        return str(self.primitive.title)

    def source(self) -> tuple[Node, int]:
        self.__class__ = self.primitive.shown_as(type(self))
        return self, 0

    @property
    def edges(self) -> tuple[Node | None, ...]:
        return (self.left,) if self.right is None else (self.left, self.right)

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        found = super().next_functions
        # A number among the operands is an input to torch, unless the derivative is one for numbers alone.
        alone = len(found) == len(self.primitive.inputs) or len(self.primitive.graded) == 1
        return found if alone else (*found, (None, 0))

    @property
    def saved(self) -> tuple[Any, ...] | None:
        if not self.primitive.keeps:
            return ()
        if self.recorded < 0:
            return None
        if len(self.primitive.inputs) == 2:
            return self.kept_left, self.kept_right, self.kept_out
        return self.kept_left, self.kept_out

    def replace_saved(self, saved: tuple[Any, ...] | None) -> None:
        if saved is None:
            self.recorded = FREED
            self.kept_left = self.kept_right = self.kept_out = None
        elif len(saved) == 2:
            self.kept_left, self.kept_out = saved
        else:
            self.kept_left, self.kept_right, self.kept_out = saved


class Output(Node):
    """One result of a node that has several: passes its gradient on to that node's slot."""

    __slots__ = ("index", "owner")
    owner: Node
    index: int

    @property
    def edges(self) -> tuple[Node | None, ...]:
        return (self.owner,)

    def source(self) -> tuple[Node, int]:
        return self.owner.source()[0], self.index

    def name(self) -> str:
        return self.owner.name()

    def hooked(self) -> Hooks:
        return self.owner.hooked()


class AccumulateGrad(Node):
    """A leaf's place in the graph: adds what arrives to the leaf's `.grad`."""

    __slots__ = ("leaf", "lies", "meta")
    title = "torch::autograd::AccumulateGrad"
    #: The shape and the order of the axes in memory that `.grad` is to have; None where the gradient's own will do.
    lies: Any
    #: The leaf's AutogradMeta, which holds `.grad`; shared, so that node and tensor do not own each other.
    meta: Any
    #: A weak reference to the leaf.
    leaf: Any

    @property
    def variable(self) -> Any:
        """The leaf, or None once it is gone."""
        return self.leaf()


class DeadEnd(AccumulateGrad):
    """The place of something that requires grad and whose gradient goes nowhere."""

    __slots__ = ()


class Retired(DeadEnd):
    """The place of a leaf while it requires no grad any more: a graph made before leads there, and calls its hooks."""

    __slots__ = ()


def seen(edge: Node | None) -> Node | None:
    """The place that is shown in the stead of one that torch has no node for."""
    while (primitive := getattr(edge, "primitive", None)) is not None and primitive.hidden:
        edge = edge.edges[0]  # type: ignore[union-attr]
    return edge


def place_of(node: Node) -> tuple[Node, int]:
    """The node that runs, and which of its results this place in the graph is."""
    return (node.owner, node.index) if isinstance(node, Output) else (node, 0)


def likeness(array: Any) -> Any:
    """What a node remembers of its result: one comparison tells whether a gradient fits."""
    return (array.shape, array.dtype) if isinstance(array, np.ndarray) else type(array)


def start(node: Node, like: Any) -> None:
    """Fill in what every new node has."""
    node.like = like
    node.hooks = None
    node.key = next_key()
    node.recorded = Clock.now


def link(node: TableNode, edges: tuple[Node | None, ...], like: Any) -> TableNode:
    """Fill in a new node that saves nothing yet."""
    start(node, like)
    node.edges = edges
    node.saved = ()
    return node


def output(owner: Node, index: int, like: Any) -> Output:
    """The place in the graph of one result of several."""
    node = Output()  # half of what object.__new__ costs
    node.like = like
    node.hooks = None
    node.key = next_key()
    node.recorded = Clock.now
    node.owner = owner
    node.index = index
    return node
