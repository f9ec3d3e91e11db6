"""torch.autograd: backward, grad, grad modes, and Functions of one's own."""

from __future__ import annotations

import importlib
import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff._core import errors, views
from autodiff._core import graph as _graph
from autodiff._core.batched import at_work, entered, levels_of, opened
from autodiff._core.dtypes import OF_NUMPY
from autodiff._core.edges import GradientEdge, place_in_graph
from autodiff._core.gradients import ALONE, UNRECORDED, fitted, references
from autodiff._core.levels import pulled
from autodiff._core.modes import (
    duals,
    enable_grad,
    inference_mode,
    is_grad_enabled,
    no_grad,
    set_grad_enabled,
    state,
    unusual,
)
from autodiff._core.node import AccumulateGrad, Node, likeness
from autodiff._core.sparse import told
from autodiff._core.tangents import shared
from autodiff._core.tensor import Tensor, dead_end, requiring, wrap
from autodiff.autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck

__all__ = [
    "Function",
    "FunctionCtx",
    "GradcheckError",
    "backward",
    "enable_grad",
    "function",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "inference_mode",
    "is_grad_enabled",
    "no_grad",
    "once_differentiable",
    "set_grad_enabled",
]

#: What is loaded when first asked for: public name to the module below this one that has it, or is it.
_LATER: dict[str, str] = {
    "Function": "function",
    "Variable": "variable",
    "FunctionCtx": "function",
    "anomaly_mode": "anomaly_mode",
    "detect_anomaly": "anomaly_mode",
    "forward_ad": "forward_ad",
    "function": "function",
    "functional": "functional",
    "grad_mode": "grad_mode",
    "graph": "graph",
    "is_multithreading_enabled": "grad_mode",
    "once_differentiable": "function",
    "set_detect_anomaly": "anomaly_mode",
    "set_multithreading_enabled": "grad_mode",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_LATER[name]}")
    found = globals()[name] = module if name == _LATER[name] else getattr(module, name)
    return found


def _sequence(x: Any) -> list[Any]:
    return [x] if type(x) is Tensor or x is None or isinstance(x, (Tensor, GradientEdge)) else list(x)


def _roots(
    outputs: list[Tensor], seeds: list[Tensor | None], create_graph: bool, inputs: Sequence[Any] = ()
) -> list[tuple[Node, Any]]:
    if len(outputs) == len(seeds) == 1 and seeds[0] is None and type(outputs[0]) is Tensor and not unusual:
        # The everyday one, a loss.
        node, kind = outputs[0]._node, type(outputs[0]._array)
        if node is not None and (kind is np.float32 or kind is np.float64) and kind is node.like:
            one = kind(1)
            return [(node, wrap(one) if create_graph else one)]
    for seed in seeds:
        if seed is not None and not isinstance(seed, Tensor):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(seed).__name__}")
    if len(seeds) != len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(seeds)} gradients")
    given = []
    for index, (t, seed) in enumerate(zip(outputs, seeds)):
        if not isinstance(t, (Tensor, GradientEdge)):
            raise AssertionError("Expected output to be a torch.Tensor")
        like = likeness(t._array) if isinstance(t, Tensor) else place_in_graph(t).like  # type: ignore[union-attr]
        shape, dtype = like if isinstance(like, tuple) else ((), np.dtype(like))
        if seed is None:
            if isinstance(t, Tensor) and not t.requires_grad:
                given.append(None)  # refused below, in its turn
                continue
            if math.prod(shape) != 1:
                raise RuntimeError(errors.NON_SCALAR_ROOT)
            if dtype.kind == "c":
                raise RuntimeError(
                    f"grad can be implicitly created only for real scalar outputs but got torch.{dtype.name}"
                )
            g = np.ones(shape, dtype) if shape else dtype.type(1)
            root: Any = wrap(g) if create_graph else g
        else:
            _check_seed(index, shape, dtype, seed)
            root = fitted(seed if create_graph else seed._array, like)
        given.append(root)
    roots = []
    for index, (t, root) in enumerate(zip(outputs, given)):
        node = place_in_graph(t)
        if node is None:
            raise RuntimeError(errors.NO_GRAPH.format(index=index))
        # Under the tensor there may be other memory by now (`.data`): the graph is still that of the former.
        if (root._array if create_graph else root).__class__ is not node.like:
            try:
                root = fitted(root, node.like)
            except RuntimeError:
                for x in inputs:
                    _asked_for(x)  # which is refused before a gradient that does not fit
                raise
        roots.append((node, root))
    return roots


