"""Orthogonal polynomials of a degree that is an operand too; torch differentiates none of them."""

from __future__ import annotations

from autodiff._core.kinds import discrete
from autodiff._kernels.polynomials import KERNELS

for _name, _kernel in KERNELS.items():
    discrete(_name, _kernel, 2, "ch", "out", computes="float", inputs="x n", public=f"special.{_name}")
