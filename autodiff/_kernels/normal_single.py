"""GELU in float32: one pass over memory, block by block in the cache.

On the left side nothing is lost: the tail is a polynomial times e^(-x²/2), not a difference from 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels.blocks import fill

#: The normal distribution's tail beyond z is e^(-z²/2) y p(y) at y = 1 / (1 + 0.265 z), to 2^-26 as far as float32
#: reaches: a minimax fit of the relative error by Lawson's iteration.
_SCALE = 0.265
_TAIL = (
    0.0306244855, -0.143300693, 0.215950476, -0.114286522, 0.136554973, 0.0608950096, 0.102555091, 0.105266778,
    0.105740397,
)  # fmt: skip
_OVER_ROOT = 0.3989422804014327
#: The bits of a float32: its sign, and one half.
_SIGN, _HALF = -(2**31), 0x3F000000


def _gauss(x: Any) -> Any:
    """e^(-x²/2), through float64: in the exponent the rounding error of the square would cost 40 ulp."""
    wide = x.astype(np.float64)
    np.multiply(wide, wide, out=wide)
    np.multiply(wide, -0.5, out=wide)
    return np.exp(wide, out=wide).astype(np.float32)


def _distribution(x: Any, gauss: Any, out: Any) -> None:
    y = np.abs(x)
    np.multiply(y, _SCALE, out=y)
    np.add(y, 1, out=y)
    np.divide(1, y, out=y)
    np.multiply(y, _TAIL[0], out=out)
    for factor in _TAIL[1:]:
        np.add(out, factor, out=out)
        np.multiply(out, y, out=out)
    np.multiply(out, gauss, out=out)
    # Half with the sign of x, by its bits: copysign and where take as long as half the polynomial.
    bits = np.bitwise_and(x.view(np.int32), _SIGN, out=y.view(np.int32))
    half = np.bitwise_or(bits, _HALF, out=bits).view(np.float32)
    # Right of 0 it is 1 - out, left of it out: half + 1/2 is 1 or 0.
    np.multiply(out, half, out=out)
    np.multiply(out, -2, out=out)
    np.add(half, 0.5, out=half)
    np.add(out, half, out=out)


def _gelu(x: Any, out: Any) -> None:
    _distribution(x, _gauss(x), out)
    np.multiply(out, x, out=out)


def _gelu_backward(g: Any, x: Any, out: Any) -> None:
    gauss = _gauss(x)
    _distribution(x, gauss, out)
    np.multiply(gauss, _OVER_ROOT, out=gauss)
    np.multiply(gauss, x, out=gauss)
    np.add(out, gauss, out=out)
    np.multiply(out, g, out=out)


def gelu(x: Any) -> Any:
    """x times the normal distribution's function."""
    return fill(_gelu, x)


def gelu_backward(g: Any, x: Any) -> Any:
    """g times the distribution's function and x times its density."""
    return fill(_gelu_backward, g, x)
