"""Matrices of derivatives: jacrev, jacfwd, hessian. Rows or columns are one vmap over a basis."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._core.batched import at_work, entered
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff.func.derivatives import Argnums, chosen, pullback, pushforward, replaced, zeros_for
from autodiff.func.mapping import RANDOMNESS, outside, varies, vmap
from autodiff.func.pytrees import flatten, unflatten


def _basis(tensors: list[Tensor]) -> list[Tensor]:
    """Per tensor its part of the unit vectors of all their elements together, along a new first dimension."""
    counts = [x._array.size for x in tensors]
    total, found, start = sum(counts), [], 0
    for x, n in zip(tensors, counts):
        unit = np.zeros((total, n), x._array.dtype)
        unit[range(start, start + n), range(n)] = 1
        found.append(wrap(unit.reshape(total, *x._array.shape)))
        start += n
    return found


def _check_real(api: str, what: str, tensors: list[Tensor]) -> None:
    for i, x in enumerate(tensors):
        if x._array.dtype.kind == "c":
            raise RuntimeError(
                f"{api}: Expected all {what} to be real but received complex tensor at flattened input idx: {i}"
            )


def _parts(whole: Tensor, tensors: list[Tensor], dim: int) -> list[Tensor]:
    """A dimension over the elements of several tensors cut into theirs, each in its tensor's shape."""
    found, start, shape = [], 0, whole._array.shape
    for x in tensors:
        stop = start + x._array.size
        part = ops.slice(whole, dim=dim, start=start, stop=stop, step=1)
        found.append(ops.reshape_to(part, shape=(*shape[:dim], *x._array.shape, *shape[dim + 1 :])))
        start = stop
    return found


def jacrev(
    func: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Callable[..., Any]:
    """A function that returns the Jacobian of `func`, row by row: every result's shape before every argument's.

    Nested like the results, and within like the arguments of `argnums`. `chunk_size`: so many rows at once. Raises
    RuntimeError for complex arguments and results.
    """
    if chunk_size is not None and not chunk_size > 0:
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        given = chosen(args, argnums)
        inputs, in_spec = flatten(given)

        def of_chosen(*tree: Any) -> Any:
            return func(*replaced(args, argnums, tree[0]), **kwargs)

        result, pull, aux = pullback(of_chosen, (given,), has_aux)
        outputs, out_spec = flatten(result)
        _check_real("jacrev", "inputs", inputs)
        _check_real("jacrev", "outputs", outputs)

        def row(*seeds: Any) -> tuple[Any, ...]:
            return tuple(flatten(pull(unflatten(list(seeds), out_spec)))[0])

        basis = _basis(outputs)
        if basis and not len(basis[0]._array):
            rows: Any = [wrap(np.zeros((0, *x._array.shape), x._array.dtype)) for x in inputs]
        else:
            rows = vmap(row, chunk_size=chunk_size)(*basis)
        columns = [_parts(whole, outputs, 0) for whole in rows]
        found = unflatten(
            [unflatten([column[i] for column in columns], in_spec) for i in range(len(outputs))], out_spec
        )
        return (found, aux) if has_aux else found

    return wrapped


def jacfwd(
    func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False, *, randomness: str = "error"
) -> Callable[..., Any]:
    """A function that returns the Jacobian of `func`, column by column; otherwise as `jacrev`.

    `randomness` as of `vmap`: "different" draws anew for every column.
    """
    if randomness not in RANDOMNESS:
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        given = chosen(args, argnums)
        inputs, in_spec = flatten(given)
        for x in inputs:
            if not isinstance(x, Tensor):
                raise RuntimeError(
                    f"jvp(f, primals, tangents): Expected primals to only contain Tensors, got {type(x)}"
                )
        _check_real("jacfwd", "inputs", inputs)

        def of_chosen(tree: Any) -> Any:
            return func(*replaced(args, argnums, tree), **kwargs)

        found, result, aux = _columns(of_chosen, given, inputs, has_aux, randomness)
        outputs, out_spec = flatten(result)
        _check_real("jacfwd", "outputs", outputs)
        parts = [unflatten(_parts(x, inputs, x._array.ndim - 1), in_spec) for x in found]
        jacobian = unflatten(parts, out_spec)
        return (jacobian, aux) if has_aux else jacobian

    return wrapped


def _columns(
    func: Callable[..., Any], given: Any, inputs: list[Tensor], has_aux: bool, randomness: str
) -> tuple[list[Tensor], Any, Any]:
    """The derivatives along the basis, in a last dimension, what the function returned, and what besides.

    Tangents alone vary over the basis, unless the function is to draw anew for each.
    """
    basis = _basis(inputs)
    spec = flatten((given,))[1]
    api = "jvp(f, primals, tangents)"
    with at_work(len(basis[0]._array), randomness, spreads=randomness == "different") as at:
        seeds = [entered(x, 0, at) for x in basis]
        result, moved, aux = pushforward(api, func, inputs, spec, seeds, has_aux)
        outputs, out_spec = flatten(result)
        found = [outside(zeros_for(o) if t is None else t, o._array.ndim, at) for t, o in zip(moved, outputs)]
        first = [ops.select(outside(o, 0, at), dim=0, index=0) if varies(o, at) else o for o in outputs]
        return found, unflatten(first, out_spec), aux


def hessian(func: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """A function that returns the second derivatives of `func`: the Jacobian forward of the Jacobian backward."""
    return jacfwd(jacrev(func, argnums), argnums)
