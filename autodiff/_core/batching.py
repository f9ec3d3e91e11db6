"""Running primitives on batched tensors: a rule by kind, and sample by sample where the kind gives none.

aligned   element by element: the samples' dimensions in front, a sample's own in line from the right
leading   works along named dimensions: what the parameters say of them is moved on by the samples' dimensions
each      anything else: once per sample, and the results stacked; the same operators, so as differentiable

A rule is given the primitive, its inputs, its parameters and the levels at work among the inputs, and returns what the
primitive returns for all samples. Knows no operator by name.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.arguments import filled_in
from autodiff._core.batched import Batched, Levels, Unreadable, batched, laid_out, levels_of, sizes, spread
from autodiff._core.machine_ops import cast_to, picked, stacked, viewed
from autodiff._core.node import Many
from autodiff._core.primitive import Primitive
from autodiff._core.tensor import Tensor, wrap

Rule = Callable[[Primitive, tuple[Any, ...], dict[str, Any], Levels], Any]

IN_PLACE = (
    "vmap: an in-place operation on a tensor that is the same for all samples cannot hold a result that differs from "
    "sample to sample, as an operand does; use the operation that returns a new tensor, or give vmap the tensor as an "
    "argument"
)


def run(p: Primitive, inputs: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """A primitive on inputs some of which are batched: by its own rule, or its kind's."""
    levels = levels_of(inputs)
    if p.batch is None:
        rule = BY_KIND.get(p.kind, each)
        if params and _hidden(params):
            rule = each
    else:
        rule = p.batch
    result = rule(p, inputs, params, levels)
    return tuple([batched(t, levels) for t in result]) if isinstance(result, tuple) else batched(result, levels)


def _run(self: Batched, p: Primitive, inputs: tuple[Any, ...], params: dict[str, Any]) -> Any:
    return run(p, inputs, params)


Batched.run = _run  # type: ignore[method-assign,assignment]


def _hidden(params: dict[str, Any]) -> bool:
    """Whether tensors stand among the parameters, which only going by sample can open."""
    return any(type(v) is Many and any(isinstance(t, Batched) for t in v) for v in params.values())


# -- aligned ----------------------------------------------------------------------------------------------------------


def aligned(p: Primitive, inputs: tuple[Any, ...], params: dict[str, Any], levels: Levels) -> Any:
    """Element by element."""
    return p.op(*in_line(inputs, levels), **params)


def in_line(inputs: tuple[Any, ...], levels: Levels) -> list[Any]:
    """The inputs so that they broadcast: batched ones with as many dimensions of their own as any input has."""
    width = max([x._array.ndim if isinstance(x, Tensor) else np.ndim(x) for x in inputs])
    return [laid_out(x, levels, width) if isinstance(x, Batched) else x for x in inputs]


