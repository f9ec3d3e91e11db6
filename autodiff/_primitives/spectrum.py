"""Eigenvalues and singular values, with their vectors. Formulas after Giles 2008, Townsend 2016 and Wan 2019.

Vectors are defined up to a sign, complex ones up to a phase: a loss that depends on the phase has no gradient. Results
without a gradient reach the formulas as None, so that equal eigenvalues spoil nothing but the vectors' part.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core.kinds import general, linear
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._kernels import decompositions

_PHASE = "specified up to multiplication by e^{i phi}. The specified loss function depends on this"


def _array(x: Any) -> Any:
    return x._array if isinstance(x, Tensor) else x


def _is_complex(x: Any) -> bool:
    return bool(_array(x).dtype.kind == "c")


def _row(x: Any) -> Any:
    """Per column of a matrix a factor."""
    return ops.unsqueeze(x, dim=x.ndim - 1)


def _column(x: Any) -> Any:
    """Per row of a matrix a factor."""
    return ops.unsqueeze(x, dim=x.ndim)


def _skew(x: Any) -> Any:
    return x - ops.adjoint(x)


# A diagonal alone, of a matrix or of a vector: each other's adjoint.
linear("on_diagonal", decompositions.on_diagonal, lambda g: ops.of_diagonal(g))
linear("of_diagonal", decompositions.of_diagonal, lambda g: ops.on_diagonal(g))


def _refuse_phase(shares: Any, sentence: str) -> None:
    """Raise RuntimeError if turning a vector by a phase would change the loss."""
    if _array(shares).size and float(np.abs(_array(shares).imag).max()) > 1e-2:
        raise RuntimeError(sentence)


# -- Hermitian matrices -------------------------------------------------------------------------------------------


def _eigh_back(g: Any, L: Any, V: Any) -> Any:
    gL, gV = g
    inner = None if gL is None else ops.on_diagonal(gL)
    if gV is not None:
        shares = ops.bmm(ops.adjoint(V), gV)
        if _is_complex(V):
            _refuse_phase(
                ops.of_diagonal(shares),
                f"linalg_eigh_backward: The eigenvectors in the complex case are {_PHASE} quantity, so it is "
                "ill-defined.",
            )
        turned = _skew(shares) * 0.5 / ops.gaps(L)
        inner = turned if inner is None else turned + inner
    return ops.bmm(V, ops.bmm(inner, ops.adjoint(V)))


general(
    "eigh",
    decompositions.eigh,
    _eigh_back,
    inputs=("A",),
    outputs=("L", "V"),
    materializes=False,
    node="LinalgEighBackward0",
)

# -- any square matrix --------------------------------------------------------------------------------------------


def _eig_back(g: Any, L: Any, V: Any) -> Any:
    gL, gV = g
    inner = None if gL is None else ops.on_diagonal(gL)
    if gV is not None:
        shares = ops.bmm(ops.adjoint(V), gV)
        own = ops.of_diagonal(shares)
        _refuse_phase(
            own,
            f"linalg_eig_backward: The eigenvectors in the complex case are {_PHASE} quantity, so it is ill-defined.",
        )
        # Vectors keep their length: what would change it is left out.
        shares = shares - ops.bmm(ops.adjoint(V), V) * _row((own + ops.conj(own)) * 0.5)
        turned = shares / ops.conj(ops.gaps(L))
        inner = turned if inner is None else turned + inner
    return ops.bmm(ops.adjoint(ops.inverse(V)[0]), ops.bmm(inner, ops.adjoint(V)))


general(
    "eig",
    decompositions.eig,
    _eig_back,
    inputs=("A",),
    outputs=("L", "V"),
    materializes=False,
    node="LinalgEigBackward0",
)

# -- singular values ----------------------------------------------------------------------------------------------


def _svd_back(g: Any, U: Any, S: Any, Vh: Any, A_shape: Any) -> Any:
    gU, gS, gVh = g
    rows, columns = A_shape[-2:]
    k = min(rows, columns)
    # Vectors beyond the singular values are any basis of what is left: they have no derivative.
    U, gU = (x if x is None else ops.region(x, index=(..., slice(None), slice(0, k))) for x in (U, gU))
    Vh, gVh = (x if x is None else ops.region(x, index=(..., slice(0, k), slice(None))) for x in (Vh, gVh))
    if gU is None and gVh is None:
        return ops.bmm(U * _row(gS), Vh)
    left = None if gU is None else _skew(ops.bmm(ops.adjoint(U), gU))
    right = None if gVh is None else _skew(ops.bmm(Vh, ops.adjoint(gVh)))
    gaps = ops.gaps(S * S)
    inner = None if gS is None else ops.on_diagonal(gS)
    for turned in (
        None if left is None else left / gaps * _row(S),
        None if right is None else _column(S) * (right / gaps),
    ):
        if turned is not None:
            inner = turned if inner is None else inner + turned
    if _is_complex(U):
        both = left if right is None else right if left is None else left + right
        _refuse_phase(
            ops.of_diagonal(both) * 0.5,
            f"svd_backward: The singular vectors in the complex case are {_PHASE} phase term, making it ill-defined.",
        )
        if left is not None:
            # What the loop added on the diagonal belongs to the phases, which are shared by both sides.
            inner = inner - ops.on_diagonal(ops.of_diagonal(left) * S)
            inner = inner + ops.on_diagonal(ops.of_diagonal(left) / (S * 2))
        if right is not None:
            inner = inner - ops.on_diagonal(ops.of_diagonal(right) * S)
    found = ops.bmm(U, inner)
    if gU is not None and rows > k:
        found = found + (gU - ops.bmm(U, ops.bmm(ops.adjoint(U), gU))) / _row(S)
    found = ops.bmm(found, Vh)
    if gVh is not None and columns > k:
        beyond = gVh - ops.bmm(ops.bmm(gVh, ops.adjoint(Vh)), Vh)
        found = found + ops.bmm(U, beyond / _column(S))
    return found


general(
    "svd",
    decompositions.svd,
    _svd_back,
    inputs=("A",),
    outputs=("U", "S", "Vh"),
    materializes=False,
    node="LinalgSvdBackward0",
)
