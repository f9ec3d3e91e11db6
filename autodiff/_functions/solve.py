"""Linear systems with torch's signatures: solutions, inverses, least squares."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._core import arguments, dtypes
from autodiff._core.batched import whole
from autodiff._core.casting import brought
from autodiff._core.function import function
from autodiff._core.matrices import (
    Tolerance,
    check_batches,
    check_fits,
    check_floating,
    check_kernel,
    check_same_dtype,
    check_square,
    common_batch,
    failed,
    tolerances,
)
from autodiff._core.promotion import cast
from autodiff._core.registry import ops
from autodiff._core.return_types import named
from autodiff._core.tensor import Tensor, wrap
from autodiff._kernels import decompositions, lapack
from autodiff._kernels.flags import anyway

InvEx = named("linalg_inv_ex", "inverse", "info")
SolveEx = named("linalg_solve_ex", "result", "info")
LeastSquares = named("linalg_lstsq", "solution", "residuals", "rank", "singular_values")
TriangularSolved = named("triangular_solve", "solution", "cloned_coefficient")

_SINGULAR = (
    "The diagonal element {} is zero, the inversion could not be completed because the input matrix is singular."
)
_UNSOLVED = "The solver failed because the input matrix is singular."


# -- inverses -----------------------------------------------------------------------------------------------------


def _inverse(name: str, A: Tensor, check: bool) -> Any:
    check_square("linalg.inv", A)
    check_floating("linalg.inv", A)
    inverse, info = ops.inverse(A)
    if check and whole(info).any():
        raise failed(name, whole(info), _SINGULAR)
    return InvEx(inverse, info)  # type: ignore[call-arg]


@function("linalg", out="same")
def inv(A: Tensor) -> Tensor:
    """The inverse. Raises LinAlgError for a singular matrix."""
    return _inverse("linalg.inv", A, True)[0]  # type: ignore[no-any-return]


@function("", out="same")
def inverse(input: Tensor) -> Tensor:
    """`linalg.inv` under its old name."""
    return _inverse("linalg.inv", input, True)[0]  # type: ignore[no-any-return]


@function("linalg", out=True)
def inv_ex(A: Tensor, *, check_errors: bool = False) -> Any:
    """The inverse, and per matrix the place of the zero that makes it singular, counted from 1, or 0."""
    return _inverse("linalg.inv_ex", A, check_errors)


@function("linalg", out=True)
def tensorinv(input: Tensor, ind: int = 2) -> Tensor:
    """The inverse of a tensor as a map from its last dimensions to its first `ind`."""
    shape = input._array.shape
    if ind <= 0:
        raise RuntimeError(f"Expected a strictly positive integer for 'ind', but got {ind}")
    first, last = math.prod(shape[:ind]), math.prod(shape[ind:])
    if first != last:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got "
            f"{last} != {first}"
        )
    flat = ops.reshape(input, (last, first))
    found, info = ops.inverse(flat)
    if whole(info).any():
        raise failed("inv", whole(info), _SINGULAR)
    return ops.reshape(found, (*shape[ind:], *shape[:ind]))  # type: ignore[no-any-return]


# -- general systems ----------------------------------------------------------------------------------------------


def is_vector(A: Tensor, B: Tensor) -> bool:
    """Whether torch takes B for right-hand sides of one column each."""
    a, b = A._array.shape, B._array.shape
    return len(b) == 1 or (len(a) - 1 == len(b) and a[:-1] == b)


def _solve(A: Tensor, B: Tensor, left: bool) -> tuple[Tensor, Any]:
    check_floating("linalg.solve", A, half=True)
    check_same_dtype("linalg.solve", A, B)
    vector = is_vector(A, B)
    if vector:
        check_square("linalg.solve", A)
        if not left:
            raise RuntimeError(
                "linalg.solve: Vector broadcasting of the left hand side is not supported for left=False. In this "
                "case linalg.solve is equivalent to B / A.squeeze(-1)"
            )
        rows = A._array.shape[-2]
        if B._array.shape[-1] != rows:
            raise RuntimeError(
                "linalg.solve: Incompatible shapes of A and B for the equation AX = B "
                f"({rows}x{rows} and {B._array.shape[-1]}x1)"
            )
    else:
        check_fits("linalg.solve", A, B, left)
        check_batches(A._array, B._array)
    check_kernel("lu_cpu", A)
    factors, pivots, info = lapack.lu(A._array)
    found = ops.solve(A, B, factors, pivots, adjoint=False, left=bool(left), vector=vector)
    return found, info


@function("linalg", out="same")
def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """X with A X = B, or X A = B. Raises LinAlgError for a singular matrix."""
    found, info = _solve(A, B, left)
    if info.any():
        raise failed("torch.linalg.solve", info, _UNSOLVED)
    return found


@function("linalg", out=True)
def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    """The solution, and per matrix the place of the zero that makes it singular, counted from 1, or 0."""
    found, info = _solve(A, B, left)
    if check_errors and info.any():
        raise failed("torch.linalg.solve_ex", info, _UNSOLVED)
    return SolveEx(found, wrap(info))  # type: ignore[arg-type, call-arg]


@function("linalg", out=True)
def tensorsolve(input: Tensor, other: Tensor, dims: Any = None) -> Tensor:
    """X whose product with `input`, over X's dimensions, is `other`; `dims` go to the end first."""
    A, B = input, other
    if dims is not None:
        moved = [arguments.dim(d, A._array.ndim) for d in dims]
        A = ops.permute(A, dims=(*[d for d in range(A._array.ndim) if d not in moved], *moved))
    ndim, shape = B._array.ndim, A._array.shape
    rest, given = math.prod(shape[ndim:]), B._array.size
    if rest != given:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), "
            f"but got {rest} != {given}"
        )
    found = solve(ops.reshape(A, (rest, rest)), ops.reshape(B, (-1,)))
    return ops.reshape(found, shape[ndim:])  # type: ignore[no-any-return]


