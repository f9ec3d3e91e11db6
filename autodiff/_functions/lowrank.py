"""Matrices by fewer singular values than they have, found from products with random ones, in torch's signatures."""

from __future__ import annotations

from autodiff._core.function import function
from autodiff._core.registry import FUNCTIONS, ops
from autodiff._core.tensor import Tensor
from autodiff._functions.factorize import qr
from autodiff._functions.spectrum import svd


def _basis(A: Tensor, q: int, niter: int) -> Tensor:
    """Columns that nearly span what A maps to, by powers of A on random vectors (Halko et al., 2009, algorithm 4.4)."""
    drawn = FUNCTIONS["randn"].public(A._array.shape[-1], q, dtype=A.dtype)
    basis = qr(ops.matmul(A, drawn)).Q
    for _ in range(niter):
        basis = qr(ops.matmul(ops.adjoint(A), basis)).Q
        basis = qr(ops.matmul(A, basis)).Q
    return basis  # type: ignore[no-any-return]


@function(method=False)
def svd_lowrank(
    A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """U, S and V of the `q` largest singular values of A, or of A - M: good where the others are small.

    More iterations `niter` part them better. The random vectors are `randn`'s.
    """
    matrix = A if M is None else A - M
    wide = matrix._array.shape[-2] < matrix._array.shape[-1]
    if wide:
        matrix = ops.adjoint(matrix)
    basis = _basis(matrix, 6 if q is None else q, 2 if niter is None else niter)
    U, S, Vh = svd(ops.matmul(ops.adjoint(basis), matrix), full_matrices=False)
    U, V = ops.matmul(basis, U), ops.adjoint(Vh)
    return (V, S, U) if wide else (U, S, V)


@function(method=False)
def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    """`svd_lowrank` of the rows of A, whose mean is taken away first: V's columns are the principal directions.

    Raises ValueError for a q or niter out of range.
    """
    m, n = A._array.shape[-2:]
    count = min(6, m, n) if q is None else q
    if not 0 <= count <= min(m, n):
        raise ValueError(f"q(={count}) must be non-negative integer and not greater than min(m, n)={min(m, n)}")
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    centered = A - A.mean(dim=-2, keepdim=True) if center else A  # type: ignore[attr-defined]
    return svd_lowrank(centered, count, niter)  # type: ignore[no-any-return]
