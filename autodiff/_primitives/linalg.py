"""Determinants, the matrix exponential and vector products."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._core.kinds import general
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._kernels import decompositions, lapack

# -- determinants -------------------------------------------------------------------------------------------------


def _det_back(g: Any, A: Any, LU: Any, pivots: Any, out: Any) -> Any:
    """Jacobi's formula; of a singular matrix the cofactors, which its neighbours' gradients tend to."""
    g = _as_matrices(g)
    if A.shape[-1] == 1:
        return g
    array = out._array if isinstance(out, Tensor) else out
    if (array == 0).any():
        return g * ops.adjoint(ops.adjugate(A))
    if isinstance(A, Tensor):
        # The determinant of the same factors, or their errors would not cancel in the next derivative.
        H, LU, pivots = _adjoint_factors(A)
        return g * _as_matrices(ops.det(H, LU, pivots)) * ops.inverse_of_factors(H, LU, pivots)
    return g * _as_matrices(ops.conj(out)) * _inverse_adjoint(A, LU, pivots)


def _as_matrices(x: Any) -> Any:
    """Numbers as matrices of one element."""
    return ops.unsqueeze(ops.unsqueeze(x, dim=x.ndim), dim=x.ndim)


def _adjoint_factors(A: Any) -> tuple[Any, Any, Any]:
    """The adjoint and its own factors, as in torch: what is 0 in the inverse of a lower triangle stays 0."""
    H = ops.adjoint(A)
    return H, *ops.lu_factor_ex(H)[:2]


def _inverse_adjoint(A: Any, LU: Any, pivots: Any) -> Any:
    if isinstance(A, Tensor):
        return ops.inverse_of_factors(*_adjoint_factors(A))
    return ops.adjoint(ops.inverse_of_factors(A, LU, pivots))


# The factors of A come with it, so that A's own derivative is what is recorded.
general(
    "det",
    lambda A, LU, pivots: decompositions.det(LU, pivots),
    _det_back,
    inputs=("A", "LU", "pivots"),
    node="LinalgDetBackward0",
)
general(
    "inverse_of_factors",
    lambda A, LU, pivots: lapack.lu_inverse(LU, pivots),
    lambda g, out: -ops.bmm(ops.adjoint(out), ops.bmm(g, ops.adjoint(out))),
    inputs=("A", "LU", "pivots"),
)
general(
    "adjugate",
    decompositions.adjugate,
    lambda g, A: ops.adjugate_along(ops.adjoint(A), g),
    inputs=("A",),
)
general("adjugate_along", decompositions.adjugate_along, inputs=("A", "direction"))


def _slogdet_back(g: Any, A: Any, LU: Any, pivots: Any, sign: Any) -> Any:
    g_sign, g_logarithm = g
    is_complex = (sign._array if isinstance(sign, Tensor) else sign).dtype.kind == "c"
    if is_complex and g_sign is not None:
        # Only the angle of the sign moves.
        turned = ops.conj(g_sign) * sign
        turn = (turned - ops.conj(turned)) * 0.5
        g = -turn if g_logarithm is None else g_logarithm - turn
    else:
        g = g_logarithm
    if g is None:
        return None
    return _as_matrices(g) * _inverse_adjoint(A, LU, pivots)


general(
    "slogdet",
    lambda A, LU, pivots: decompositions.slogdet(LU, pivots),
    _slogdet_back,
    inputs=("A", "LU", "pivots"),
    outputs=("sign", "logabsdet"),
    materializes=False,
    node="LinalgSlogdetBackward0",
)

# -- the exponential ----------------------------------------------------------------------------------------------


def _matrix_exp_back(g: Any, input: Any) -> Any:
    """The derivative along g, as a block of the exponential of a matrix of blocks (Mathias 1996).

    It is linear in g, which a power of two brings to size 1: squaring a large block would take the matrix' digits.
    """
    A = ops.adjoint(input)
    n, size = A.shape[-1], _power_of_two(g)
    upper = ops.cat(A, g / size, dim=A.ndim - 1)
    lower = ops.cat(ops.zeros_like(A), A, dim=A.ndim - 1)
    both = ops.matrix_exp(ops.cat(upper, lower, dim=A.ndim - 2))
    return ops.region(both, index=(..., slice(0, n), slice(n, 2 * n))) * size


def _power_of_two(g: Any) -> float:
    """The power of two just below the largest element; 1 if that is 0 or not finite."""
    largest = float(np.abs(g._array if isinstance(g, Tensor) else g).max(initial=0))
    return 2.0 ** (math.frexp(largest)[1] - 1) if 0 < largest < math.inf else 1.0


general("matrix_exp", decompositions.expm, _matrix_exp_back, inputs=("input",), node="LinalgMatrixExpBackward0")

# -- products -----------------------------------------------------------------------------------------------------
general(
    "cross",
    decompositions.cross,
    lambda g, other, dim: ops.cross(ops.conj(other), g, dim=dim),
    lambda g, input, dim: ops.cross(g, ops.conj(input), dim=dim),
    inputs=("input", "other"),
    node="LinalgCrossBackward0",
)
