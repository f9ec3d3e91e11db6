"""Tensor: an array, its place in the graph, its memory's version, and what belongs to it as a leaf or a view.

Operators, methods and printing are attached by the surfaces; this file knows none of them.
"""

from __future__ import annotations

import sys
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator
from types import NoneType
from typing import Any, ClassVar

import numpy as np

from autodiff._core import dtypes, errors
from autodiff._core.memory import Parts, assembled, parts
from autodiff._core.modes import state, unusual
from autodiff._core.node import (
    AccumulateGrad,
    Clock,
    DeadEnd,
    Hooks,
    Node,
    Output,
    RemovableHandle,
    Retired,
    Storage,
    likeness,
    new_node,
    place_of,
    start,
)
from autodiff._kernels.layout import dense

#: An operator that gives a view, its parameters, and which of its results it is (None if it has one).
Step = tuple[Callable[..., Any], dict[str, Any], int | None]
#: The way from a base to a view: the way before the last step, and that step. A chain of views shares it.
Way = tuple["Way | None", Step]


class View:
    """How a view comes from its base: the root of the chain, the way from there, and how it was made."""

    __slots__ = ("base", "made", "turned", "way")

    def __init__(self, base: Tensor, way: Way | None, made: str | None, turned: bool = False) -> None:
        self.base = base
        #: Whether it is seen as another dtype than its base, or was on the way.
        self.turned = turned
        #: None where one of the two has been given other memory: then all there is to go by are the view's strides.
        self.way = way
        #: Why it may not be written in grad mode, in a word of `errors`; None if it may.
        self.made = made

    def replay(self, base: Any) -> Any:
        """The same region of any tensor or array of the base's geometry, by differentiable operators."""
        return replayed(self.way, base)


def replayed(way: Way | None, base: Any) -> Any:
    """A view's way from its base, gone with another one: knows no base, so a node may keep it."""
    for operator, params, item in _steps(way):
        base = operator(base, **params)
        if item is not None:
            base = base[item]
    return base


def taken(way: Way | None, base: Any) -> Iterator[Any]:
    """What comes of it after each step of the way."""
    for step in _steps(way):
        base = replayed((None, step), base)
        yield base


def _steps(way: Way | None) -> list[Step]:
    steps: list[Step] = []
    while way is not None:
        way, step = way
        steps.append(step)
    return steps[::-1]


class AutogradMeta:
    """What few tensors have: a gradient, a base, hooks of a leaf. Shared with the leaf's node.

    What it does not have stands in the class: every view makes one, and sets one thing in it.
    """

    #: Whose `.grad` somebody assigned: a graph may have saved that memory, and adding to it is a write that counts.
    assigned: ClassVar[set[weakref.ref[AutogradMeta]]] = set()

    #: The tensor's own hooks: its node holds the same table, and goes on to when the tensor has another node.
    hooks: dict[int, Callable[[Any], Any]] | None = None
    #: A leaf's node, while it does not require grad.
    retired: AccumulateGrad | None = None
    grad: Tensor | None = None
    view: View | None = None
    inference = False
    #: Whether it has no version: nobody counts the writes into its memory.
    uncounted = False
    #: Whether it says that its gradient is kept, though what keeps it stayed with an earlier node.
    retains = False
    #: The clock when it was last taken out of the graph in place; -1 if it never was.
    detached = -1
    #: The clock when a write into it, which was a leaf, last made it a part of the graph; -1 if none ever did.
    joined = -1
    #: The number of the derivative transform inside of which it was made; 0 outside of all.
    level = 0
    name: str | None = None