_SMALLER = "smaller or equal to LU.size(-2)"
_OF_LU_FACTOR = "Did you properly pass the result of lu_factor?"


@function("linalg", out=True)
def lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False) -> Tensor:
    """X with A X = B (or X A = B, or A's adjoint), of the factors that `linalg.lu_factor` gives."""
    if pivots._array.dtype != np.int32:
        raise RuntimeError("linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32")
    check_kernel("linalg.lu_solve_cpu", LU)
    check_same_dtype("linalg.lu_solve", LU, B, ("LU", "B"))
    check_square("torch.linalg.lu_solve", LU)
    check_fits("linalg.lu_solve", LU, B, left)
    if LU._array.shape[-1] != pivots._array.shape[-1]:
        raise RuntimeError("linalg.lu_solve: Number of pivots per batch should be same as the dimension of the matrix")
    check_batches(LU._array, B._array)
    # LAPACK would exchange rows with what lies outside of the matrix.
    rows = whole(pivots)
    for wrong, bound in ((rows < 1, "greater or equal to 1"), (rows > LU._array.shape[-2], _SMALLER)):
        if wrong.any():
            raise RuntimeError(f"Pivots given to lu_solve must all be {bound}. {_OF_LU_FACTOR}")
    return ops.lu_solve(LU, B, pivots, adjoint=bool(adjoint), left=bool(left))  # type: ignore[no-any-return]


