"""Tensors as sets, with torch's signatures."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import arguments, dtypes
from autodiff._core.casting import brought
from autodiff._core.function import function
from autodiff._core.promotion import cast, plain
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.shape import view


def _chosen(found: tuple[Tensor, ...], return_inverse: bool, return_counts: bool) -> Any:
    out, inverse, counts = found
    results = [out, *([inverse] if return_inverse else []), *([counts] if return_counts else [])]
    return tuple(results) if len(results) > 1 else out


def _along(input: Tensor, dim: int) -> int:
    shape = input._array.shape
    if not shape:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    d = arguments.dim(dim, len(shape))
    empty = shape.count(0)
    if not shape[d] and empty > 1:
        raise RuntimeError("Number of zero sized dimensions is more than one, so unique cannot be applied")
    if shape[d] and empty:
        raise RuntimeError("There are 0 sized dimensions, and they aren't selected, so unique cannot be applied")
    return d


def _refuse_complex(input: Tensor, dim: int | None) -> None:
    if input._array.dtype.kind == "c":
        name = "unique" if dim is None else "unique_dim"
        raise NotImplementedError(f"\"{name}\" not implemented for '{dtypes.title(input._array.dtype)}'")


@function()
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """Each element (or slice along `dim`) once, in order; also where each went, and how often it occurs."""
    _refuse_complex(input, dim)
    if dim is None:
        found = ops.unique(input, dim=None, consecutive=False)
    else:
        (input,) = brought("widest", input)  # torch's joins the slices, which autocast knows
        found = ops.unique_dim(input, dim=_along(input, dim), consecutive=False)
    return _chosen(found, return_inverse, return_counts)


@function()
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The first of every run of equal elements (or slices along `dim`)."""
    _refuse_complex(input, dim)
    d = None if dim is None else _along(input, dim)
    if dim is not None:
        (input,) = brought("widest", input)
    return _chosen(ops.unique_consecutive(input, dim=d, consecutive=True), return_inverse, return_counts)


@function(method=False, out="discrete same")
def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Which elements are among the others."""
    given = (elements, test_elements)
    if not any(isinstance(x, Tensor) for x in given):
        raise TypeError("isin(): at least one of elements and test_elements must be Tensor")
    for x in given:
        if isinstance(x, Tensor) and x._array.dtype.kind in "bc":
            raise RuntimeError(f"Unsupported input type encountered for isin(): {dtypes.title(x._array.dtype)}")
        if isinstance(plain(x), (bool, complex)):
            title = dtypes.title(dtypes.Default.of_number(plain(x)))
            raise RuntimeError(f"Unsupported input type encountered for isin(): {title}")
    common = dtypes.result_type([x._array if isinstance(x, Tensor) else plain(x) for x in given])
    one_by_one = all(isinstance(x, Tensor) for x in given)
    if one_by_one and test_elements.numel() < int(10 * elements.numel() ** 0.145):
        # torch compares one by one then, in the order of memory, which a copy of another dtype may have.
        test_elements = view(cast(test_elements, common), -1)
    arrays = [x._array if isinstance(x, Tensor) else plain(x) for x in given]
    return ops.isin(*(wrap(np.asarray(a).astype(common)) for a in arrays), invert=invert)  # type: ignore[no-any-return]
