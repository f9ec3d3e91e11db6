"""Jacobians of a function at a point, as arrays: by central differences, by reverse and by forward mode.

`jacobian[j, k]` is the derivative of element k of an output by element j of an input, both counted in C order. For a
complex input it is what a gradient is: the derivative by the real part plus i times that by the imaginary one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff import autograd
from autodiff._core.tensor import Tensor, wrap
from autodiff.autograd import forward_ad

Array = Any
Function = Callable[..., Any]
Tensors = tuple[Tensor, ...]


def as_tuple(x: Any) -> tuple[Any, ...]:
    """Results and arguments as torch takes them: one, or a tuple or list of them."""
    return tuple(x) if isinstance(x, (tuple, list)) else (x,)


def moving(tensors: Sequence[Any]) -> list[Tensor]:
    """Those of a floating or complex dtype: what may have a derivative."""
    return [t for t in tensors if isinstance(t, Tensor) and t._array.dtype.kind in "fc"]


# -- by differences ---------------------------------------------------------------------------------------------------


def by_differences(func: Function, inputs: tuple[Any, ...], place: int, eps: float) -> list[Array]:
    """The Jacobians of every output that may have a derivative by one input, whose memory is nudged meanwhile."""
    x = inputs[place].memory()
    steps = (eps, eps * 1j) if x.dtype.kind == "c" else (eps,)
    columns: list[list[Array]] = []
    for index in itertools.product(*map(range, x.shape)):
        differences = [_difference(func, inputs, x, index, step, eps, index) for step in steps]
        columns.append([_joined(parts) for parts in zip(*differences)])
    if not columns:
        return [np.zeros((0, o._array.size)) for o in moving(as_tuple(func(*inputs)))]
    return [np.stack(found) for found in zip(*columns)]


def along(func: Function, inputs: tuple[Any, ...], place: int, directions: Sequence[Array], eps: float) -> list[Array]:
    """The derivatives along one direction of an input; for a complex one along a real and an imaginary direction."""
    x = inputs[place].memory()
    units = (1, 1j)[: len(directions)]
    found = [
        _difference(func, inputs, x, ..., eps * unit * d.reshape(x.shape), eps, None)
        for unit, d in zip(units, directions)
    ]
    return [_joined(parts) for parts in zip(*found)]


def _joined(parts: tuple[Array, ...]) -> Array:
    return parts[0] if len(parts) == 1 else parts[0] + 1j * parts[1]


def _difference(
    func: Function, inputs: tuple[Any, ...], x: Array, index: Any, step: Any, eps: float, shown: Any
) -> list[Array]:
    before = np.array(x[index])
    try:
        x[index] = before - step
        low = _values(func, inputs)
        x[index] = before + step
        high = _values(func, inputs)
    finally:
        x[index] = before
    where = "" if shown is None else f"on index {shown} "
    for a, b in zip(low, high):
        for what, one, other in (
            ("shape", f"torch.Size({list(a.shape)})", f"torch.Size({list(b.shape)})"),
            ("dtype", a.dtype, b.dtype),
        ):
            if one != other:
                raise AssertionError(
                    f"Expected `func` to return outputs with the same {what} when inputs are perturbed {where}by "
                    f"{eps}, but got: {what}s {one} and {other}."
                )
    return [((b - a) / (2 * eps)).reshape(-1) for a, b in zip(low, high)]


def _values(func: Function, inputs: tuple[Any, ...]) -> list[Array]:
    return [np.array(o._array) for o in moving(as_tuple(func(*inputs)))]


# -- by reverse mode --------------------------------------------------------------------------------------------------


def by_reverse(output: Tensor, inputs: Tensors) -> list[list[Array | None]]:
    """Per input the gradients by each element of one output, None where there is none; its graph is kept."""
    found: list[list[Array | None]] = [[] for _ in inputs]
    for place in range(output._array.size):
        seed = np.zeros(output._array.shape, output._array.dtype)
        seed.flat[place] = 1
        for rows, g in zip(found, gradients((output,), inputs, (seed,))):
            rows.append(g)
    return found


def gradients(outputs: Sequence[Tensor], inputs: Tensors, seeds: Sequence[Array]) -> list[Array | None]:
    """The gradients of outputs by inputs as arrays; the graph is kept."""
    given = autograd.grad(outputs, inputs, [wrap(np.array(s)) for s in seeds], retain_graph=True, allow_unused=True)
    return [None if g is None else np.array(g._array) for g in given]


# -- by forward mode --------------------------------------------------------------------------------------------------


def tangents_of(
    func: Function, inputs: tuple[Any, ...], tangents: dict[int, Array | Tensor]
) -> list[tuple[Tensor, Tensor | None]]:
    """Outputs that may have a derivative and their tangents, the inputs having these; others that need grad zeros."""
    with forward_ad.dual_level():
        duals = [
            forward_ad.make_dual(x.detach(), _tangent(x, tangents.get(i)))
            if isinstance(x, Tensor) and x.requires_grad
            else x
            for i, x in enumerate(inputs)
        ]
        return [tuple(forward_ad.unpack_dual(o)) for o in moving(as_tuple(func(*duals)))]  # type: ignore[misc]


def _tangent(x: Tensor, given: Any) -> Tensor:
    if given is None:
        return wrap(np.zeros(x._array.shape, x._array.dtype))
    return given if isinstance(given, Tensor) else wrap(np.array(given))


def by_forward(func: Function, inputs: tuple[Any, ...], place: int) -> list[list[tuple[Tensor, Tensor | None]]]:
    """Per element of one input, the outputs and their tangents."""
    x = inputs[place]._array
    columns = []
    for j in range(x.size):
        tangent = np.zeros(x.shape, x.dtype)
        tangent.flat[j] = 1
        columns.append(tangents_of(func, inputs, {place: tangent}))
    return columns
