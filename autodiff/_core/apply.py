"""Running a primitive the general way: the kernel, then a node that saves what the active formulas mention."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from autodiff._core import errors, views
from autodiff._core.modes import duals, state, unusual
from autodiff._core.node import (
    Clock,
    ComplexNode,
    DeadEnd,
    Many,
    ManyNode,
    Node,
    PlainNode,
    Storage,
    likeness,
    link,
    new_node,
    next_key,
    output,
)
from autodiff._core.noting import note, note_node, takes_part
from autodiff._core.primitive import ARRAY, DTYPE, INPUT, INPUTS, NOTHING, PARAMETER, RESULT, SHAPE, Primitive
from autodiff._core.promotion import unbroadcast
from autodiff._core.tangents import carried
from autodiff._core.tensor import Elsewhere, Tensor, wrap
from autodiff._kernels.brain import IN_USE, rounding
from autodiff._kernels.flags import anyway, silently

#: The plan of most reductions and changes of shape: their rules ask for the input's shape and nothing else.
SHAPE_ALONE = ((SHAPE, 0),)


def general_operator(p: Primitive) -> Callable[..., Any]:
    """The operator of any primitive: on plain arrays its kernel, on Tensors recorded."""
    kernel, is_view, differentiable = p.kernel, p.view, any(f is not None for f in p.formulas)

    def op(*inputs: Any, **params: Any) -> Any:
        arrays = []
        on_tensors = needs_grad = False
        for x in inputs:
            if type(x) is not Tensor:
                if not isinstance(x, Tensor):
                    arrays.append(x)
                    continue
                if isinstance(x, Elsewhere):
                    return x.run(p, inputs, params)
            on_tensors = True
            arrays.append(x._array)
            if differentiable and x._node is not None:
                needs_grad = True
        run = kernel if is_view or not IN_USE else rounding(kernel)
        if not on_tensors:
            return run(*inputs, **params)
        if is_view:
            arrays[0] = inputs[0].memory()
        try:
            result = silently(run, *arrays, **params)
        except RuntimeError:
            result = anyway(run, *arrays, **params)
        except ValueError as error:
            raise unbroadcast(p, inputs, error) from None
        return _finished(p, inputs, params, result, needs_grad)

    return op


def _finished(p: Primitive, inputs: tuple[Any, ...], params: dict[str, Any], result: Any, needs_grad: bool) -> Any:
    """A kernel's result, or results, as Tensors in their place in the graph."""
    several = isinstance(result, tuple)
    tensors = list(map(wrap, result)) if several else [wrap(result)]
    if needs_grad and (not unusual or (state.grad if p.copies else takes_part(*inputs))):
        record(p, inputs, tensors, params)
    if p.view:
        _link_views(p, inputs[0], tensors, params, several)
    if duals:
        carried(p, inputs, params, tensors)
    return tuple(tensors) if several else tensors[0]


def record(p: Primitive, inputs: tuple[Any, ...], tensors: list[Tensor], params: dict[str, Any]) -> None:
    """Give the results their node; only floating and complex results take part."""
    mask, taken = 0, False
    edges: list[Node | None] = []
    if p.variadic:
        edges = [x._node if isinstance(x, Tensor) else None for x in inputs]
        mask = int(any(e is not None for e in edges))
    else:
        bit = 1
        for x, formula in zip(inputs, p.formulas):
            edge = x._node if formula is not None and isinstance(x, Tensor) else None
            if type(edge) is DeadEnd:  # takes part, but torch has no node there
                edge, taken = None, True
                if len(p.formulas) - p.formulas.count(None) == 1:
                    mask = bit  # what the one derivative wants is saved unasked
            edges.append(edge)
            if edge is not None:
                mask |= bit
            bit <<= 1
    if not (mask or taken):
        return
    if len(tensors) == 1:
        taking_part = tensors if tensors[0]._array.dtype.kind in "fc" else []
    else:
        taking_part = [t for t in tensors if t._array.dtype.kind in "fc"]
    if not taking_part:
        return
    node: Any
    if len(taking_part) == 1:
        first = taking_part[0]
        is_complex = p.multiplies and first._array.dtype.kind == "c"
        node = ManyNode() if p.variadic else ComplexNode() if is_complex else PlainNode()
        link(node, tuple(edges), likeness(first._array))
        first._node = node
    else:
        likes: list[Any] = []
        node = link(ManyNode(), tuple(edges), likes)
        for t in taking_part:
            like = likeness(t._array)
            t._node = output(node, len(likes), like)
            likes.append(like)
    node.primitive = p
    if p.wanted:
        node.saved = _saved(p.plan(mask), inputs, tensors, params)
    if unusual:
        note_node(node, tensors)