@function("", name="lu_solve", out="same")
def root_lu_solve(input: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """`linalg.lu_solve` with the right-hand side first."""
    return lu_solve(LU_data, LU_pivots, input)  # type: ignore[no-any-return]


# -- triangular systems -------------------------------------------------------------------------------------------


@function("linalg", out="same")
def solve_triangular(
    input: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Tensor:
    """X with A X = B, or X A = B, of a triangular A; the other triangle is not read, nothing is checked."""
    check_fits("linalg.solve_triangular", input, B, left)
    check_batches(input._array, B._array)
    check_kernel("triangular_solve_cpu", input)
    return ops.solve_triangular(  # type: ignore[no-any-return]
        input, cast(B, input._array.dtype), upper=bool(upper), left=bool(left), unitriangular=bool(unitriangular)
    )


@function("", out=True)
def triangular_solve(
    input: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    """X with A X = input for a triangular A, or with its transpose, and a copy of A."""
    for called, x in (("b", input), ("A", A)):
        if x._array.ndim < 2:
            raise RuntimeError(
                f"torch.triangular_solve: Expected {called} to have at least 2 dimensions, but it has "
                f"{x._array.ndim} dimensions instead"
            )
    if A._array.dtype is not input._array.dtype:
        raise RuntimeError(
            f"Expected b and A to have the same dtype, but found b of type {dtypes.title(input._array.dtype)} and A of "
            f"type {dtypes.title(A._array.dtype)} instead."
        )
    check_fits("torch.triangular_solve", A, input, True)
    check_batches(A._array, input._array)
    check_kernel("triangular_solve_cpu", input)
    found = ops.triangular_solve(
        input, A, upper=bool(upper), transpose=bool(transpose), unitriangular=bool(unitriangular)
    )
    return TriangularSolved(*found)


# -- by a Cholesky factor -----------------------------------------------------------------------------------------


@function("", out=True)
def cholesky_solve(input: Tensor, input2: Tensor, upper: bool = False) -> Tensor:
    """X with A X = input, of A's Cholesky factor."""
    b, factor = input._array, input2._array
    for called, x in (("b", b), ("u", factor)):
        if x.ndim < 2:
            raise RuntimeError(f"{called} should have at least 2 dimensions, but has {x.ndim} dimensions instead")
    if b.dtype != factor.dtype:
        raise RuntimeError(
            f"Expected b and A to have the same dtype, but found b of type {dtypes.title(b.dtype)} and A of type "
            f"{dtypes.title(factor.dtype)} instead."
        )
    if factor.shape[-1] != factor.shape[-2]:
        raise RuntimeError(
            f"A must be batches of square matrices, but they are {factor.shape[-2]} by {factor.shape[-1]} matrices"
        )
    if b.shape[-2] != factor.shape[-1]:
        raise RuntimeError(
            f"Incompatible matrix sizes for cholesky_solve: each A matrix is {factor.shape[-1]} by {factor.shape[-1]} "
            f"but each b matrix is {b.shape[-2]} by {b.shape[-1]}"
        )
    check_kernel("cholesky_solve_cpu", input)
    check_batches(factor, b)
    return ops.cholesky_solve(input, input2, upper=bool(upper))  # type: ignore[no-any-return]


@function("", out=True)
def cholesky_inverse(input: Tensor, upper: bool = False) -> Tensor:
    """The inverse of a matrix, from its Cholesky factor. Raises LinAlgError if that is singular."""
    check_square("cholesky_inverse", input)
    check_kernel("cholesky_inverse_out_cpu", input)
    zeros = np.diagonal(input._array, axis1=-2, axis2=-1) == 0
    if zeros.any():
        raise failed("cholesky_inverse", np.where(zeros.any(-1), zeros.argmax(-1) + 1, 0), _SINGULAR)
    return ops.cholesky_inverse(input, upper=bool(upper))  # type: ignore[no-any-return]


# -- least squares ------------------------------------------------------------------------------------------------


@function("linalg", out=True)
def pinv(
    input: Tensor,
    rcond: Tolerance = None,
    hermitian: bool = False,
    *,
    atol: Tolerance = None,
    rtol: Tolerance = None,
) -> Tensor:
    """The pseudo-inverse; singular values up to max(atol, rtol · the largest) count as zeros."""
    d = input._array.dtype
    if input._array.ndim < 2 or d.kind not in "fc" or dtypes.is_half(d):
        raise RuntimeError(
            f"linalg.pinv({dtypes.title(d)}{{{list(input._array.shape)}}}): expected a tensor with 2 or more "
            "dimensions of float, double, cfloat or cdouble types"
        )
    if hermitian:
        check_square("linalg.pinv", input)
    absolute, relative = tolerances(input, atol, rcond if rtol is None else rtol)
    found = ops.pinv(input, atol=absolute, rtol=relative, hermitian=bool(hermitian))
    return brought("lower", found)[0]  # type: ignore[no-any-return]  # torch's ends with a product, which autocast casts


@function("")
def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """`linalg.pinv` under its old name."""
    return pinv(input, rcond)  # type: ignore[no-any-return]


@function("linalg", out=True)
def lstsq(input: Tensor, b: Tensor, rcond: float | None = None, *, driver: str | None = None) -> Any:
    """The X of least norm among those that make A X - b smallest; by `driver` also residuals, rank, singular values."""
    A, B = input, b
    if A._array.ndim < 2:
        raise RuntimeError("torch.linalg.lstsq: input must have at least 2 dimensions.")
    if B._array.ndim < 1:
        raise RuntimeError("torch.linalg.lstsq: other must have at least 1 dimension.")
    if not 0 <= A._array.ndim - B._array.ndim <= 1:
        raise RuntimeError(
            "torch.linalg.lstsq: input.dim() must be greater or equal to other.dim() and "
            "(input.dim() - other.dim()) <= 1"
        )
    if A._array.dtype != B._array.dtype:
        raise RuntimeError(
            "torch.linalg.lstsq: Expected input and other to have the same dtype, but got input's dtype "
            f"{dtypes.title(A._array.dtype)} and other's dtype {dtypes.title(B._array.dtype)}"
        )
    if A._array.dtype.kind not in "fc":
        raise RuntimeError("This function doesn't handle types other than float and double")
    check_kernel("linalg_lstsq_cpu", A)
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        raise RuntimeError("torch.linalg.lstsq: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)")
    vector = is_vector(A, B)
    rows, columns = A._array.shape[-2:]
    if B._array.shape[-1 if vector else -2] != rows:
        place = "-1" if vector else "-2"
        raise RuntimeError(f"torch.linalg.lstsq: input.size(-2) should match other.size({place})")
    if not vector and B._array.ndim < A._array.ndim:
        # torch asks of one matrix what it asks of vectors, and has a copy for each of them.
        batch = common_batch(A._array.shape[:-2], B._array.shape[:-1])
        B = ops.expand(B, shape=(*batch, *B._array.shape[-2:]))
    sides = B._array[..., None] if vector else B._array
    check_batches(A._array, sides)
    used = driver or "gelsy"
    cutoff = float(np.finfo(A._array.dtype).eps) * max(rows, columns) if rcond is None else rcond
    solution, rank, values = anyway(decompositions.lstsq, A._array, sides, cutoff, used)
    whole = rows > columns and used != "gelsy" and (used == "gels" or bool((rank == columns).all()))
    found, residuals = ops.lstsq(A, B, solution=solution, vector=vector, with_residuals=whole)
    nothing = np.empty(0, values.dtype)
    return LeastSquares(  # type: ignore[call-arg]
        found,
        residuals,
        wrap(rank if used != "gels" else np.empty(0, np.int64)),
        wrap(values if used in ("gelsd", "gelss") else nothing),
    )
