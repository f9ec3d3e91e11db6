"""Orthogonal polynomials of a degree that is an operand too; torch differentiates none of them."""

from __future__ import annotations

from autodiff._core.kinds import discrete
from autodiff._kernels import polynomials

for _name, _kernel in {
    "chebyshev_polynomial_t": polynomials.chebyshev_t,
    "chebyshev_polynomial_u": polynomials.chebyshev_u,
    "chebyshev_polynomial_v": polynomials.chebyshev_v,
    "chebyshev_polynomial_w": polynomials.chebyshev_w,
    "shifted_chebyshev_polynomial_t": polynomials.shifted(polynomials.chebyshev_t),
    "shifted_chebyshev_polynomial_u": polynomials.shifted(polynomials.chebyshev_u),
    "shifted_chebyshev_polynomial_v": polynomials.shifted(polynomials.chebyshev_v),
    "shifted_chebyshev_polynomial_w": polynomials.shifted(polynomials.chebyshev_w),
    "hermite_polynomial_h": polynomials.hermite_h,
    "hermite_polynomial_he": polynomials.hermite_he,
    "laguerre_polynomial_l": polynomials.laguerre_l,
    "legendre_polynomial_p": polynomials.legendre_p,
}.items():
    discrete(_name, _kernel, 2, "ch", "out", computes="float", inputs="x n", public=f"special.{_name}")
