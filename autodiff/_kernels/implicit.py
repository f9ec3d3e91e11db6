"""How a gamma or a beta variate moves with its shape while its probability stays: -(dF/da) / f.

dF/da is the integral of the density times what the logarithm exceeds its mean by, taken from the variate outwards to
the side where that keeps its sign: nothing cancels. It is summed by the double exponential rule (Takahasi and Mori,
1974) over the logarithm, or the log-odds, of the variable, in double precision. Small variates of shapes below 1,
where the integrand is flat for long, are left to the series in their powers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels.scipy_special import special

_STEP = np.arange(-5.0, 5.0 + 1e-9, 0.0625)
#: Distances from the variate, and their weights, for integrands that fall off like exp(-u).
_POINTS = np.exp(_STEP - np.exp(-_STEP))
_WEIGHTS = 0.0625 * _POINTS * (1 + np.exp(-_STEP))


#: Terms of the series: of numbers below 1/2 the rest is below rounding.
_TERMS = 24


def _small_gamma(a: Any, z: Any) -> Any:
    term, total = z / a, np.zeros_like(z)
    for n in range(_TERMS):
        total += term * (special().digamma(a + n + 1) - np.log(z))
        term = term * z / (a + n + 1)
    return total


def _small_beta(a: Any, b: Any, z: Any) -> Any:
    start = special().digamma(a + b) - special().digamma(a + 1) + np.log(z)
    factor, total = np.ones_like(z), np.zeros_like(z)
    for n in range(_TERMS):
        total += factor / (a + n) * (start + n / (a * (a + n)))
        factor = factor * (n + 1 - b) / (n + 1) * z
    return -z * total * np.exp(-b * np.log1p(-z))


def gamma_slope(shape: Any, x: Any) -> Any:
    """dx/dshape of gamma variates x."""
    dtype = np.result_type(shape, x)
    a, z = np.broadcast_arrays(np.asarray(shape, np.float64)[..., None], np.asarray(x, np.float64)[..., None])
    excess = np.log(z) - special().digamma(a)
    side = np.where(excess >= 0, 1.0, -1.0)
    # How fast the integrand falls at first, and how wide its bell is.
    fall = np.maximum(side * (z - a), 0) + np.sqrt(np.maximum(z, np.minimum(a, z + 1)))
    u = side * _POINTS / np.where(fall > 0, fall, 1.0)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        weight = np.exp(a * u - z * np.expm1(u))
        terms = weight * np.abs(excess + u) * _WEIGHTS
        found = z[..., 0] * terms.sum(-1) / np.where(fall > 0, fall, 1.0)[..., 0]
        small = (a < 1) & (z < 0.5)
        return np.where(small, _small_gamma(a, np.where(small, z, 0.25)), found[..., None])[..., 0].astype(dtype)


def beta_slope(x: Any, shape: Any, total: Any) -> Any:
    """dx/dshape of beta variates x of shapes `shape` and `total - shape`, divided by 1 - x."""
    dtype = np.result_type(x, shape, total)
    z, a, both = np.broadcast_arrays(*(np.asarray(v, np.float64)[..., None] for v in (x, shape, total)))
    b = both - a
    digamma = special().digamma
    excess = np.log(z) - (digamma(a) - digamma(both))
    side = np.where(excess >= 0, 1.0, -1.0)
    fall = np.maximum(side * (both * z - a), 0) + np.sqrt(np.maximum(both * z * (1 - z), 0)) + 1e-300
    u = side * _POINTS / fall
    # log(t / z) and log((1 - t) / (1 - z)) at log-odds u from those of z.
    rest = np.where(u < 300, np.log1p(z * np.expm1(np.minimum(u, 300.0))), np.log(z) + u)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        weight = np.exp(a * (u - rest) - b * rest)
        terms = weight * np.abs(excess + u - rest) * _WEIGHTS
        found = z[..., 0] * terms.sum(-1) / fall[..., 0]
        small = (a < 1) & (both * z < 0.5) & (z < 0.25)
        return np.where(small, _small_beta(a, b, np.where(small, z, 0.25)), found[..., None])[..., 0].astype(dtype)
