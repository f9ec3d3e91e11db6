"""Factors of matrices with torch's signatures: Cholesky, LU, QR and their kin."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import arguments, dtypes
from autodiff._core.batched import whole
from autodiff._core.function import function
from autodiff._core.matrices import (
    check_batches,
    check_floating,
    check_kernel,
    check_matrix,
    check_same_dtype,
    check_square,
    failed,
)
from autodiff._core.registry import ops
from autodiff._core.return_types import named
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.conversion import refuse_complex
from autodiff._kernels import lapack

CholeskyEx = named("linalg_cholesky_ex", "L", "info")
LU = named("linalg_lu", "P", "L", "U")
LUFactor = named("linalg_lu_factor", "LU", "pivots")
LUFactorEx = named("linalg_lu_factor_ex", "LU", "pivots", "info")
LUUnpacked = named("lu_unpack", "P", "L", "U")
LinalgQR = named("linalg_qr", "Q", "R")
QR = named("qr", "Q", "R")
Reflections = named("geqrf", "a", "tau")
LDLFactor = named("linalg_ldl_factor", "LD", "pivots")
LDLFactorEx = named("linalg_ldl_factor_ex", "LD", "pivots", "info")

_NOT_POSITIVE = (
    "The factorization could not be completed because the input is not positive-definite (the leading minor of order "
    "{} is not positive-definite)."
)
_ZERO_PIVOT = (
    "U[{0},{0}] is zero and using it on lu_solve would result in a division by zero. If you still want to perform the "
    "factorization, consider calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)"
)


def _cholesky(name: str, primitive: Any, input: Tensor, upper: bool, check: bool) -> Any:
    reported = name.removesuffix("_ex") if name.startswith("linalg") else name
    check_square(reported, input)
    if input._array.dtype.kind not in "fc":
        check_floating(reported, input)
    check_kernel("cholesky_cpu", input)
    L, info = primitive(input, upper=bool(upper))
    if check and whole(info).any():
        raise failed(name, whole(info), _NOT_POSITIVE)
    return CholeskyEx(L, info)  # type: ignore[call-arg]


@function("linalg", out="same")
def cholesky(input: Tensor, *, upper: bool = False) -> Tensor:
    """The triangular factor L of L L^H, of a positive-definite matrix; of `input` one triangle is read."""
    return _cholesky("linalg.cholesky", ops.cholesky_ex, input, upper, True)[0]  # type: ignore[no-any-return]


@function("linalg", out=True)
def cholesky_ex(input: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """The factor, and per matrix the order of the leading minor that is not positive, or 0."""
    return _cholesky("linalg.cholesky_ex", ops.cholesky_ex, input, upper, check_errors)


@function("", name="cholesky", out=True)
def root_cholesky(input: Tensor, upper: bool = False) -> Tensor:
    """The triangular factor L of L L^H, of a positive-definite matrix; of `input` one triangle is read."""
    return _cholesky("cholesky", ops.cholesky, input, upper, True)[0]  # type: ignore[no-any-return]


# -- LU -----------------------------------------------------------------------------------------------------------


def _check_lu(name: str, A: Tensor, pivot: bool) -> None:
    if A._array.ndim < 2:
        raise RuntimeError(
            f"{name}: Expected tensor with 2 or more dimensions. Got size: {list(A._array.shape)} instead"
        )
    if not pivot:
        raise RuntimeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU")
    if A._array.size:
        check_kernel("lu_cpu", A)


@function("linalg", out=True)
def lu(A: Tensor, *, pivot: bool = True) -> Any:
    """P, L and U with A = P L U: a permutation, a lower factor with ones on its diagonal, an upper factor."""
    _check_lu("linalg.lu", A, pivot)
    L, U, pivots = ops.lu(A)
    P = wrap(lapack.permutation(pivots._array, A._array.shape[-2], A._array.dtype))
    if L._node is not None:
        node = L._node.source()[0]
        # torch multiplies by it in the backward pass, so it must not be written.
        node.replace_saved((*(node.saved or ()), P))
    return LU(P, L, U)  # type: ignore[arg-type, call-arg]


@function("linalg", out=True)
def lu_factor(A: Tensor, *, pivot: bool = True) -> Any:
    """Both factors in one matrix, and the exchanges of rows, counted from 1."""
    _check_lu("torch.lu_factor", A, pivot)
    factors, pivots, info = ops.lu_factor_ex(A)
    if whole(info).any():
        raise failed("torch.linalg.lu_factor", whole(info), _ZERO_PIVOT, RuntimeError)
    return LUFactor(factors, pivots)  # type: ignore[call-arg]


@function("linalg", out=True)
def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> Any:
    """The same, and per matrix the place of the first zero on U's diagonal, counted from 1, or 0."""
    _check_lu("torch.lu_factor", A, pivot)
    factors, pivots, info = ops.lu_factor_ex(A)
    if check_errors and whole(info).any():
        raise failed("torch.linalg.lu_factor_ex", whole(info), _ZERO_PIVOT, RuntimeError)
    return LUFactorEx(factors, pivots, info)  # type: ignore[call-arg]


