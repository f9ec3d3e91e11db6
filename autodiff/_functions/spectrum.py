"""Eigenvalues and singular values with torch's signatures."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.batched import whole
from autodiff._core.function import function
from autodiff._core.matrices import check_floating, check_kernel, check_matrix, check_square, failed
from autodiff._core.registry import ops
from autodiff._core.return_types import named
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.factorize import cholesky
from autodiff._functions.solve import inv

Eigh = named("linalg_eigh", "eigenvalues", "eigenvectors")
Eig = named("linalg_eig", "eigenvalues", "eigenvectors")
LinalgSVD = named("linalg_svd", "U", "S", "Vh")
SVD = named("svd", "U", "S", "V")

_NOT_FINITE = "The algorithm failed to converge because the input matrix contained non-finite values."


def _eigh(input: Tensor, UPLO: str) -> Any:
    check_square("linalg.eigh", input)
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    check_kernel("linalg_eigh_cpu", input)
    return ops.eigh(input, UPLO=UPLO.upper())


@function("linalg", out=True)
def eigh(input: Tensor, UPLO: str = "L") -> Any:
    """Eigenvalues of a Hermitian matrix in ascending order, and its eigenvectors; one triangle is read."""
    return Eigh(*_eigh(input, UPLO))


@function("linalg", out="same")
def eigvalsh(input: Tensor, UPLO: str = "L") -> Tensor:
    """Eigenvalues of a Hermitian matrix in ascending order; one triangle is read."""
    return _eigh(input, UPLO)[0]  # type: ignore[no-any-return]


def _eig(input: Tensor) -> Any:
    check_square("linalg.eig", input)
    if input._array.dtype.kind not in "fc":
        raise RuntimeError(f"Unknown Complex ScalarType for {dtypes.title(input._array.dtype)}")
    check_kernel("linalg_eig_out_cpu", input)
    if not np.isfinite(input._array).all():
        raise RuntimeError("torch.linalg.eig: input tensor should not contain infs or NaNs.")
    return ops.eig(input)


@function("linalg", out=True)
def eig(input: Tensor) -> Any:
    """Eigenvalues of a square matrix and its eigenvectors, complex and in no promised order."""
    return Eig(*_eig(input))


@function("linalg", out=True)
def eigvals(input: Tensor) -> Tensor:
    """Eigenvalues of a square matrix, complex and in no promised order."""
    return _eig(input)[0]  # type: ignore[no-any-return]


def _svd(A: Tensor, full_matrices: bool, driver: str | None = None) -> Any:
    check_matrix("linalg.svd", A)
    if A._array.dtype.kind not in "fc":
        check_floating("linalg.svd", A)
    check_kernel("linalg_svd_cpu", A)
    if driver is not None:
        raise RuntimeError(
            "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend."
        )
    finite = np.isfinite(whole(A)).all((-1, -2))
    if not finite.all():
        raise failed("linalg.svd", ~finite, _NOT_FINITE)
    return ops.svd(A, full_matrices=bool(full_matrices))


@function("linalg", out=True)
def svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> Any:
    """U, the singular values in descending order, and V^H, with A = U diag(S) V^H."""
    return LinalgSVD(*_svd(A, full_matrices, driver))


@function("linalg", out="same")
def svdvals(A: Tensor, *, driver: str | None = None) -> Tensor:
    """The singular values in descending order."""
    return _svd(A, False, driver)[1]  # type: ignore[no-any-return]


@function("", name="svd", out=True)
def root_svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """U, the singular values in descending order, and V, not its adjoint; zeros for U and V unless `compute_uv`."""
    if not compute_uv:
        rows, columns = input._array.shape[-2:]
        batch, dtype = input._array.shape[:-2], input._array.dtype
        U, V = (wrap(np.zeros((*batch, n, n), dtype)) for n in (rows, columns))
        return SVD(U, svdvals(input), V)  # type: ignore[arg-type, call-arg]
    U, S, Vh = _svd(input, not some)
    return SVD(U, S, _adjoint(Vh))  # type: ignore[call-arg]


def _adjoint(x: Tensor) -> Tensor:
    ndim = x._array.ndim
    return ops.transpose(ops.conj(x), dim0=ndim - 2, dim1=ndim - 1)  # type: ignore[no-any-return]


@function(method=False)
def lobpcg(
    A: Tensor,
    k: int | None = None,
    B: Tensor | None = None,
    X: Tensor | None = None,
    n: int | None = None,
    iK: Tensor | None = None,
    niter: int | None = None,
    tol: float | None = None,
    largest: bool | None = None,
    method: str | None = None,
    tracker: Any = None,
    ortho_iparams: Any = None,
    ortho_fparams: Any = None,
    ortho_bparams: Any = None,
) -> tuple[Tensor, Tensor]:
    """The k largest (or smallest) eigenvalues of a symmetric matrix, or of A x = λ B x, and eigenvectors.

    torch iterates from a guess X, drawn if there is none, until it is near; here they are found at once and exactly,
    so that what steers the iteration has no effect. Raises NotImplementedError for a `tracker`, which would watch it.
    """
    if tracker is not None:
        raise NotImplementedError("lobpcg: there is no iteration here that a tracker could watch; leave it out")
    A, B = (x if x is None else x.to_dense() for x in (A, B))  # type: ignore[attr-defined]
    shape = A._array.shape
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise AssertionError(f"A must be square, got shape torch.Size({list(shape)})")
    if B is not None and B._array.shape != shape:
        raise AssertionError(
            f"A and B must have same shape, got torch.Size({list(shape)}) vs torch.Size({list(B._array.shape)})"
        )
    check_kernel("linalg_eigh_cpu", A)
    if X is not None:
        n = X._array.shape[-1]
    k = k or (n if X is not None else 1)
    n = n or k
    if shape[-1] < 3 * n:
        raise ValueError(
            f"LOBPCG algorithm is not applicable when the number of A rows (={shape[-1]}) is smaller than 3 x the "
            f"number of requested eigenpairs (={n})"
        )
    if X is None:
        ops.randn(*shape[:-1], n, dtype=A.dtype)  # type: ignore[attr-defined]  # torch's guess, of the same stream
    if B is None:
        values, vectors = _eigh(A, "L")
    else:
        inverse = inv(cholesky(B))
        values, vectors = _eigh(inverse @ A @ inverse.mH, "L")
        vectors = inverse.mH @ vectors
    if largest or largest is None:
        values, vectors = values.flip(-1), vectors.flip(-1)
    return values[..., :k], vectors[..., :k]