def _saved(
    plan: tuple[tuple[int, Any], ...], inputs: tuple[Any, ...], tensors: list[Tensor], params: dict[str, Any]
) -> tuple[Any, ...]:
    """Keep what the active formulas mention."""
    saved: list[Any] = []
    for source, which in plan:
        if source == INPUT:
            saved.append(inputs[which] if which < len(inputs) else None)
        elif source == RESULT:
            saved.append(guard(tensors[which]))
        elif source == PARAMETER:
            saved.append(params[which])
        elif source == SHAPE:
            saved.append(inputs[which]._array.shape if isinstance(inputs[which], Tensor) else inputs[which].shape)
        elif source == DTYPE:
            saved.append(inputs[which]._array.dtype if isinstance(inputs[which], Tensor) else inputs[which].dtype)
        elif source == NOTHING:
            saved.append(None)
        elif source == ARRAY:
            saved.append(x if (x := inputs[which]._array).dtype == np.float64 else None)
        else:
            saved.append(_others(inputs) if source == INPUTS else [x._array.shape for x in inputs])
    return tuple(saved)


def _others(inputs: tuple[Any, ...]) -> Many:
    """Of any number of inputs those that some other one's gradient is made of."""
    active = [isinstance(x, Tensor) and x._node is not None for x in inputs]
    return Many(x if any(a for j, a in enumerate(active) if j != i) else None for i, x in enumerate(inputs))


def guard(result: Tensor) -> Storage:
    """A saved result: its array and its version, without the tensor, which owns the node that saves it."""
    storage = result.storage()
    storage._array = result._array
    return storage


def _link_views(p: Primitive, source: Tensor, tensors: list[Tensor], params: dict[str, Any], several: bool) -> None:
    for i, t in enumerate(tensors):
        views.attach(t, source, (p.op, params, i if several else None), errors.MULTI_VIEW if several else None)


def one_input_operator(p: Primitive) -> Callable[..., Any]:
    """The operator of a primitive of one tensor: the general way without its loops."""
    kernel, is_view, differentiable = p.kernel, p.view, any(f is not None for f in p.formulas)

    def op(input: Any, **params: Any) -> Any:
        if type(input) is not Tensor:
            if type(input) is ndarray or not isinstance(input, Tensor):
                return kernel(input, **params)
            if isinstance(input, Elsewhere):
                return input.run(p, (input,), params)
        x = input.memory() if is_view else input._array
        run = kernel if is_view or not IN_USE else rounding(kernel)
        try:
            result = silently(run, x, **params)
        except RuntimeError:
            result = anyway(run, x, **params)
        if type(result) is tuple or isinstance(result, tuple):
            return _finished(p, (input,), params, result, differentiable and input._node is not None)
        t: Tensor = new_node(Tensor)
        t._array = result
        t._storage = t._meta = None
        edge = input._node if differentiable else None
        if (
            edge is not None
            and (not unusual or (state.grad if p.copies else takes_part(input)))
            and result.dtype.kind in "fc"
        ):
            node: Any = PlainNode()
            node.primitive = p
            node.like = (result.shape, result.dtype) if type(result) is ndarray else type(result)
            node.hooks = None
            node.key = next_key()
            node.recorded = Clock.now
            node.edges = (edge,)
            node.saved = ()
            t._node = node
            if p.wanted:
                plan = p.plan(1)
                node.saved = (input._array.shape,) if plan == SHAPE_ALONE else _saved(plan, (input,), [t], params)
        else:
            t._node = None
        if unusual:
            note(t)
        if is_view:
            views.attach(t, input, (op, params, None), None)
        if duals:
            carried(p, (input,), params, (t,))
        return t

    return op
