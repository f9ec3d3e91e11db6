"""autograd.Function: an operation whose forward and backward a user writes in terms of tensors."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from autodiff._core import errors, inplace, views
from autodiff._core.anomaly import Anomaly, remember
from autodiff._core.batched import Batched
from autodiff._core.custom_maps import mapped
from autodiff._core.machine_ops import zeros_of
from autodiff._core.modes import duals, no_grad, state, unusual
from autodiff._core.node import AccumulateGrad, Node, TableNode, likeness, link, new_node, output
from autodiff._core.packing import Packed, packed
from autodiff._core.stale import refusal
from autodiff._core.tangents import kept, pushed, restored, undisturbed
from autodiff._core.tensor import Tensor, alias, own_node, wrap
from autodiff._core.unwritten import check_unwritten

ONCE = "trying to differentiate twice a function that was marked with @once_differentiable"


class FunctionCtx:
    """What forward hands to backward: saved tensors, and any attribute that the user sets."""

    def __init__(self) -> None:
        self.needs_input_grad: tuple[bool, ...] = ()
        self._to_save: tuple[Any, ...] = ()
        self._for_forward: tuple[Any, ...] = ()
        self._dirty: tuple[Tensor, ...] = ()
        self._constant: tuple[Tensor, ...] = ()
        self._materialize = True
        #: Per output of forward, whether it is a tensor: backward is given None for every other.
        self._tensors: tuple[bool, ...] = ()
        #: The node, while it runs backward.
        self._node: CustomNode | None = None

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs or outputs for backward; changing them in place before it is an error there."""
        self._to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keep inputs or outputs for jvp, which finds them in `saved_tensors`."""
        for t in tensors:
            assert t is None or isinstance(t, Tensor), (
                "save_for_forward expects all arguments to be tensors; you should save non-tensors as attributes on "
                f"ctx. It was given a {type(t).__name__}."
            )
        self._for_forward = tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        """These inputs were changed in place by forward."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """These outputs have no derivative."""
        self._constant = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward sees zeros (True) or None for outputs that got no gradient."""
        self._materialize = value

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What save_for_backward kept, inside backward; what save_for_forward did, inside jvp.

        Raises RuntimeError once the graph was freed.
        """
        return self._for_forward if self._node is None else self._node.saved_tensors


class CustomNode(TableNode):
    """The node of a Function: runs the user's backward with tensors."""

    __slots__ = ("ctx", "likes")
    ctx: FunctionCtx
    #: Whether each argument of forward was a tensor.
    likes: tuple[bool, ...]
    #: The Function's class.
    function: ClassVar[Any] = None

    opens_late = gives_all = True

    @property
    def places(self) -> Sequence[int]:
        return [place for place, is_tensor in enumerate(self.likes) if is_tensor]

    @property
    def materializes(self) -> bool:  # type: ignore[override]
        return self.ctx._materialize

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What save_for_backward kept: inputs as they are, outputs at their place in the graph."""
        if self.saved is None:
            raise RuntimeError(errors.FREED)
        check_unwritten(self)
        return tuple([s.tensor(self) if isinstance(s, (SavedOutput, Packed)) else s for s in self.saved])

    def __getattr__(self, name: str) -> Any:
        # In torch the context is the node.
        if name == "ctx" or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.ctx, name)

    def pull(self, g: Any, values: Any, create_graph: bool) -> list[Any]:
        gradients, likes = (g, self.like) if self.results > 1 else ([g], [self.like])
        if self.materializes:
            gradients = [zeros_of(like, create_graph) if x is None else x for x, like in zip(gradients, likes)]
        incoming = iter(gradients)
        shown = [_shown(next(incoming)) if is_tensor else None for is_tensor in self.ctx._tensors]
        ctx = self.ctx
        ctx._node = self
        try:
            given = self.function.backward(ctx, *shown)
        finally:
            ctx._node = None
        grads = list(given) if isinstance(given, tuple) else [given]
        self._check(grads)
        return [x if x is None or create_graph else x._array for x in grads[: len(self.edges)]]

    def _check(self, grads: list[Any]) -> None:
        wanted = len(self.edges)
        while len(grads) > wanted and grads[-1] is None:
            grads.pop()
        if len(grads) != wanted:
            raise RuntimeError(
                f"function {self.title} returned an incorrect number of gradients (expected {wanted}, got {len(grads)})"
            )
        for i, (g, edge, is_tensor) in enumerate(zip(grads, self.edges, self.likes)):
            if g is None:
                continue
            if not isinstance(g, Tensor):
                raise RuntimeError(f"expected Variable or None (got {type(g).__name__})")
            if not is_tensor:
                raise RuntimeError(
                    f"function {self.title} returned a gradient different than None at position {i + 1}, but the "
                    "corresponding forward input was not a Variable"
                )
            if edge is not None:
                self._check_shape(i, g, edge)

    def _check_shape(self, i: int, g: Tensor, edge: Node) -> None:
        shape, dtype = edge.like if isinstance(edge.like, tuple) else ((), np.dtype(edge.like))
        if g._array.dtype.kind == "c" and dtype.kind != "c":
            raise RuntimeError(
                f"Function {self.title} returned an invalid gradient at index {i} - got a complex gradient for a "
                "real input"
            )
        if g._array.shape != shape:
            lead = (1,) * (g._array.ndim - len(shape))
            if len(lead + shape) != g._array.ndim or any(n not in (1, m) for n, m in zip(lead + shape, g._array.shape)):
                raise RuntimeError(
                    f"Function {self.title} returned an invalid gradient at index {i} - got {list(g._array.shape)} but "
                    f"expected shape compatible with {list(shape)}"
                )


class Function:
    """An operation of one's own: subclass it, write static `forward` and `backward`, call `apply`.

    `forward(ctx, *args)` or `forward(*args)` with `setup_context(ctx, inputs, output)`; `backward(ctx, *grads)`
    returns one gradient, or None, per argument of forward.
    """

    #: Node classes by number of results.
    _nodes: ClassVar[dict[int, type[CustomNode]]] = {}

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    #: Whether vmap may run it as it is, once per sample.
    generate_vmap_rule: ClassVar[bool] = False

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], *args: Any) -> Any:
        """The rule under vmap: the result of all samples, and along which of its dimensions they are."""
        raise NotImplementedError("To use autograd.Function with vmap, override the vmap staticmethod.")

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """The tangents of the outputs, given one per argument of forward."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @staticmethod
    def vjp(ctx: Any, *grad_outputs: Any) -> Any:
        """The other name of backward."""
        raise NotImplementedError

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all static, so you should "
            "invoke them on the class itself. Instantiating an autograd function will raise an error in a future "
            "version of PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use new-style autograd "
            "function with static forward method. (Example: https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward outside the graph, and record it as one node."""
        if kwargs:
            args = cls._in_order(args, kwargs)
        if unusual and (state.level or state.maps):
            if cls.setup_context is Function.setup_context:
                raise RuntimeError(errors.NO_SETUP)
            if any(isinstance(a, Batched) for a in args):
                return mapped(cls, args, cls.vmap is not Function.vmap)
        ctx = FunctionCtx()
        inputs = tuple(a if isinstance(a, Tensor) else None for a in args)
        # torch goes by the grad mode alone: switched on inside inference mode it records.
        recording = state.grad_mode
        if recording:
            for t in inputs:
                if t is not None and t._meta is not None and t._meta.view is not None:
                    t.grad_fn  # noqa: B018  a view that may not be asked refuses
        ctx.needs_input_grad = tuple(t is not None and t.requires_grad for t in inputs)
        # Where the inputs are now: forward may write into them.
        recording = recording and any(ctx.needs_input_grad)
        edges = tuple(None if t is None else t._node for t in inputs) if recording else ()
        separate = cls.setup_context is not Function.setup_context
        with undisturbed() if duals else no_grad():
            result = cls.forward(*args) if separate else cls.forward(ctx, *args)
            if separate:
                cls.setup_context(ctx, args, result)
        many = isinstance(result, tuple)
        outputs = list(result) if many else [result]
        ctx._tensors = tuple(isinstance(o, Tensor) for o in outputs)
        _write(ctx, inputs, outputs)
        outputs = [_not_an_input(o, inputs, ctx, recording) if isinstance(o, Tensor) else o for o in outputs]
        _made_here([o for o in outputs if not any(o is t for t in ctx._dirty)], errors.CUSTOM_VIEW)
        if duals:
            pushed(cls, ctx, inputs, outputs, result if many else (result,))
        try:
            if recording:
                _record(cls, ctx, edges, inputs, outputs, result if many else (result,))
            elif ctx._dirty:
                # What was written where nothing is recorded comes out without its graph.
                outputs = [alias(o) if any(o is t for t in ctx._dirty) and o.requires_grad else o for o in outputs]
        finally:
            # Outputs among these own the node, and it the context.
            ctx._to_save = ctx._for_forward = ctx._dirty = ctx._constant = ()
        return tuple(outputs) if many else outputs[0]

    @classmethod
    def _in_order(cls, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """Arguments by position: gradients are returned in that order."""
        signature = inspect.signature(cls.forward)
        lead: tuple[Any, ...] = () if cls.setup_context is not Function.setup_context else (None,)
        bound = signature.bind(*lead, *args, **kwargs)
        if bound.kwargs:
            raise TypeError(f"{cls.__name__}.apply(): keyword-only arguments of forward have no gradient to return")
        return bound.args[len(lead) :]

    @classmethod
    def _node_class(cls, results: int) -> type[CustomNode]:
        # Kept by the class, so that it goes with it.
        if "_nodes" not in cls.__dict__:
            cls._nodes = {}
            if cls.backward is Function.backward and cls.vjp is not Function.vjp:
                cls.backward = cls.vjp  # type: ignore[method-assign]
        if results not in cls._nodes:
            title = cls.__name__ + "Backward"
            about = {"__slots__": (), "title": title, "function": cls, "results": results}
            cls._nodes[results] = type(title, (CustomNode,), about)
        return cls._nodes[results]


def _write(ctx: FunctionCtx, inputs: tuple[Tensor | None, ...], outputs: list[Any]) -> None:
    """What forward wrote must come out of it, and has a new version."""
    for i, t in enumerate(ctx._dirty):
        if not isinstance(t, Tensor):
            raise RuntimeError(f"mark_dirty can only accept variables, but argument {i} is of type {type(t).__name__}")
        if not any(t is o for o in outputs):
            raise RuntimeError(
                "Some elements marked as dirty during the forward method were not returned as output. The inputs that "
                "are modified inplace must all be outputs of the Function."
            )
        t.storage().touch()


def _made_here(outputs: list[Any], made: str) -> None:
    """Views among the outputs may not be written, whatever mode they were made in."""
    for o in outputs:
        if isinstance(o, Tensor) and o._meta is not None and o._meta.view is not None:
            o._meta.view.made = made


def _not_an_input(output: Tensor, inputs: tuple[Tensor | None, ...], ctx: FunctionCtx, recording: bool) -> Tensor:
    """An input returned as it came is a view of itself to the graph, unless it was written in place.

    One that requires grad, and as an output shall not, is detached.
    """
    if not any(output is t for t in inputs) or any(output is t for t in ctx._dirty):
        return output
    twin = alias(output)
    if output.requires_grad and (not recording or any(output is c for c in ctx._constant)):
        return twin
    views.attach(twin, output, (_itself, {}, None), errors.CUSTOM_VIEW)
    return twin


def _itself(base: Any) -> Any:
    return base


def _record(
    cls: Any, ctx: FunctionCtx, edges: tuple[Node | None, ...], inputs: Any, outputs: list[Any], raw: tuple[Any, ...]
) -> None:
    # backward is given a gradient for every output, also for those that can have none.
    shown = [o for o in outputs if isinstance(o, Tensor)]
    moving = [
        o._array.dtype.kind in "fc" and not any(r is c for c in ctx._constant)
        for o, r in zip(outputs, raw)
        if isinstance(o, Tensor)
    ]
    if not any(moving):
        return
    for i, t in enumerate(ctx._to_save):
        if t is not None and not isinstance(t, Tensor):
            raise TypeError(
                f"save_for_backward can only save variables, but argument {i} is of type {type(t).__name__}"
            )
    for t in ctx._dirty:
        _check_dirty(t)
    for t in ctx._dirty:
        if t.requires_grad and t._meta is not None:
            t._meta.grad = None  # as torch's: it was kept for what the Function wrote over
        _check_dirty_view(t)
    many = len(shown) > 1
    node = new_node(cls._node_class(len(shown)))
    likes = [likeness(o._array) for o in shown]
    link(node, edges, likes if many else likes[0])
    node.ctx = ctx
    node.likes = tuple(t is not None for t in inputs)
    for i, o in enumerate(shown):
        if not moving[i]:
            continue
        place: Node = output(node, i, likes[i]) if many else node
        if any(o is t for t in ctx._dirty):
            written = wrap(o._array)
            written._node = place
            inplace.rebind(o, written, next((e for t, e in zip(inputs, edges) if t is o), None))
        else:
            o._node = place
    tensors = [(r, o) for r, o in zip(raw, outputs) if isinstance(o, Tensor)]
    node.saved = tuple(_kept(t, tensors, moving) for t in ctx._to_save)
    if sum(moving) > 1:
        _made_here(outputs, errors.MULTI_VIEW)
    if unusual:
        _note(node, ctx._to_save)


def _check_dirty(t: Tensor) -> None:
    """Raise where torch refuses that forward wrote into a leaf."""
    if t.requires_grad and isinstance(own_node(t), AccumulateGrad):
        raise RuntimeError(errors.LEAF_IN_PLACE.replace("is being", "has been"))


def _check_dirty_view(t: Tensor) -> None:
    """Raise where torch refuses that forward wrote into a view."""
    view = None if t._meta is None else t._meta.view
    if not t.requires_grad:
        return
    if view is not None and view.made is not None:
        raise refusal(t)
    if view is not None and (view.base._node is None or isinstance(view.base._node, AccumulateGrad)):
        raise RuntimeError(errors.LEAF_VIEW_IN_PLACE)


def _note(node: CustomNode, tensors: tuple[Any, ...]) -> None:
    """What an unusual mode asks of a new node: see `noting`."""
    if Anomaly.on:
        remember(node)
    if any(isinstance(t, Tensor) and t.is_inference() for t in tensors):
        raise RuntimeError(errors.INFERENCE_SAVED)
    if state.packing:
        pack, unpack = state.packing[-1]
        assert node.saved is not None
        node.saved = tuple(
            s if t is None else _repacked(s, packed(t, pack, unpack), node) for s, t in zip(node.saved, tensors)
        )


def _repacked(s: Any, held: Packed, node: CustomNode) -> Packed:
    """An output's packed form is bound to its node by which output it is, not by its tensor's edge."""
    if isinstance(s, SavedOutput):
        held.edge = None
        held.index = s.index
    return held


class SavedOutput:
    """An output that its own node saves: the array and the storage that guards it, and which output it is."""

    __slots__ = ("_array", "_storage", "index")

    def __init__(self, output: Tensor, index: int) -> None:
        self._array = output._array
        self._storage = output.storage()
        #: None for one that takes no part in the graph.
        self.index: int | None = index

    def tensor(self, node: Node) -> Tensor:
        """The output again, at its place in the graph."""
        result = wrap(self._array)
        result._storage = self._storage
        if self.index is not None:
            result._node = node if node.results == 1 else output(node, self.index, node.like[self.index])
        if duals:
            restored(self, result)
        return result


def _kept(t: Tensor | None, tensors: list[tuple[Any, Tensor]], moving: list[bool]) -> Any:
    """An output is saved without its tensor, which owns the node; what owns none, as it is."""
    for i, (raw, o) in enumerate(tensors):
        if t is not None and (t is raw or t is o):
            if not moving[i]:
                return o
            saved = SavedOutput(o, i)
            if duals:
                kept(o, saved)
            return saved
    return t


def _shown(g: Any) -> Tensor | None:
    return g if g is None or isinstance(g, Tensor) else wrap(g)


class _Once(TableNode):
    """In the way of a second derivative that was ruled out."""

    __slots__ = ()
    title = "DelayedErrorBackward0"

    def pull(self, g: Any, values: Any, create_graph: bool) -> list[Any]:
        raise RuntimeError(ONCE)


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """A backward that is not recorded; differentiating its results raises RuntimeError."""

    @functools.wraps(backward)
    def wrapped(ctx: Any, *grads: Any) -> Any:
        with no_grad():
            given = backward(ctx, *grads)
        edges = tuple(g._node if isinstance(g, Tensor) else None for g in grads)
        if not state.grad or not any(e is not None for e in edges):
            return given
        results = given if isinstance(given, tuple) else (given,)
        marked = []
        for r in results:
            if isinstance(r, Tensor):
                r = alias(r)
                r._node = link(new_node(_Once), edges, likeness(r._array))
            marked.append(r)
        return tuple(marked) if isinstance(given, tuple) else marked[0]

    return wrapped