class Tensor:
    """A multi-dimensional array that remembers how it was made.

    `_array` is an ndarray, or for 0-dim results the NumPy scalar that a ufunc returned, until memory is needed.
    `_node` is what produced it: None, a leaf's AccumulateGrad, an Output or a recorded Node; a view whose memory was
    written replays itself before it answers (`stale`).
    """

    __slots__ = ("__dict__", "__weakref__", "_array", "_meta", "_node", "_storage")
    __array_priority__ = 1000

    _array: Any
    _node: Node | None
    _storage: Storage | None
    _meta: AutogradMeta | None

    # -- memory ---------------------------------------------------------------------------------------------------

    def memory(self) -> Any:
        """The array to share: a NumPy scalar becomes a 0-dim array, once."""
        array = self._array
        if not isinstance(array, np.ndarray):
            array = self._array = np.asarray(array)
        return array

    def storage(self) -> Storage:
        """The shared record of versions, made on first use."""
        if self._storage is None:
            self._storage = Storage()
        return self._storage

    def meta(self) -> AutogradMeta:
        """The record of rarely used facts, made on first use."""
        if self._meta is None:
            self._meta = AutogradMeta()
        return self._meta

    @property
    def _version(self) -> int:
        if self._meta is not None and self._meta.uncounted:
            raise RuntimeError(errors.NO_VERSION)
        return 0 if self._storage is None else self._storage.version

    @property
    def _base(self) -> Tensor | None:
        return None if self._meta is None or self._meta.view is None else self._meta.view.base

    def _is_view(self) -> bool:
        return self._base is not None

    # -- geometry -------------------------------------------------------------------------------------------------

    @property
    def dtype(self) -> dtypes.dtype:
        return dtypes.OF_NUMPY[self._array.dtype]

    @property
    def ndim(self) -> int:
        return self._array.ndim  # type: ignore[no-any-return]

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self._array.size * self.dtype.itemsize  # type: ignore[no-any-return]

    # -- place in the graph ---------------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to this tensor; settable on leaves."""
        return self._node is not None

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        if not isinstance(flag, bool):
            raise RuntimeError("requires_grad must be a bool")
        self.requires_grad_(flag)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Switch a leaf's recording on or off, in place. Raises RuntimeError for non-leaves and integer dtypes."""
        if state.level or state.maps:
            raise RuntimeError(errors.NO_REQUIRES)
        node = own_node(self)
        leaf = node is None or isinstance(node, AccumulateGrad)
        if not requires_grad:
            if not leaf:
                raise RuntimeError(errors.LEAF_FLAGS)
            leave_graph(self)
            return self
        if self._array.dtype.kind in "fc" and self.is_inference() and not state.inference:
            raise RuntimeError("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.")
        if not leaf:
            return self
        if node is None or type(node) is DeadEnd:
            if self._array.dtype.kind not in "fc":
                raise RuntimeError(errors.ONLY_FLOATS)
            place = accumulator(self)
            if node is not None and node.hooks is not None:
                place.hooked().post_accumulate = node.hooks.post_accumulate
            put_node(self, place)
            _tell_views(self)
        return self

    @property
    def is_leaf(self) -> bool:
        node = self._node
        return node is None or isinstance(node, AccumulateGrad)

    @property
    def grad_fn(self) -> Node | None:
        """The node that produced this tensor; None for leaves."""
        node = self._node
        if node is None or isinstance(node, AccumulateGrad):
            return None
        return node.source()[0]

    @property
    def output_nr(self) -> int:
        node = self._node
        return node.index if isinstance(node, Output) else 0

    @property
    def grad(self) -> Tensor | None:
        """The accumulated gradient; None until a backward pass reaches this leaf."""
        grad = None if self._meta is None else self._meta.grad
        node = own_node(self)  # of a view that may not be asked for its node, too, this is told
        if grad is None and not (node is None or isinstance(node, AccumulateGrad) or self.retains_grad):
            warnings.warn(errors.NON_LEAF_GRAD, UserWarning, stacklevel=2)
        return grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            self._check_grad(value)
        elif self._meta is None:
            return
        meta = self.meta()
        meta.grad = value
        if value is not None:
            AutogradMeta.assigned.add(weakref.ref(meta, AutogradMeta.assigned.discard))
        elif AutogradMeta.assigned:
            AutogradMeta.assigned.discard(weakref.ref(meta))

    @grad.deleter
    def grad(self) -> None:
        self.grad = None

    def _check_grad(self, value: object) -> None:
        if not isinstance(value, Tensor):
            raise TypeError(
                f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}"
            )
        if value is self:
            raise RuntimeError("can't assign Variable as its own grad")
        if value._array.dtype != self._array.dtype:
            raise RuntimeError(
                f"attempting to assign a gradient with dtype '{value.dtype.name}' to a tensor with grad_dtype "
                f"'{self.dtype.name}'. The gradient must match the tensor's dtype."
            )
        if value._array.shape != self._array.shape:
            raise RuntimeError(
                f"assigned grad has data of a different size: expected {list(self._array.shape)}, "
                f"got {list(value._array.shape)}"
            )

    @property
    def retains_grad(self) -> bool:
        node = own_node(self)  # a view that may not be asked is not
        if node is None or isinstance(node, AccumulateGrad):
            return False
        owner, slot = place_of(node)
        if owner.hooks is not None and slot in owner.hooks.retained:
            return True
        return self._meta is not None and self._meta.retains

    def retain_grad(self) -> None:
        """Keep the gradient of this non-leaf in `.grad` as well."""
        if not self.requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if isinstance(own_node(self), (AccumulateGrad, NoneType)):
            return  # as torch has it, which does not ask the base of a view
        if self.retains_grad:
            return
        self.grad_fn  # noqa: B018  a view that may not be asked refuses
        node = self._node
        if node is not None and not isinstance(node, AccumulateGrad):
            owner, slot = place_of(node)
            owner.hooked().retained[slot] = weakref.ref(self)
            Hooks.hung += 1

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Call `hook(grad)` when this tensor's gradient is ready; what it returns replaces the gradient."""
        owner, slot = place_of(self._need_grad("cannot register a hook on a tensor that doesn't require gradient"))
        hooks, meta = owner.hooked(), self.meta()
        if meta.hooks is None:
            meta.hooks = {}
            hooks.tensor.append((slot, meta.hooks))
        return hooks.add(meta.hooks, hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> RemovableHandle:
        """Call `hook(leaf)` after a gradient was added to this leaf's `.grad`."""
        node = self._need_grad("cannot register a hook on a tensor that doesn't require gradient")
        if not isinstance(node, AccumulateGrad):
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        hooks: Hooks = node.hooked()
        hooks.memory = self.memory(), self.storage()
        return hooks.add(hooks.post_accumulate, hook)

    def _need_grad(self, otherwise: str) -> Node:
        if self._node is None:
            raise RuntimeError(otherwise)
        return self._node

    def is_inference(self) -> bool:
        """Whether it was made in inference mode."""
        return self._meta is not None and self._meta.inference

    def detach(self) -> Tensor:
        """The same memory outside the graph; writing to either is seen by both, and by the version."""
        return alias(self)

    # -- Python's own protocols -----------------------------------------------------------------------------------

    def __len__(self) -> int:
        if not self._array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return self._array.shape[0]  # type: ignore[no-any-return]

    def __hash__(self) -> int:
        return id(self)

    def item(self) -> Any:
        """The only element as a Python number. Raises RuntimeError if there is not exactly one."""
        if self._array.size != 1:
            raise RuntimeError(f"a Tensor with {self._array.size} elements cannot be converted to Scalar")
        return self._array.item()

    def tolist(self) -> Any:
        """Nested lists of Python numbers; the number itself for a 0-dim tensor."""
        return self._array.tolist()

    def __float__(self) -> float:
        return float(self._number("double"))

    def __int__(self) -> int:
        return int(self._number("int64_t"))

    def __complex__(self) -> complex:
        return complex(self._number())

    def _number(self, real: str = "") -> Any:
        """The only element; with `real`, torch's name of a real type, without an imaginary part."""
        if self._array.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        number = self._array.item()
        if not real or not isinstance(number, complex):
            return number
        if number.imag:
            raise RuntimeError(f"value cannot be converted to type {real} without overflow")
        return number.real

    def __index__(self) -> int:
        if self._array.dtype.kind not in "biu" or self._array.size != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self._array.item())

    def __bool__(self) -> bool:
        if self._array.size == 0:
            raise RuntimeError("Boolean value of Tensor with no values is ambiguous")
        if self._array.size > 1:
            raise RuntimeError("Boolean value of Tensor with more than one value is ambiguous")
        return bool(self._array.item())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Tensor:
        """NumPy's functions of tensors answer with tensors."""
        return wrap(np.asarray(array))

    def numpy(self, *, force: bool = False) -> Any:
        """The memory as a NumPy array, shared. Raises RuntimeError for a tensor that requires grad."""
        if self._node is not None and not force:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        if self.dtype is dtypes.bfloat16:
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.memory()

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        # One array of bytes for all tensors over a memory: what was shared stays shared.
        kind = getattr(type(self), "_fresh", type(self))
        return _rebuild, (kind, tuple(parts(self.memory())), self._node is not None, self.__dict__)

    def __copy__(self) -> Tensor:
        twin = alias(self)
        twin.__dict__.update(self.__dict__)
        return requiring(twin, self._node is not None)


