"""Norms, distances and what is scaled down to a norm, with torch's signatures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._core import dtypes, errors
from autodiff._core.arguments import dim as one_dim
from autodiff._core.arguments import dims as several_dims
from autodiff._core.arguments import numpy_dtype
from autodiff._core.function import function
from autodiff._core.promotion import cast
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor

#: Added to the norm that `renorm` divides by.
_NEVER_ZERO = 1e-7


def _dims(input: Tensor, dim: Any) -> tuple[int, ...]:
    ndim = input._array.ndim
    found = () if dim is None else several_dims(dim, ndim)
    return (found or tuple(range(ndim))) if ndim else ()


def vector_norm(input: Tensor, p: float, dim: Any, keepdim: bool, dtype: Any = None) -> Tensor:
    """The p-norm over dimensions, in the dtype asked for. Raises RuntimeError where it has no value."""
    own = input._array.dtype
    if own.kind not in "fc":
        raise RuntimeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got " + dtypes.title(own)
        )
    wanted = numpy_dtype(dtype, own)
    if wanted is not own:
        _check_wider(own, wanted)
        input = cast(input, wanted)
    dims = _dims(input, dim)
    shape = input._array.shape
    if 0 in shape and (p < 0 or p == math.inf):
        name = f"{p:g}"
        if dim is None or dim == ():
            raise RuntimeError(
                f"linalg.vector_norm cannot compute the {name} norm on an empty tensor because the operation does "
                "not have an identity"
            )
        for d in dims:
            if not shape[d]:
                raise RuntimeError(
                    f"linalg.vector_norm cannot compute the {name} norm on the dimension {d}because this dimension is "
                    "empty and the operation does not have an identity"
                )
    return ops.p_norm(input, p=p, dims=dims, keepdim=keepdim)  # type: ignore[no-any-return]


def _check_wider(own: np.dtype[Any], wanted: np.dtype[Any]) -> None:
    if wanted.kind not in "fc":
        raise RuntimeError(
            f"linalg.vector_norm: dtype should be floating point or complex, but got {dtypes.title(wanted)}"
        )
    if (wanted.kind == "c") != (own.kind == "c"):
        kind = "complex" if own.kind == "c" else "real"
        raise RuntimeError(
            f"linalg.vector_norm: dtype should be {kind} for {kind} inputs, but got {dtypes.title(wanted)}"
        )
    if wanted.itemsize < own.itemsize:
        raise RuntimeError(
            f"linalg.vector_norm: the dtype of the input ({dtypes.title(own)}) should be convertible without narrowing "
            f"to the specified dtype ({dtypes.title(wanted)})"
        )


@function("linalg", name="vector_norm", out="same")
def linalg_vector_norm(
    input: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """The norm of order `ord` over dimensions, by default all."""
    if not isinstance(ord, (int, float)):
        raise TypeError(f"linalg_vector_norm(): argument 'ord' (position 2) must be Number, not {type(ord).__name__}")
    return vector_norm(input, float(ord), dim, keepdim, dtype)


@function(out=True)
def norm(input: Tensor, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Tensor:
    """The p-norm over dimensions, or of matrices the Frobenius ("fro") or nuclear ("nuc") norm."""
    if isinstance(p, str):
        if p == "fro" and (dim is None or isinstance(dim, int) or len(dim) <= 2):
            return vector_norm(input, 2.0, dim, keepdim, dtype)
        over = tuple(range(input._array.ndim)) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
        if p not in ("fro", "nuc"):
            raise RuntimeError(f"linalg.matrix_norm: Order {p} not supported.")
        if len(over) != 2:
            raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {' '.join(map(str, over))}")
        return getattr(ops, "linalg.matrix_norm")(input, p, over, keepdim, dtype=dtype)  # type: ignore[no-any-return]
    return vector_norm(input, 2.0 if p is None else float(p), dim, keepdim, dtype)


@function()
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of the difference."""
    arrays = (input._array, other._array)
    common = dtypes.result_type(arrays)
    if common.kind == "b":
        ops.sub(input, other)  # which torch refuses
    if common.kind not in "fc":
        raise RuntimeError(
            f"norm(): input dtype should be either floating point or complex. Got {dtypes.title(common)} instead."
        )
    try:
        shape = np.broadcast_shapes(*(a.shape for a in arrays))
    except ValueError:
        raise RuntimeError(errors.cannot_broadcast(arrays[0].shape, arrays[1].shape)) from None
    return ops.dist(cast(input, common), cast(other, common), p=float(p), dims=tuple(range(len(shape))))  # type: ignore[no-any-return]


@function(inplace=True, out=True, node="RenormBackward0", saves="input")
def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """The slices along `dim`, each scaled down to a p-norm of `maxnorm` if its own is larger."""
    ndim = input._array.ndim
    if not p > 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm:g}")
    if ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {ndim} dimensions")
    d = one_dim(dim, ndim)
    wide = np.dtype(np.float32) if input._array.dtype.char == "e" else None
    others = tuple(n for n in range(ndim) if n != d)
    x = input if wide is None else cast(input, wide)
    large = vector_norm(x.detach(), float(p), others, True) > maxnorm
    # What is not scaled has no part in a factor: a nan there stays where it is.
    norms = vector_norm(ops.where(large, x, 0), float(p), others, True)
    factors = ops.where(large, maxnorm / (norms + _NEVER_ZERO), 1)
    rows = input if input._array.flags.c_contiguous else ops.contiguous(input)
    return rows * (factors if wide is None else ops.to(factors, dtype=input._array.dtype))  # type: ignore[no-any-return]
