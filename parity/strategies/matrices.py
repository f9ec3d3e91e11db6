"""How matrices are drawn for linear algebra: of full rank, positive, triangular; knows no operator.

Conditions are checked on real values: singular values neither small nor close, unless a row wants less.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from parity.catalogue.spec import Argument
from parity.program import Array
from parity.strategies import arrays, shapes
from parity.strategies.arguments import Call, Drawer, fitted
from parity.strategies.item import Item, Unfit
from parity.strategies.shapes import Shape

#: The largest condition of a matrix, and how far apart singular values or eigenvalues are, against the largest.
CONDITION, APART = 30.0, 0.05
#: The sides of matrices.
LARGEST = 4


def matrix(call: Call, argument: Argument) -> Any:
    """A batch of matrices of the form that the argument names."""
    draft, limits = call.draft, argument.limits
    kinds, form = call.spec.dtypes, limits["form"]

    def suits(item: Item) -> bool:
        shape = item.shape
        if len(shape) < 2 or (form != "any" and shape[-1] != shape[-2]) or max(shape[-2:]) > LARGEST:
            return False
        if "ndim" in limits and len(shape) != limits["ndim"]:
            return False
        return fits(item.array, limits)

    def make() -> Item:
        dtype = draft.dtype(kinds)
        shape = _shape(call, form, limits)
        if limits.get("singular") and call.source.boolean(0.3):
            values = drawn(call, shape, dtype, limits)
            values[..., -1:, :] = 0
            return draft.leaf(values, layouts=0.0, differentiable=limits["singular"] != "constant")
        scale = call.source.choice(limits.get("scales", (1.0,)))
        for _ in range(20):
            values = drawn(call, shape, dtype, limits) * np.dtype(dtype).type(scale)
            # A layout may make all columns alike.
            if fits(values, limits) and fits((made := draft.leaf(values)).array, limits):
                return made
        raise Unfit

    return call.note(draft.pick(kinds, {}, suits, make))


def _shape(call: Call, form: str, limits: Mapping[str, Any]) -> Shape:
    shape = fitted(call.draft, limits.get("ndim", 2), limits.get("ndim", 4))
    rows, columns = (min(n, LARGEST) for n in shape[-2:])
    if form != "any":
        rows = columns
    elif limits.get("tall") and rows < columns:
        rows, columns = columns, rows
    return (*shape[:-2], rows, columns)


def drawn(call: Call, shape: Shape, dtype: str, limits: Mapping[str, Any]) -> Array:
    """Matrices of that form, which may still be badly conditioned."""
    source, form = call.source, limits["form"]
    found = arrays.uniform(source, shape, -1.5, 1.5)
    if dtype.startswith("complex"):
        found = found + 1j * arrays.uniform(source, shape, -1.0, 1.0)
    if form == "any" or not found.size:
        return found.astype(dtype)
    rows = shape[-1]
    place = np.arange(rows)
    if form == "positive":
        found = found @ found.swapaxes(-1, -2).conj() / rows + np.eye(rows) * (0.5 + place / 4)
    elif form == "hermitian":
        found = found + np.eye(rows) * 1.5 * place
    elif form in ("lower", "factor"):
        sizes = 1 + arrays.uniform(source, (*shape[:-2], rows), 0.0, 1.0)
        found = found * 0.5
        found[..., place, place] = sizes
    if form == "factor":
        found = np.tril(found) if source.boolean() else np.triu(found)
    found = values = found.astype(dtype)
    if form in ("positive", "hermitian"):
        # Its own mirror image, to the bit.
        below = np.tril(found, -1)
        found = below + below.swapaxes(-1, -2).conj()
        found[..., place, place] = np.diagonal(values, axis1=-2, axis2=-1).real
    return found


def fits(array: Array, limits: Mapping[str, Any]) -> bool:
    """Whether the operator's derivatives are well conditioned at these matrices."""
    if not array.size:
        return True
    form, wide = limits["form"], array.astype(np.complex128)
    if not np.isfinite(wide).all():
        return False
    if form in ("lower", "factor"):
        return _triangle_fits(wide, form)
    if form in ("positive", "hermitian"):
        # One triangle is read: the other is to be its mirror image.
        if not (wide == wide.swapaxes(-1, -2).conj()).all():
            return False
        values = np.linalg.eigvalsh(wide)
        if form == "hermitian":
            return _apart(values)
        return bool((values[..., 0] * CONDITION > values[..., -1]).all())
    values = np.linalg.svd(wide, compute_uv=False)
    if limits.get("leading"):
        # Of wide matrices the first columns are factored, and the others follow.
        block = np.linalg.svd(wide[..., : wide.shape[-2]], compute_uv=False)
        if not (block[..., -1] * CONDITION > block[..., 0]).all():
            return False
    well = bool((values[..., -1] * CONDITION > values[..., 0]).all() and (values[..., 0] < 50).all())
    return well and (not limits.get("apart") or _apart(values))