# -- from one node to another ----------------------------------------------------------------------------------------

_slot: Any = Tensor.__dict__["_node"]
own_node: Callable[[Tensor], Node | None] = _slot.__get__
put_node: Callable[[Tensor, Node | None], None] = _slot.__set__


class Elsewhere(Tensor):
    """A tensor whose elements are not in `_array`, which is an outline: it runs primitives in its own way."""

    __slots__ = ()

    def run(self, p: Any, inputs: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """What a primitive gives of inputs of which this is the first of its kind."""
        raise NotImplementedError


def replace_node(tensor: Tensor, node: Node | None) -> None:
    """Another node made this tensor: the hooks stay with the old one, only what is retained moves on."""
    retained = take_retained(tensor)
    if node is not None and own_node(tensor) is None:
        meta = tensor.meta()
        meta.joined = Clock.now
        if meta.retired is not None:
            Hooks.hung += 1  # a graph that leads to it as a leaf is refused, in its turn
    put_node(tensor, node)
    # A stale view is fresh from here on (another thread may have made it so): only now, for others read its node then.
    tensor.__class__ = getattr(tensor, "_fresh", tensor.__class__)
    if tensor._meta is not None:
        tensor._meta.hooks = None
    if retained and node is not None:
        tensor.retain_grad()


def leave_graph(tensor: Tensor) -> None:
    """No gradient is wanted any more. A leaf's node is kept, and lets gradients go, until one is wanted again."""
    node = own_node(tensor)
    base = tensor._base
    if Hooks.hung and tensor.retains_grad:
        tensor.meta().retains = True  # what keeps it stays behind
    if type(node) is AccumulateGrad:
        node.__class__ = Retired
        node.meta = None  # which holds the node
        tensor.meta().retired = node
    put_node(tensor, None if base is None or base._node is None else dead_end(tensor))
    _tell_views(tensor)


def _tell_views(base: Tensor) -> None:
    """A tensor requires grad, or does so no more: with it do those of its views that have no node of their own."""
    if base._storage is None or base._storage.views is None or base._base is not None:
        return
    takes_part = base._node is not None
    for reference in base._storage.views:
        view = reference()
        if view is None or view._base is not base:
            continue
        node = own_node(view)
        if takes_part and node is None:
            put_node(view, dead_end(view))
        elif not takes_part and type(node) is DeadEnd:
            put_node(view, None)


def take_retained(tensor: Tensor) -> bool:
    """Whether the tensor's gradient is kept; its node keeps it no longer."""
    node = own_node(tensor)
    if node is None or isinstance(node, AccumulateGrad):
        return False
    owner, slot = place_of(node)
    return owner.hooks is not None and owner.hooks.retained.pop(slot, None) is not None


def _rebuild(kind: type[Tensor], where: tuple[Any, ...], requires_grad: bool, attributes: dict[str, Any]) -> Tensor:
    tensor = wrap(assembled(Parts(*where)))
    if kind is not Tensor:
        tensor.__class__ = kind
    tensor.__dict__.update(attributes)
    return requiring(tensor, requires_grad)


def requiring(tensor: Tensor, flag: bool) -> Tensor:
    """A new tensor that shall require grad, wherever it is made."""
    if flag:
        tensor._node = accumulator(tensor)
    return tensor


def wrap(array: Any) -> Tensor:
    """A tensor over this array, outside any graph; the memory is shared, not copied."""
    tensor = object.__new__(Tensor)
    tensor._array = array
    tensor._node = tensor._storage = tensor._meta = None
    if unusual:
        stamp(tensor)
    return tensor


def stamp(tensor: Tensor) -> None:
    """What a tensor that is made in unusual times remembers of them."""
    if state.inference:
        put_inference(tensor, True)
    if state.level:
        tensor.meta().level = state.level


def put_inference(tensor: Tensor, flag: bool, *, counted: bool = False) -> None:
    """Say whether a new tensor is one of inference mode; such a one has no version, unless it is `counted`."""
    if flag or tensor._meta is not None:
        meta = tensor.meta()
        meta.inference, meta.uncounted = flag, flag and not counted


def written(target: Tensor, operands: Iterable[Any] = ()) -> Storage:
    """The memory was written: raise the version. An inference tensor outside its mode has none, as torch finds then.

    In the mode a write to one that has a version counts where some operand is none of the mode's.
    """
    storage = target.storage()
    if unusual and target._meta is not None and (target._meta.inference or target._meta.uncounted):
        if state.inference and (target._meta.uncounted or not any(map(_counts, operands))):
            return storage
        if target._meta.uncounted:
            raise RuntimeError(errors.INFERENCE_WRITTEN)
    storage.touch()
    return storage


def _counts(operand: Any) -> bool:
    if isinstance(operand, (tuple, list)):
        return any(map(_counts, operand))
    return isinstance(operand, Tensor) and not operand.is_inference()


def alias(tensor: Tensor) -> Tensor:
    """Another tensor over the same memory and version, outside any graph.

    Of a tensor of inference mode that has none it has, outside of the mode, a version of its own.
    """
    other = wrap(tensor.memory())
    if unusual and tensor.is_inference():
        put_inference(other, True, counted=not state.inference)
    else:
        if unusual:
            put_inference(other, False)
            if tensor._meta is not None and tensor._meta.uncounted:
                other.meta().uncounted = True
        other._storage = tensor.storage()
    return other


def accumulator(leaf: Tensor) -> AccumulateGrad:
    """The place in the graph for a leaf: the one it had before, if it was one."""
    meta = leaf.meta()
    node: Any = meta.retired
    if node is not None:
        node.__class__ = AccumulateGrad
        node.meta, meta.retired = meta, None
        return node  # type: ignore[no-any-return]
    node = new_node(AccumulateGrad)
    start(node, likeness(leaf._array))
    node.meta = meta
    node.leaf = weakref.ref(leaf)
    node.lies = lying(leaf._array)
    if meta.hooks is not None:
        node.hooked().tensor.append((0, meta.hooks))
    return node  # type: ignore[no-any-return]


def revived(node: AccumulateGrad) -> Tensor:
    """The leaf of this place, which the graph keeps in torch: made again where nobody holds it any more."""
    leaf: Tensor | None = node.variable
    if leaf is None:
        assert node.hooks is not None
        assert node.hooks.memory is not None
        array, storage = node.hooks.memory
        leaf = wrap(array)
        leaf._storage, leaf._meta = storage, node.meta
        leaf._node = None if type(node) is Retired else node
        node.leaf = weakref.ref(leaf)
    return leaf


def lying(array: Any) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """How a leaf's `.grad` lies in memory: as the leaf does, where that is dense; None where that is in order."""
    if not isinstance(array, np.ndarray) or array.flags.c_contiguous or not dense(array):
        return None
    return array.shape, array.strides


def refit(leaf: Tensor) -> None:
    """A leaf has other memory, or another geometry: its place in the graph is for that, unless a graph leads there."""
    node = own_node(leaf)
    if type(node) is not AccumulateGrad:
        return
    like = likeness(leaf._array)
    if like == node.like:
        node.lies = lying(leaf._array)
    elif held_by(node) <= _held_by_leaf():
        node.like, node.lies = like, lying(leaf._array)
    elif leaf._array.dtype != (node.like[1] if isinstance(node.like, tuple) else node.like):
        put_node(leaf, accumulator(leaf))
    else:
        # What arrives is of the former shape, and has to fit into the new one.
        array = leaf.memory()
        node.lies = (array.shape, array.strides) if dense(array) else None


def held_by(node: Node) -> int:
    """How many refer to a node."""
    return sys.getrefcount(node)


def _held_by_leaf() -> int:
    """How many refer to a leaf's place that no graph leads to: the interpreter's number, which a debugger changes."""
    leaf = wrap(np.zeros(()))
    node = leaf._node = accumulator(leaf)
    return held_by(node)


def dead_end(view: Tensor) -> DeadEnd:
    """The place of a view that was made where nothing is recorded: it requires grad as its base does, and gets none."""
    node: DeadEnd = new_node(DeadEnd)
    start(node, likeness(view._array))
    node.meta = None
    node.leaf = weakref.ref(view)
    return node
