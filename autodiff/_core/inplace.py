"""Writing into a tensor: compute, copy into the memory, raise the version, rebind its place in the graph."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.lib.array_utils import byte_bounds

from autodiff._core import batching, dtypes, errors, views
from autodiff._core.apply import record
from autodiff._core.batched import Batched, Outline, batched, spread, whole
from autodiff._core.machine_ops import WRITTEN_NODES, cloned
from autodiff._core.modes import duals, no_grad, state, unusual
from autodiff._core.node import AccumulateGrad, Hooks, Node, Output, SavedResult, Storage, likeness
from autodiff._core.noting import ask_all
from autodiff._core.packing import rename
from autodiff._core.registry import PRIMITIVES
from autodiff._core.slices import copied_into
from autodiff._core.stale import fresh, refusal
from autodiff._core.tangents import kept, moved, settled, shared
from autodiff._core.tensor import Tensor, View, own_node, put_inference, refit, replace_node, wrap, written
from autodiff._kernels.brain import BRAIN, held
from autodiff._kernels.flags import anyway
from autodiff._kernels.geometry import expanded, order

#: Of whose number torch makes a tensor, which belongs to no mode.
MAKE_TENSORS_OF_NUMBERS = frozenset(
    ["add", "sub", "subtract", "mul", "multiply", "div", "divide", "true_divide", "floor_divide"]
)


class Piecemeal(NamedTuple):
    """How an operator that writes element by element does so where several of them are one in memory."""

    #: As a warning calls it, with what else comes to it.
    name: str
    example: str
    put: Callable[..., None]

    def warn(self, target: Tensor) -> None:
        """Warn, as torch does, if the target's memory overlaps itself."""
        if expanded(target._array):
            warnings.warn(errors.EXPANDED.format(name=self.name, example=self.example), UserWarning, stacklevel=3)


def assign(
    target: Tensor,
    compute: Callable[[Tensor], Tensor],
    operands: Sequence[Any] = (),
    *,
    filling: bool = False,
    put: Callable[[Any], None] | None = None,
    name: str = "",
) -> Tensor:
    """`target = compute(target)` in target's own memory, as torch's methods with a trailing underscore.

    `operands` are what it is computed of besides: what is saved of one in the target's memory is not to be copied.
    `filling`: one number goes everywhere, and the memory may overlap itself; `put` writes into it if it does.
    `name` is the operator's, if it is one that torch gives a number's tensor.
    Raises RuntimeError as torch does: a leaf that requires grad, memory that overlaps itself, a result of another
    shape or of a dtype that cannot be cast.
    """
    if isinstance(target, Batched):
        return _assign_samples(target, compute)
    check_writable(target, operands, filling=filling)
    if unusual and state.grad and _of_inference((target, *operands)):
        return _assign_unrecorded(target, compute, operands, name, filling, put)
    before = _before(target, operands)
    result = compute(before)
    if isinstance(result, Batched):
        raise RuntimeError(batching.IN_PLACE)
    _check_result(target, result)
    view = None if target._meta is None else target._meta.view
    tracked = state.grad and result._node is not None
    if tracked and view is not None and view.made is not None:
        raise refusal(target)
    if result._node is not None:
        _keep_a_copy(result._node, before, operands)
    memory = target.memory()
    if put is not None and expanded(memory):
        anyway(put, memory)
    else:
        values = held(result._array) if memory.dtype is BRAIN else result._array
        anyway(np.copyto, memory, values, casting="unsafe")
    storage = written(target, operands)
    if result._node is not None:
        _guard_by(result, storage)
        _rename_written(result._node)
    if tracked:
        rebind(target, result, before._node)
    if duals:
        settled(target, result)
    return target


def _assign_unrecorded(
    target: Tensor, compute: Callable[[Tensor], Tensor], operands: Sequence[Any], name: str, *how: Any
) -> Tensor:
    """What is of inference mode alone takes no part in a graph, though `.data` made it the memory of a leaf."""
    number = bool(operands) and not isinstance(operands[0], Tensor)
    if number and name in MAKE_TENSORS_OF_NUMBERS and isinstance(target._node, AccumulateGrad):
        raise RuntimeError(errors.LEAF_IN_PLACE)
    filling, put = how
    with no_grad():
        return assign(target, compute, operands, filling=filling, put=put)


def _assign_samples(target: Batched, compute: Callable[[Tensor], Tensor]) -> Tensor:
    levels = target._levels

    def for_all(before: Tensor) -> Tensor:
        # What is recorded may save parts of what is written over, so it is given a copy.
        own = cloned(before) if state.grad else before
        result = compute(batched(own, levels))
        _check_result(target, result)
        return batching.held(result, target)

    assign(target._value, for_all)
    target._array = Outline(target._value._array, len(levels))
    return target