@function("", name="lu", method=False)
def root_lu(A: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """Both factors in one matrix, the exchanges of rows, and if asked for where U's first zero stands."""
    factors, pivots, info = lu_factor_ex(A, pivot=pivot)
    return (factors, pivots, info) if get_infos else (factors, pivots)


@function("Tensor", name="lu", method=True)
def lu_of_tensor(self: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """Both factors in one matrix, the exchanges of rows, and if asked for where U's first zero stands."""
    return root_lu(self, pivot, get_infos)


@function("", method=False, out=True)
def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True) -> Any:
    """P, L and U of what `linalg.lu_factor` gives; those not asked for are empty."""
    if LU_pivots._array.dtype != np.int32:
        raise RuntimeError(
            "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype.\nNote: this "
            "function is intended to be used with the output produced by torch.linalg.lu_factor"
        )
    dtype = LU_data._array.dtype
    P = wrap(np.empty(0, dtype))
    shape = LU_data._array.shape
    if len(shape) < 2:
        raise RuntimeError(
            f"torch.lu_unpack: Expected tensor with 2 or more dimensions. Got size: {list(shape)} instead"
        )
    if unpack_pivots:
        if LU_pivots._array.shape != (*shape[:-2], min(shape[-2:])):
            # torch does not ask, and reads other memory.
            raise RuntimeError(
                f"torch.lu_unpack: LU_pivots of shape {list(LU_pivots._array.shape)} do not belong to LU_data of shape "
                f"{list(shape)}: expected {[*shape[:-2], min(shape[-2:])]}"
            )
        if not ((LU_pivots._array >= 1) & (LU_pivots._array <= LU_data._array.shape[-2])).all():
            raise RuntimeError(
                "pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive."
                "Did you properly pass the result of lu_factor?"
            )
        P = wrap(lapack.permutation(LU_pivots._array, LU_data._array.shape[-2], dtype))
    if not unpack_data:
        return LUUnpacked(P, wrap(np.empty(0, dtype)), wrap(np.empty(0, dtype)))  # type: ignore[arg-type, call-arg]
    return LUUnpacked(P, *ops.lu_parts(LU_data))  # type: ignore[arg-type]


# -- reflections --------------------------------------------------------------------------------------------------


def _qr(A: Tensor, mode: str) -> Any:
    check_matrix("linalg.qr", A)
    if A._array.dtype.kind not in "fc":
        check_floating("linalg.qr", A)
    check_kernel("geqrf_cpu", A)
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    return ops.qr(A, mode=mode)


@function("linalg", out=True)
def qr(A: Tensor, mode: str = "reduced") -> Any:
    """Q with orthonormal columns and R upper triangular; mode "complete" has Q square, mode "r" no Q."""
    return LinalgQR(*_qr(A, mode))


@function("", name="qr", out=True)
def root_qr(input: Tensor, some: bool = True) -> Any:
    """Q with orthonormal columns and R upper triangular; Q square unless `some`."""
    return QR(*_qr(input, "reduced" if some else "complete"))


@function("", out=True)
def geqrf(input: Tensor) -> Any:
    """LAPACK's own form of Q and R: R with the reflections' vectors below it, and their factors."""
    if input._array.ndim < 2:
        raise RuntimeError("torch.geqrf: input must have at least 2 dimensions.")
    check_kernel("geqrf_cpu", input)
    refuse_complex("geqrf", input)
    return Reflections(*ops.geqrf(input))


def _reflected(vectors: Tensor, tau: Tensor, C: Tensor, left: bool, adjoint: bool) -> Tensor:
    """Q C, Q^H C, C Q or C Q^H, reflection by reflection: Q is the product of all 1 - tau v v^H."""
    # Of nothing neither has a gradient.
    count = tau._array.shape[-1] if vectors._array.size else 0
    rows = vectors._array.shape[-2]
    # From the left the last reflection comes first, from the right the first; the adjoint turns both about.
    order = range(count) if left == adjoint else reversed(range(count))
    for i in order:
        below = ops.region(vectors, index=(..., slice(i + 1, rows), slice(i, i + 1)))
        v = ops.embed(below, shape=(*below._array.shape[:-2], rows, 1), index=(..., slice(i + 1, rows), slice(0, 1)))
        unit = np.zeros((rows, 1), vectors._array.dtype)
        unit[i] = 1
        v = v + wrap(unit)
        factor = ops.region(tau, index=(..., slice(i, i + 1)))
        factor = ops.unsqueeze(ops.conj(factor) if adjoint else factor, dim=factor._array.ndim)
        if left:
            C = C - factor * ops.bmm(v, ops.bmm(ops.adjoint(v), C))
        else:
            C = C - ops.bmm(ops.bmm(C, v), ops.adjoint(v) * factor)
    return ops.reflected(C, vectors, tau)  # type: ignore[no-any-return]


def _check_reflections(name: str, input: Tensor, tau: Tensor) -> None:
    shape = input._array.shape
    if len(shape) < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if shape[-2] < shape[-1]:
        raise RuntimeError(f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]")
    if shape[-1] < tau.size(-1):
        raise RuntimeError(f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]")
    _check_dimensions(name, input, tau)
    if tau._array.shape[:-1] != shape[:-2]:
        raise RuntimeError(
            f"{name}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got "
            f"{list(tau._array.shape[:-1])}"
        )
    if tau._array.dtype != input._array.dtype:
        raise RuntimeError(f"{name}: tau dtype {tau.dtype} does not match input dtype {input.dtype}")


def _check_dimensions(name: str, input: Tensor, tau: Tensor) -> None:
    if tau._array.ndim != input._array.ndim - 1:
        raise RuntimeError(
            f"{name}: Expected tau to have one dimension less than input, but got tau.ndim equal to "
            f"{tau._array.ndim} and input.ndim is equal to {input._array.ndim}"
        )


@function(node="LinalgHouseholderProductBackward0", saves="input tau out", method=False)
def _householder(input: Tensor, tau: Tensor) -> Tensor:
    array = input._array
    columns = array.shape[-1]
    start = np.zeros(array.shape, array.dtype)
    start[..., np.arange(columns), np.arange(columns)] = 1
    return _reflected(input, tau, wrap(start), True, False)


@function("linalg", out=True)
def householder_product(input: Tensor, tau: Tensor) -> Tensor:
    """The first columns of a product of reflections 1 - tau v v^H, their vectors below the diagonal of `input`."""
    _check_reflections("torch.linalg.householder_product", input, tau)
    check_kernel("orgqr_cpu", input)
    return _householder(input, tau)  # type: ignore[no-any-return]


@function("", out=True)
def orgqr(input: Tensor, input2: Tensor) -> Tensor:
    """`linalg.householder_product` under its old name."""
    return householder_product(input, input2)  # type: ignore[no-any-return]


@function(node="OrmqrBackward0", saves="input input2 input3 out", method=False)
def _ormqr(input: Tensor, input2: Tensor, input3: Tensor, left: bool, transpose: bool) -> Tensor:
    return _reflected(input, input2, input3, left, transpose)


@function("", out="same")
def ormqr(input: Tensor, input2: Tensor, input3: Tensor, left: bool = True, transpose: bool = False) -> Tensor:
    """A product of reflections, of `input` and their factors `input2`, times the matrix `input3`, or turned about."""
    for called, x in (("input", input), ("other", input3)):
        if x._array.ndim < 2:
            raise RuntimeError(f"torch.ormqr: {called} must have at least 2 dimensions.")
    side = -2 if left else -1
    size, columns = input3._array.shape[side], input._array.shape[-1]
    if size != input._array.shape[-2]:
        raise RuntimeError(f"torch.ormqr: other.shape[{side}] must be equal to input.shape[-2]")
    if input2.size(-1) != min(size, columns):
        raise RuntimeError(f"torch.ormqr: tau.shape[-1] must be equal to min(other.shape[{side}], input.shape[-1])")
    _check_dimensions("torch.ormqr", input, input2)
    if input3._array.ndim != input._array.ndim:
        raise RuntimeError(
            "torch.ormqr: Expected other to have the same number of dimensions as input, but got other.ndim equal to "
            f"{input3._array.ndim} and input.ndim is equal to {input._array.ndim}"
        )
    for called, batch in (("tau", input2._array.shape[:-1]), ("other", input3._array.shape[:-2])):
        if batch != input._array.shape[:-2]:
            raise RuntimeError(
                f"torch.ormqr: Expected batch dimensions of {called} to be equal to input.shape[:-2], but got "
                f"{list(batch)}"
            )
    for called, x in (("tau", input2), ("other", input3)):
        if x._array.dtype is not input._array.dtype:
            raise RuntimeError(
                f"torch.ormqr: Expected input and {called} to have the same dtype, but input has dtype "
                f"{dtypes.title(input._array.dtype)} and {called} has dtype {dtypes.title(x._array.dtype)}"
            )
    check_kernel("ormqr_cpu", input)
    return _ormqr(input, input2, input3, bool(left), bool(transpose))  # type: ignore[no-any-return]


# -- indefinite symmetric matrices --------------------------------------------------------------------------------


@function("linalg", out=True)
def ldl_factor(input: Tensor, *, hermitian: bool = False) -> Any:
    """The factors of Bunch and Kaufman in one matrix, and LAPACK's exchanges."""
    LD, pivots, info = ldl_factor_ex(input, hermitian=hermitian)
    if whole(info).any():
        raise failed("torch.linalg.ldl_factor", whole(info), "Unknown error code: {}.", RuntimeError)
    return LDLFactor(LD, pivots)  # type: ignore[call-arg]


@function("linalg", out=True)
def ldl_factor_ex(input: Tensor, *, hermitian: bool = False, check_errors: bool = False) -> Any:
    """The same, and LAPACK's word on zeros."""
    check_square("torch.linalg.ldl_factor_ex", input)
    check_kernel("ldl_factor_kernel_cpu", input)
    found = ops.ldl_factor_ex(input, hermitian=bool(hermitian))
    if check_errors and found[2]._array.any():
        raise failed("torch.linalg.ldl_factor_ex", found[2]._array, "Unknown error code: {}.", RuntimeError)
    return LDLFactorEx(*found)


@function("linalg", out=True)
def ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: bool = False) -> Tensor:
    """X with A X = B, of the factors that `ldl_factor` gives."""
    check_square("torch.linalg.ldl_solve", LD)
    arguments.dim(-2, B._array.ndim)
    if pivots._array.dtype.kind not in "iu":
        raise RuntimeError(
            f"torch.linalg.ldl_solve: Expected pivots to be integers. Got {dtypes.title(pivots._array.dtype)}"
        )
    check_kernel("ldl_solve_cpu", LD)
    check_same_dtype("torch.linalg.ldl_solve", LD, B, ("LD", "B"))
    check_batches(LD._array, B._array)
    return ops.ldl_solve(LD, pivots, B, hermitian=bool(hermitian))  # type: ignore[no-any-return]