def _check_seed(index: int, shape: tuple[int, ...], dtype: np.dtype[Any], seed: Tensor) -> None:
    if seed._array.shape != shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[{index}] has a shape of torch.Size({list(seed._array.shape)}) and "
            f"output[{index}] has a shape of torch.Size({list(shape)})."
        )
    if (seed._array.dtype.kind == "c") != (dtype.kind == "c"):
        raise RuntimeError(
            "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in "
            f"dtype: grad_output[{index}] has a dtype of {seed.dtype} and output[{index}] has a dtype of "
            f"{OF_NUMPY[dtype]}."
        )


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Add the gradients of the tensors, weighted by `grad_tensors`, to the `.grad` of the leaves (or of `inputs`).

    Raises RuntimeError for a root that is not a scalar and has no gradient given, for one outside any graph, and for
    a graph whose saved values were freed or changed.
    """
    if unusual and (state.level or state.maps):
        raise RuntimeError(errors.NO_BACKWARD)
    outputs = _sequence(tensors)
    seeds = [None] * len(outputs) if grad_tensors is None else _sequence(grad_tensors)
    keep = create_graph if retain_graph is None else retain_graph
    targets = None
    wanted = None if inputs is None else _sequence(inputs)
    if wanted is not None and not wanted:
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    on_tensors = True if create_graph else UNRECORDED if state.inference else False
    roots = _roots(outputs, seeds, on_tensors)
    if wanted is not None:
        targets = []
        for x in wanted:
            _place(x)  # a view that may not be asked refuses
            if isinstance(x, Tensor):
                x.retain_grad()
            targets.append(_asked_for(x))
    if create_graph:
        warnings.warn(errors.CYCLE, UserWarning, stacklevel=3)
    _graph.backward(
        roots, keep_graph=keep, create_graph=on_tensors, targets=targets, recording=not on_tensors or bool(create_graph)
    )


def _on_tensors(create_graph: bool) -> Any:
    """Whether a walk hands over tensors, and why: to record them, or only for what they carry besides their values.

    Under forward mode that is their tangents; in inference mode whether they belong to it.
    """
    return True if create_graph else UNRECORDED if state.inference or (duals and state.forward) else False


def _place(x: Tensor | GradientEdge) -> Node | None:
    if not isinstance(x, (Tensor, GradientEdge)):
        raise RuntimeError(f"all inputs have to be Tensors or GradientEdges, but got {type(x).__name__}")
    return place_in_graph(x)


def _asked_for(x: Tensor | GradientEdge) -> Node:
    place = _place(x)
    if place is None:
        if not x.requires_grad:
            raise RuntimeError(errors.NOT_REQUIRED)
        # A view made where nothing is recorded: no graph leads to it.
        return dead_end(x)  # type: ignore[arg-type]
    return place


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of the outputs, weighted by `grad_outputs`, with respect to the inputs; `.grad` is not touched.

    An input that no output depends on is an error, unless `allow_unused` (None) or `materialize_grads` (zeros).
    """
    outs, ins = _sequence(outputs), _sequence(inputs)
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    seeds = [None] * len(outs) if grad_outputs is None else _sequence(grad_outputs)
    keep = create_graph if retain_graph is None else retain_graph
    if not ins:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    if is_grads_batched:
        return _for_each(outs, ins, seeds, create_graph, allow_unused, materialize_grads)
    on_tensors = _on_tensors(create_graph)
    if state.maps and levels_of([*outs, *ins, *seeds]):
        given = zip(ins, _of_samples(outs, ins, seeds, bool(create_graph)))
        return tuple(_granted(i, x, g, allow_unused, materialize_grads, create_graph) for i, (x, g) in enumerate(given))
    roots = _roots(outs, seeds, on_tensors, ins)
    nodes = [
        node if type(x) is Tensor and type(node := x._node) is AccumulateGrad and not unusual else _asked_for(x)
        for x in ins
    ]
    found = _graph.backward(
        roots,
        keep_graph=bool(keep),
        create_graph=on_tensors,
        targets=nodes,
        accumulate=False,
        recording=bool(create_graph),
    )
    result: list[Tensor | None] = []
    outside: dict[int, Tensor] = {}
    for node in nodes:
        g = found.get(node)
        if g is None:
            i = len(result)
            result.append(_granted(i, ins[i], g, allow_unused, materialize_grads, create_graph))
        elif create_graph or state.inference:
            result.append(g)
        else:
            # What arrived in two places is one tensor, as in torch.
            known = outside.get(id(g))
            if known is None:
                known = outside[id(g)] = _outside(g, (*seeds, *ins))
            result.append(known)
    return tuple(result)