def _triangle_fits(wide: Array, form: str) -> bool:
    diagonal = np.diagonal(wide, axis1=-2, axis2=-1)
    if form == "factor":
        if not any((wide == one(wide)).all() for one in (np.tril, np.triu)):
            return False
        if (diagonal.imag != 0).any() or (diagonal.real <= 0).any():
            return False
    return bool((np.abs(diagonal) > 0.3).all() and (np.abs(wide) < 5).all())


def _apart(values: Array) -> bool:
    gaps = np.abs(np.diff(values, axis=-1))
    return bool((gaps > APART * np.abs(values).max(-1, keepdims=True)).all())


def sides(call: Call, argument: Argument) -> Any:
    """Right-hand sides for the matrix before: a matrix, or a vector where the row allows; `left=False` turns it."""
    first, source = call.leading(), call.source
    size = first.shape[-2] if call.values.get("left", True) else first.shape[-1]
    batch = first.shape[:-2]
    width = source.integer(1, 3)
    turned = not call.values.get("left", True)
    options: list[Shape] = [(*batch, *((width, size) if turned else (size, width)))]
    if argument.limits.get("vectors") and not turned:
        options += [(size,), (*batch, size)]
    if argument.limits.get("batches"):
        options.append((width, size) if turned else (size, width))
    return call.same(source.choice(options))


def exchanges(call: Call, argument: Argument) -> Any:
    """The rows that LU factors exchanged, counted from 1."""
    *batch, rows, columns = call.leading().shape
    count = min(rows, columns)
    found = np.empty((*batch, count), np.int32)
    for place in np.ndindex(*batch, count):
        found[place] = call.source.integer(place[-1] + 1, rows)
    return call.draft.leaf(found, layouts=0.0, usable=False)


def reflections(call: Call, argument: Argument) -> Any:
    """The factors of the reflections whose vectors the matrix before holds."""
    *batch, _, columns = call.leading().shape
    return call.same((*batch, columns - (call.source.boolean(0.2) and columns > 1)))


def multiplied(call: Call, argument: Argument) -> Any:
    """A matrix that a square one of as many rows as the first tensor is multiplied with."""
    *batch, rows, _ = call.leading().shape
    width = call.source.integer(1, 3)
    return call.same((*batch, rows, width) if call.values.get("left", True) else (*batch, width, rows))


def chained(call: Call, argument: Argument) -> Any:
    """Matrices of which each may be multiplied with the next; vectors at the ends."""
    source, draft = call.source, call.draft
    sizes = [source.integer(1, 3) for _ in range(source.integer(3, 5))]
    found = []
    for i, (rows, columns) in enumerate(pairwise(sizes)):
        shape: Shape = (rows, columns)
        if i == 0 and source.boolean(0.25):
            shape = (columns,)
        elif i == len(sizes) - 2 and source.boolean(0.25):
            shape = (rows,)
        if call.first is None:
            found.append(call.note(draft.fresh(shape, call.spec.dtypes, argument.limits)))
        else:
            found.append(call.same(shape, argument.limits))
    return found


def threes(call: Call, argument: Argument) -> Any:
    """A tensor with a dimension of size 3, and that dimension."""
    draft, source = call.draft, call.source
    shape = list(fitted(draft, 1, 3))
    axis = source.integer(0, len(shape) - 1)
    shape[axis] = 3
    if shapes.size(shape) > shapes.LARGEST:
        raise Unfit
    call.axis = axis if source.boolean() else axis - len(shape)
    return call.note(draft.fresh(tuple(shape), call.spec.dtypes, argument.limits))


def power(call: Call, argument: Argument) -> Any:
    return call.source.choice(argument.limits["values"])


def whole(call: Call, argument: Argument) -> Any:
    """Whether square factors are asked for: only where at most so many vectors of theirs are left `free`."""
    rows, columns = call.leading().shape[-2:]
    reduced, full = argument.limits.get("values", (False, True))
    free = abs(rows - columns) if argument.limits.get("both") else rows - columns
    return full if free <= argument.limits["free"] and call.source.boolean() else reduced


def which(call: Call, argument: Argument) -> Any:
    """Whether the triangular factor before is the upper one."""
    factor = call.leading().array
    return bool((factor != np.tril(factor)).any())


DRAWERS: dict[str, Drawer] = {
    "chained": chained,
    "exchanges": exchanges,
    "matrix": matrix,
    "multiplied": multiplied,
    "power": power,
    "reflections": reflections,
    "sides": sides,
    "threes": threes,
    "which": which,
    "whole": whole,
}