def reshape_in_place(target: Tensor, compute: Callable[[Tensor], Tensor]) -> Tensor:
    """`target` becomes its own view: the same memory in another geometry, at the view's place in the graph."""
    if isinstance(target, Batched):
        reshape_in_place(target._value, lambda before: spread(compute(batched(before, target._levels)), target._levels))
        target._array = Outline(target._value._array, len(target._levels))
        return target
    check_writable(target)
    made = None if target._meta is None or target._meta.view is None else target._meta.view.made
    if made is not None and state.grad and target._node is not None:
        raise refusal(target)
    # Of one without a version, whose memory is of another mode by now, there are no views.
    viewless = unusual and target._meta is not None and target._meta.uncounted and not target._meta.inference
    result = compute(wrap(target.memory()) if viewless else target)
    if result._node is not None:
        _rename_written(result._node)
    if state.grad and not (unusual and target.is_inference()):
        if Hooks.hung and target.retains_grad:
            target.meta().retains = True  # what keeps it stays behind
        target._node = result._node
    before, target._array = target._array, result._array
    meta = target._meta
    if meta is not None and meta.view is not None and result._meta is not None:
        # However the step was made, the target stays the view that it was.
        way = result._meta.view
        meta.view = View(way.base, way.way, made, way.turned)  # type: ignore[union-attr]
    elif target._storage is not None:
        views.moved_base(target, before)
    refit(target)
    if duals:
        moved(target, result)
    node = own_node(target)
    written(target)  # refused, as in torch, after it is done
    if state.grad and result._node is not None and meta is not None and meta.view is not None:
        fresh(target, node)  # the place that it has just been given is not stale
    return target


def _rename_written(node: Node) -> None:
    if node.primitive is not None and node.primitive.written is not None:
        node.replace_saved((None,) * len(node.saved or ()))
        node.primitive = node.primitive.written
        return
    title = WRITTEN_NODES.get(node.name())
    if title is not None:
        rename(node, title)


def check_writable(target: Tensor, operands: Sequence[Any] = (), *, filling: bool = False) -> None:
    """Raise where torch refuses to write, before anything is computed: also for a view that `operands` would link."""
    if unusual and state.level and (target._meta is None or target._meta.level != state.level):
        raise RuntimeError(errors.CAPTURED)
    if state.grad and not (unusual and _of_inference((target, *operands))):
        view = None if target._meta is None else target._meta.view
        if view is None:
            if isinstance(target._node, AccumulateGrad):
                raise RuntimeError(errors.LEAF_IN_PLACE)
        elif target.requires_grad:
            if view.made is not None:
                raise refusal(target)
            if view.base._node is None or isinstance(view.base._node, AccumulateGrad):
                raise RuntimeError(errors.LEAF_VIEW_IN_PLACE)
        elif view.made is not None and any(isinstance(x, Tensor) and x.requires_grad for x in operands):
            raise refusal(target)
    if not filling and expanded(target._array):
        ask_all(operands)
        raise RuntimeError(errors.OVERLAP)


def _of_inference(operands: Sequence[Any]) -> bool:
    """Whether nothing here can take part in a graph: then nobody asks who is a leaf, or a view."""
    return all(x.is_inference() for x in operands if isinstance(x, Tensor))


def check_overlap(target: Tensor, operands: tuple[Any, ...], *, same: bool = True) -> None:
    """Raise where an operand shares some, but not all, of the memory that is to be written.

    `same`: all of it, in the same layout, is fine.
    """
    for x in operands:
        if not isinstance(x, Tensor):
            continue
        a, b = whole(target), whole(x)
        # Memory that `.data` was set to has another record of what is written.
        if x is not target and (x._storage is None or x._storage is not target._storage) and _owner(a) is not _owner(b):
            continue
        if (x is target and same) or not (a.size and b.size and _dense(a) and _dense(b)):
            continue  # torch does not look further either
        (a_low, a_high), (b_low, b_high) = byte_bounds(a), byte_bounds(b)
        if same and (a_low, a_high) == (b_low, b_high) and a.strides == b.strides:
            continue
        if a_low < b_high and b_low < a_high:
            refuse_overlap(target, operands)


def _owner(array: Any) -> Any:
    """Whose memory an array shows; an outline's is its own affair."""
    owner, base = array, array.base if type(array) is np.ndarray else None
    while base is not None:  # as_strided's views have one between
        owner, base = base, getattr(base, "base", None)
    return owner


def refuse_overlap(target: Tensor, operands: Sequence[Any] = ()) -> NoReturn:
    """Raise for memory that is read and written at once; what may not be written at all is refused before that."""
    check_writable(target, operands)
    ask_all(operands)
    raise RuntimeError(errors.PARTIAL_OVERLAP)


def check_cast(target: Tensor, operands: tuple[Any, ...]) -> None:
    """Raise where the target cannot hold the result: torch looks at that before it looks for a kernel."""
    given = [x._array if isinstance(x, Tensor) else x for x in (target, *operands)]
    if all(isinstance(x, (bool, int, float, complex, np.ndarray, np.generic)) for x in given):
        _check_dtype(dtypes.result_type(given), target)
        _check_shape(np.broadcast_shapes(*[np.shape(x) for x in given]), target)


