"""Distances and similarities with torch's signatures."""

from __future__ import annotations

import numpy as np

from autodiff._core import dtypes, errors
from autodiff._core.arguments import dim as one_dim
from autodiff._core.function import function
from autodiff._core.modes import no_grad
from autodiff._core.packing import rename
from autodiff._core.promotion import cast
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._functions.norms import vector_norm

#: From so many rows on torch computes Euclidean distances by a product of matrices.
MANY = 25
MODES = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")


@function(method=False)
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary") -> Tensor:
    """The p-norms of all differences between rows of x1 and rows of x2, by batches; the gradient at 0 is 0."""
    if compute_mode not in MODES:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    a, b = x1._array, x2._array
    for name, x in (("X1", a), ("X2", b)):
        if x.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {x.ndim}D")
    if a.shape[-1] != b.shape[-1]:
        raise RuntimeError(f"X1 and X2 must have the same number of columns. X1: {a.shape[-1]} X2: {b.shape[-1]}")
    for name, x in (("X1", a), ("X2", b)):
        if x.dtype.kind != "f":
            raise RuntimeError(f"cdist only supports floating-point dtypes, {name} got: {dtypes.title(x.dtype)}")
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    if a.dtype is not b.dtype:
        d, e = dtypes.title(a.dtype), dtypes.title(b.dtype)
        raise RuntimeError(f"expected scalar type {d} but found {e}")
    if dtypes.is_half(a.dtype):
        raise NotImplementedError(f"\"cdist\" not implemented for '{dtypes.title(a.dtype)}'")
    try:
        np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    except ValueError:
        raise RuntimeError(errors.cannot_broadcast(a.shape[:-2], b.shape[:-2])) from None
    many = compute_mode == MODES[0] and max(a.shape[-2], b.shape[-2]) > MANY
    if p == 2 and (many or compute_mode == MODES[1]):
        found = ops.euclidean_dist(x1, x2)
        # By batches, so that torch's result is a view; of nothing it computes nothing.
        return ops.view(found, shape=found._array.shape) if a.size and b.size else found  # type: ignore[no-any-return]
    return ops.cdist(x1, x2, p=float(p))  # type: ignore[no-any-return]


@function("", "nn.functional", method=False)
def pdist(input: Tensor, p: float = 2) -> Tensor:
    """The p-norms of the differences between rows i < j."""
    x = input._array
    if x.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {x.ndim}D")
    if x.dtype.kind != "f":
        raise RuntimeError("pdist only supports floating-point dtypes")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    if dtypes.is_half(x.dtype) and len(x) > 1:
        raise NotImplementedError(f"\"pdist\" not implemented for '{dtypes.title(x.dtype)}'")
    rows = input if x.flags.c_contiguous else ops.contiguous(input)
    return ops.pdist(rows, p=float(p))  # type: ignore[no-any-return]


@function("", "nn.functional", method=False)
def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-06, keepdim: bool = False) -> Tensor:
    """The p-norm of x1 - x2 + eps over the last dimension."""
    away = ops.add(ops.sub(x1, x2), eps)
    found = vector_norm(away, float(p), -1, keepdim)
    if found._node is not None:
        rename(found._node, "NormBackward1")
    return found


@function("", "nn.functional", method=False)
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-08) -> Tensor:
    """The product of x1 and x2, each over its norm; a norm counts as at least eps, its gradient as if it did not."""
    d = dtypes.result_type([x1._array, x2._array])
    if d.kind != "f":
        raise RuntimeError(f"expected common dtype to be floating point, yet common dtype is {dtypes.title(d)}")
    a, b = x1._array.shape, x2._array.shape
    try:
        shape = np.broadcast_shapes(a, b)
    except ValueError:
        raise RuntimeError(errors.cannot_broadcast(a, b)) from None
    over = one_dim(dim, len(shape))
    x1, x2 = (cast(x, d) for x in (x1, x2))
    x1, x2 = (x if x._array.shape == shape else ops.expand(x, shape=shape) for x in (x1, x2))
    first, second = (ops.clone(vector_norm(x, 2.0, over, True)) for x in (x1, x2))
    with no_grad():
        for norm in (first, second):
            norm.clamp_(min=eps)  # type: ignore[attr-defined]
    scaled = ops.div(x2, second)  # before the other, as torch's is made
    return ops.sum(ops.mul(ops.div(x1, first), scaled), dims=(over,) if shape else (), keepdim=False)  # type: ignore[no-any-return]