def _granted(
    index: int, x: Any, g: Tensor | None, allow_unused: bool | None, materialize: bool, create_graph: bool
) -> Tensor | None:
    """The gradient of an input, or what stands for it where there is none."""
    if g is not None:
        return g
    if not allow_unused and not materialize:
        raise RuntimeError(errors.UNUSED.format(index=index))
    if materialize and not isinstance(x, Tensor):
        raise RuntimeError("materialize_grads cannot be used when the given input is a GradientEdge")
    if not materialize:
        return unreached(x)
    return requiring(wrap(np.zeros_like(x._array)), bool(create_graph))


def _for_each(outs: Any, ins: Any, seeds: Any, create_graph: bool, *unused: Any) -> tuple[Any, ...]:
    """The gradients for each of several cotangents, which lie along their first dimension."""
    given = [x for x in seeds if x is not None]
    if not given:
        raise ValueError("grad(): is_grads_batched=True needs grad_outputs, several of them along a first dimension")
    importlib.import_module("autodiff._primitives.batching")
    with at_work(given[0]._array.shape[0], "error") as at:
        each = [None if x is None else entered(x, 0, at) for x in seeds]
        found = grad(outs, ins, each, True, create_graph, unused[0], materialize_grads=unused[1])
        return tuple([None if g is None else opened(g, (at,)) for g in found])


def _of_samples(outs: Any, ins: Any, seeds: Any, create_graph: bool) -> list[Tensor | None]:
    """The gradients under vmap, of outputs or by cotangents that differ from sample to sample."""
    for index, t in enumerate(outs):
        if not t.requires_grad:
            raise RuntimeError(errors.NO_GRAPH.format(index=index))
    return pulled(outs, [seed for _, seed in _roots(outs, seeds, True)], ins, record=create_graph)


def _outside(g: Any, given: Sequence[Any]) -> Tensor:
    """A gradient that is not recorded: what was handed in and came through, a view of that, or in memory of its own.

    It keeps its tangents.
    """
    if not isinstance(g, Tensor):
        if not isinstance(g, np.ndarray):
            return told(g)
        whole = g.base is None
        # `grad` holds it twice, where it was found and in its own frame. Nobody else's is the caller's at once.
        if whole and g.flags.owndata and references(g) <= ALONE + 2:
            return wrap(g)
        for t in given:
            if type(t) is Tensor or isinstance(t, Tensor):
                array = t._array
                if g is array:
                    return t
                # By far the most gradients are nobody's part.
                if (getattr(array, "base", None) is g) if whole else _within(g, array):
                    return _part(g, t)
        return wrap(np.array(g))
    found = wrap(np.array(g._array))
    shared(g, found)
    return found


def _within(g: Any, array: Any) -> bool:
    """Whether a gradient shows the memory of this array, or of what that shows."""
    owner = array if getattr(array, "base", None) is None else array.base
    if g is owner or g.base is owner:
        return True
    # Two arrays that own their memory have nothing in common; what neither owns may be the same.
    apart = type(g.base) is type(owner) is np.ndarray and g.base.flags.owndata and owner.flags.owndata
    return not apart and bool(np.may_share_memory(g, array))


def _part(g: Any, seed: Tensor) -> Tensor:
    """A view of a seed as a walk makes it, where nothing is recorded."""
    with no_grad():
        found = wrap(g)
        views.attach(found, seed, (_lost, {}, None), None)
    return found


def _lost(base: Any) -> Any:
    raise RuntimeError(errors.NO_GRAD_VIEW)


def unreached(input: Tensor) -> Tensor | None:
    """The gradient of what no output depends on."""
    return None


def _tensor_backward(
    self: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Add the gradient of this tensor to the `.grad` of the leaves (or of `inputs`)."""
    if gradient is None and inputs is None and not create_graph and not unusual:
        # The everyday call, without the general one's lists.
        node, array = self._node, self._array
        if node is not None and not isinstance(array, np.ndarray) and array.dtype.kind == "f":
            _graph.backward([(node, type(array)(1))], keep_graph=bool(retain_graph), create_graph=False)
            return
    backward(self, gradient, retain_graph, create_graph, inputs=inputs)


Tensor.backward = _tensor_backward  # type: ignore[attr-defined]