def promoted(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """The inputs in the dtype that one sample's would be compared in: all samples of a 0-dim tensor are not 0-dim."""
    if len(inputs) < 2:
        return inputs
    target = dtypes.result_type([x._array if isinstance(x, Tensor) else x for x in inputs])
    return tuple([cast_to(x, target) if isinstance(x, Tensor) and x._array.dtype is not target else x for x in inputs])


# -- leading ----------------------------------------------------------------------------------------------------------

#: What a parameter of this name says of dimensions, said of those behind `k` samples' dimensions of these sizes.
SHIFTS: dict[str, Callable[[Any, int, tuple[int, ...]], Any]] = {
    **dict.fromkeys(("dim", "dim0", "dim1", "dim2"), lambda d, k, lead: d + k),
    "dims": lambda dims, k, lead: tuple([d + k for d in dims]),
    "shape": lambda shape, k, lead: (*lead, *shape),
    # A region's index; a slice's is a place along its dimension.
    "index": lambda index, k, lead: (*(slice(None),) * k, *index) if isinstance(index, tuple) else index,
    **dict.fromkeys(("before", "after"), lambda widths, k, lead: (*(0,) * k, *widths)),
    "times": lambda times, k, lead: (*(1,) * k, *times),
}


def leading(p: Primitive, inputs: tuple[Any, ...], params: dict[str, Any], levels: Levels) -> Any:
    """Along named dimensions, and those in front of them are left alone."""
    k, lead = len(levels), sizes(levels)
    scalar = params.get("shape") == () or any(isinstance(x, Tensor) and not x._array.ndim for x in inputs)
    # A 0-dim sample has no dimension, though torch lets it be named; None is all of them.
    if any(n.startswith("dim") and d != () and (scalar or d is None) for n, d in params.items()):
        return each(p, inputs, params, levels)
    if -1 in params.get("shape", ()):
        params = params | {"shape": filled_in(params["shape"], inputs[0]._array.size)}
    moved = {n: SHIFTS[n](v, k, lead) if n in SHIFTS else v for n, v in params.items()}
    return p.op(*[spread(x, levels) if isinstance(x, Tensor) else x for x in inputs], **moved)


# -- each -------------------------------------------------------------------------------------------------------------


def each(p: Primitive, inputs: tuple[Any, ...], params: dict[str, Any], levels: Levels) -> Any:
    """Once per sample."""
    return sample_by_sample(lambda *given: p.op(*given[0], **given[1]), (inputs, params), levels, p.name)


def sample_by_sample(function: Callable[..., Any], arguments: tuple[Any, ...], levels: Levels, name: str = "") -> Any:
    """What a function returns for all samples, tensors or tuples of them, worked out one by one and stacked.

    Raises RuntimeError where there is no sample, or where the results differ in shape.
    """
    lead = sizes(levels)
    places = list(itertools.product(*[range(n) for n in lead]))
    if not places:
        return _none(function, arguments, levels, name)
    found = [function(*[_at(a, levels, place) for a in arguments]) for place in places]
    if isinstance(found[0], tuple):
        return like(found[0], [_joined(list(column), lead, name) for column in zip(*found)])
    return _joined(found, lead, name)


def _none(function: Callable[..., Any], arguments: tuple[Any, ...], levels: Levels, name: str) -> Any:
    """The result of no samples, in the shape of that of a sample of zeros."""
    try:
        found = function(*[_filled(a, levels) for a in arguments])
    except Exception as error:
        raise RuntimeError(f"vmap: {name} goes sample by sample, and there is none (batch size 0)") from error
    empty = [wrap(np.zeros((*sizes(levels), *t._array.shape), t._array.dtype)) for t in _listed(found)]
    return like(found, empty) if isinstance(found, tuple) else empty[0]


def _listed(found: Any) -> list[Any]:
    return list(found) if isinstance(found, tuple) else [found]


def _filled(x: Any, levels: Levels) -> Any:
    """Zeros for whatever varies over these levels."""
    if isinstance(x, Batched):
        return wrap(np.zeros(x._array.shape, x._array.dtype))
    if type(x) is dict:
        return {k: _filled(v, levels) for k, v in x.items()}
    if type(x) in (list, tuple, Many):
        return type(x)([_filled(v, levels) for v in x])
    return x


def like(result: tuple[Any, ...], values: list[Any]) -> tuple[Any, ...]:
    """Values in a tuple of a result's type: torch.return_types take them one by one."""
    return tuple(values) if type(result) is tuple else type(result)(*values)


def _at(x: Any, levels: Levels, place: tuple[int, ...]) -> Any:
    """One sample of whatever holds batched tensors."""
    if isinstance(x, Batched):
        # Outer samples stay where they are asked for fewer levels than x has.
        value = x._value
        kept = 0
        for level in x._levels:
            if level in levels:
                value = picked(value, kept, place[levels.index(level)])
            else:
                kept += 1
        return batched(value, tuple([level for level in x._levels if level not in levels]))
    if type(x) is dict:
        return {k: _at(v, levels, place) for k, v in x.items()}
    if type(x) in (list, tuple, Many):
        return type(x)([_at(v, levels, place) for v in x])
    return x


def _joined(results: list[Any], lead: tuple[int, ...], name: str) -> Any:
    first = results[0]
    if not isinstance(first, Tensor):
        if any(r != first for r in results[1:]):
            raise Unreadable(f"vmap: {name or 'this operator'} gives a Python value that differs from sample to sample")
        return first
    if any(r._array.shape != first._array.shape for r in results):
        raise RuntimeError(
            f"vmap: {name or 'this operator'} gives results whose shape depends on the data, here "
            f"{', '.join(str(list(r._array.shape)) for r in results[:3])}; samples of different shapes cannot be one "
            "tensor"
        )
    whole = stacked(results)
    return whole if len(lead) == 1 else viewed(whole, (*lead, *first._array.shape))


BY_KIND: dict[str, Rule] = {
    "pointwise": aligned,
    "parametric": aligned,
    "discrete": aligned,
    "linear": leading,
    "reduction": leading,
}


# -- writing ----------------------------------------------------------------------------------------------------------


def held(result: Tensor, target: Batched) -> Tensor:
    """What is to be written into all samples of a target. Raises RuntimeError where it varies and the target not."""
    if isinstance(result, Batched) and any(level not in target._levels for level in result._levels):
        raise RuntimeError(IN_PLACE)
    return spread(result, target._levels)