def _dense(array: Any) -> bool:
    """Whether it fills its memory without a gap, each place once, in whatever order of dimensions."""
    step = array.itemsize
    for stride, n in sorted((stride, n) for stride, n in zip(array.strides, array.shape) if n > 1):
        if stride != step:
            return False
        step *= n
    return True


def _check_result(target: Tensor, result: Tensor) -> None:
    _check_shape(result._array.shape, target)
    _check_dtype(result._array.dtype, target)


def _check_shape(shape: tuple[int, ...], target: Tensor) -> None:
    wanted = target._array.shape
    if shape != wanted:
        raise RuntimeError(f"output with shape {list(wanted)} doesn't match the broadcast shape {list(shape)}")


def _check_dtype(d: np.dtype[Any], target: Tensor) -> None:
    if not dtypes.can_cast(d, target._array.dtype):
        raise RuntimeError(
            f"result type {dtypes.title(d)} can't be cast to the desired output type "
            f"{dtypes.title(target._array.dtype)}"
        )


def _before(target: Tensor, operands: Sequence[Any]) -> Tensor:
    """The target as it is now: the node that an in-place operator saves must not be owned by what it saves."""
    left = unusual and target.is_inference() and not state.inference and not _of_inference(operands)
    if unusual and (state.packing or left):
        # A hook sees what is saved now, and may keep it in this memory; what is of inference mode is refused after it.
        old = wrap(np.array(target._array))
    else:
        old = wrap(target._array)
        old._storage = target.storage()
    old._node = target._node
    if unusual:
        put_inference(old, target.is_inference() and not left)
    if duals:
        shared(target, old)
    return old


def _keep_a_copy(node: Node, before: Tensor, operands: Sequence[Any]) -> None:
    """An operator that wants to see what it writes over saves a copy of it, as torch's do."""
    saved = node.saved
    if saved and any(_stands_for(s, before, operands) for s in saved):
        node.replace_saved(tuple(_copied(s, before) if _stands_for(s, before, operands) else s for s in saved))


def _stands_for(s: Any, before: Tensor, operands: Sequence[Any]) -> bool:
    """Whether this is the target as it was, or what the operator cast it to, and no other operand of its memory."""
    if s is before or s is before._array:
        return True
    cast = isinstance(s, Tensor) and s._storage is before._storage and s._array.dtype is not before._array.dtype
    return cast and not any(isinstance(x, Tensor) and x._storage is before._storage for x in operands)


def as_it_was(array: Any) -> Any:
    """A copy of what is about to be written over."""
    return np.array(array)


def _copied(s: Any, before: Tensor) -> Any:
    if not isinstance(s, Tensor):
        return as_it_was(s)
    copy = wrap(as_it_was(s._array) if s is before else s._array)
    copy._node = s._node
    if duals:
        shared(s, copy, copy=True)
    return copy


def _guard_by(result: Tensor, storage: Storage) -> None:
    """A result that its own node saved lives in the target's memory from now on."""
    node, own = result._node, result._storage
    if node is None or own is None or own is storage or not node.saved or not any(s is own for s in node.saved):
        return
    # What else it saved of this memory is stale, and must stay so though the node is stamped anew.
    stale = any(isinstance(s, Tensor) and s._storage is storage for s in node.saved)
    saved = SavedResult(result._array, storage)
    if duals:
        kept(result, saved)
    node.replace_saved(tuple(saved if s is own else s for s in node.saved))
    if not stale:
        node.recorded = storage.written


def rebind(target: Tensor, result: Tensor, place: Node | None) -> None:
    """Put the target, or what it is a view of, at the result's place in the graph; `place` is where the target was.

    The memory has been touched: views find their new place themselves.
    """
    node: Node | None = result._node
    if result._array.dtype is not target._array.dtype and node is not None:
        if node.results == 1 and type(node) is not Output:
            node.like = likeness(target._array)  # the write casts: there is no node of that
        else:
            node = _cast_node(result, target)
    view = None if target._meta is None else target._meta.view
    if view is None:
        replace_node(target, node)
        return
    base = view.base
    replay = views.region_of(target)
    lies = None if expanded(base._array) else order(base._array)
    if node is not None and node.results == 1 and type(node) is not Output and node.edges[0] is place:
        replace_node(base, copied_into(base, node, replay, lies))
    else:
        # Several operators wrote together: what they made of the part is put into the whole.
        spliced, source = wrap(base._array), wrap(target._array)
        source._node = node
        lies = None if expanded(target._array) else lies
        record(PRIMITIVES["splice"], (base, source), [spliced], {"replay": replay, "order": lies})
        replace_node(base, spliced._node)
    if Hooks.hung:
        target._node  # noqa: B018  what is retained of the view moves on now


def _cast_node(result: Tensor, target: Tensor) -> Node | None:
    """The result's node after the cast that copying into the target's memory made."""
    return PRIMITIVES["to"].op(result, dtype=target._array.dtype)._node  # type: ignore[no-any-return]
