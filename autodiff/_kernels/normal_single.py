"""GELU in float32: one pass over memory, block by block in the cache.

On the left side nothing is lost: the tail is a polynomial times e^(-x²/2), not a difference from 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels.blocks import fill

#: Up to here a shorter polynomial does.
_NEAR = 5.5
#: The normal distribution's tail beyond z is e^(-z²/2) y p(y) at y = bend / (bend + z): minimax fits of the relative
#: error by Lawson's iteration, to 2^-23.6 as far as `_NEAR` and to 2^-26 as far as float32 reaches. The bend, and p.
_NEAR_TAIL = (
    4.0,
    (-0.0948176302, 0.356628063, -0.295719223, 0.309916412, 0.00896017423, 0.116742432, 0.0982898068),
)  # fmt: skip
_TAIL = (
    1 / 0.265,
    (0.0306244855, -0.143300693, 0.215950476, -0.114286522, 0.136554973, 0.0608950096, 0.102555091, 0.105266778,
     0.105740397),
)  # fmt: skip
_OVER_ROOT = 0.3989422804014327
#: The bits of a float32: its sign, and one half.
_SIGN, _HALF = -(2**31), 0x3F000000
#: Elements of a block: a kernel keeps three, and each pass over one costs a call.
_BLOCK = 1 << 16


def _gauss(x: Any) -> Any:
    """e^(-x²/2), through float64: in the exponent the rounding error of the square would cost 40 ulp."""
    wide = x.astype(np.float64)
    np.square(wide, out=wide)
    np.multiply(wide, -0.5, out=wide)
    return np.exp(wide, out=wide).astype(np.float32)


def _distribution(x: Any, out: Any) -> Any:
    """Fill in the normal distribution's function; returns e^(-x²/2)."""
    y = np.abs(x)
    gauss = _gauss(x)
    bend, (first, *factors) = _NEAR_TAIL if np.maximum.reduce(y, axis=None, initial=0) <= _NEAR else _TAIL
    np.add(y, bend, out=y)
    np.divide(bend, y, out=y)
    np.multiply(y, first, out=out)
    for factor in factors:
        np.add(out, factor, out=out)
        np.multiply(out, y, out=out)
    np.multiply(out, gauss, out=out)
    # Right of 0 it is 1 - tail, left of it the tail. By the bit of x's sign, which goes to the tail: `where` takes as
    # long as half the polynomial.
    sign = np.bitwise_and(x.view(np.int32), _SIGN, out=y.view(np.int32))
    tail = out.view(np.int32)
    np.bitwise_xor(tail, sign, out=tail)
    half = np.bitwise_or(sign, _HALF, out=sign).view(np.float32)
    np.add(half, 0.5, out=half)  # 1 or 0
    np.subtract(half, out, out=out)
    return gauss


def _gelu(x: Any, out: Any) -> None:
    _distribution(x, out)
    np.multiply(out, x, out=out)


def _gelu_backward(g: Any, x: Any, out: Any) -> None:
    gauss = _distribution(x, out)
    np.multiply(gauss, _OVER_ROOT, out=gauss)
    np.multiply(gauss, x, out=gauss)
    np.add(out, gauss, out=out)
    np.multiply(out, g, out=out)


def gelu(x: Any) -> Any:
    """x times the normal distribution's function."""
    return fill(_gelu, x, block=_BLOCK)


def gelu_backward(g: Any, x: Any) -> Any:
    """g times the distribution's function and x times its density."""
    return fill(_gelu_backward, g, x, block=_BLOCK)
