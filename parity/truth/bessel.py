"""Forward lines of Bessel's and Airy's functions."""

from __future__ import annotations

from typing import Any

from parity.truth.balls import arb, equal
from parity.truth.scalar import unary


def _scaled_i(x: Any, order: int) -> Any:
    return x.bessel_i(order) * (-abs(x)).exp()


unary("i0 special.i0 special.modified_bessel_i0", lambda x: x.bessel_i(0))
unary("special.i1 special.modified_bessel_i1", lambda x: x.bessel_i(1))
unary("special.i0e", lambda x: _scaled_i(x, 0))
unary("special.i1e", lambda x: _scaled_i(x, 1))
unary("special.bessel_j0", lambda x: x.bessel_j(0))
unary("special.bessel_j1", lambda x: x.bessel_j(1))
unary("special.bessel_y0", lambda x: x.bessel_y(0))
unary("special.bessel_y1", lambda x: x.bessel_y(1))
unary("special.modified_bessel_k0", lambda x: x.bessel_k(0))
unary("special.modified_bessel_k1", lambda x: x.bessel_k(1))
unary("special.scaled_modified_bessel_k0", lambda x: x.bessel_k(0, scaled=True))
unary("special.scaled_modified_bessel_k1", lambda x: x.bessel_k(1, scaled=True))
unary("special.spherical_bessel_j0", lambda x: arb(1) if equal(x, arb(0)) else x.sin() / x)
unary("special.airy_ai", lambda x: x.airy_ai())
