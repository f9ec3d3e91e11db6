"""The gamma function's relatives, element by element: SciPy's kernels, with torch's answers at poles and infinities.

log |gamma| is not SciPy's, which loses ten ulp near its roots 1 and 2.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._kernels.half import in_single
from autodiff._kernels.layout import in_rows, laid_like
from autodiff._kernels.pieces import chebyshev, piecewise
from autodiff._kernels.scipy_special import special

# log gamma(x) / (x - 1), log gamma(x), log gamma(x) / (x - 2), expanded with 100 digits.
_BY_ROOT_1 = chebyshev(0.5, 1.25, (
    -0.726799529028633, 0.3693320419730712, -0.04098106449435798, 0.0062808444973331415, -0.0010881057888609458,
    0.00020055070682786284, -3.835244121257664e-05, 7.516454664785455e-06, -1.4993132578066838e-06,
    3.031064934335084e-07, -6.193083494893415e-08, 1.276364552181483e-08, -2.649548717672851e-09,
    5.53377201726577e-10, -1.1618480964464713e-10, 2.450515965266572e-11, -5.189228610740461e-12,
    1.1027689474778515e-12, -2.3509048351804007e-13, 5.025887599697679e-14, -1.0772016422706385e-14,
    2.3141102086000295e-15, -4.981774638733467e-16, 1.0745308172199857e-16, -2.3217733724975196e-17,
    5.024888671177648e-18,
))  # fmt: skip
_VALLEY = chebyshev(1.25, 1.75, (
    -0.10608875038928464, 0.007485785689738717, 0.014722756803972328, -0.0005485930481958467, 2.939158532388993e-05,
    -1.8262654467576902e-06, 1.2264958976269927e-07, -8.628821432104595e-09, 6.257430833653055e-10,
    -4.634401004388795e-11, 3.485717893763031e-12, -2.652807021876906e-13, 2.037787741473375e-14,
    -1.577225933096456e-15, 1.228447600841453e-16, -9.618995872845455e-18, 7.566413572819831e-19,
))  # fmt: skip
_BY_ROOT_2 = chebyshev(1.75, 3.0, (
    0.5253630128666147, 0.17695604124494987, -0.009909145617401631, 0.0008071607140766217, -7.71377213084644e-05,
    8.04387526075366e-06, -8.852219328107025e-07, 1.0097602420646138e-07, -1.1812331798680286e-08,
    1.4075873453236526e-09, -1.7009510834782359e-10, 2.077987069545227e-11, -2.560786231295259e-12,
    3.1782313945014337e-13, -3.967872237347028e-14, 4.978419958057743e-15, -6.273027115081716e-16,
    7.933580326337498e-17, -1.0066309519247797e-17, 1.2809114467228078e-18,
))  # fmt: skip
#: From here on Stirling's series needs these terms of it: B_2k / (2k (2k - 1)).
_LARGE = 12.0
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400)


_between = piecewise(
    (lambda x: x < 1.25, lambda x: (x - 1) * _BY_ROOT_1(x)),
    (lambda x: x < 1.75, _VALLEY),
    (lambda x: x <= 3, lambda x: (x - 2) * _BY_ROOT_2(x)),
)


def _shifted(x: Any) -> Any:
    """gamma(x + 1) = x gamma(x), until 2 < x <= 3."""
    product = np.ones_like(x)
    for _ in range(int(_LARGE) - 3):
        down = x > 3
        x = np.where(down, x - 1, x)
        product = np.where(down, product * x, product)
    return np.log(product) + _between(x)


def _stirling(x: Any) -> Any:
    square, rest = 1 / (x * x), np.zeros_like(x)
    for c in reversed(_STIRLING):
        rest = rest * square + c
    return (x - 0.5) * (np.log(x) - 1) + (0.5 * math.log(2 * math.pi) - 0.5 + rest / x)


def _reflected(x: Any) -> Any:
    """gamma(x) gamma(-x) = -π / (x sin πx)."""
    sine = np.abs(np.sin(np.pi * (x - np.rint(x))))
    return -np.log(-x * sine / np.pi) - _right(-x)


def _shifted_up(x: Any) -> Any:
    """The other way, until 1 <= x < 2."""
    product = np.ones_like(x)
    for _ in range(5):
        up = x < 1
        product = np.where(up, product * x, product)
        x = np.where(up, x + 1, x)
    return _between(x) - np.log(np.abs(product))


_right = piecewise(
    (lambda x: x < 0.5, lambda x: _between(x + 1) - np.log(x)),
    (lambda x: x <= 3, _between),
    (lambda x: x < _LARGE, _shifted),
    (lambda x: x > 1e300, lambda x: x * (np.log(x) - 1)),
    (lambda x: x > 0, _stirling),
)
#: log |gamma(x)|, infinite at both ends and at its poles.
lgamma = in_single(
    piecewise(
        (lambda x: x > 0, _right),
        (lambda x: np.isinf(x) | (x == np.floor(x)), lambda x: np.full_like(x, np.inf)),
        (lambda x: x > -1e-20, lambda x: -np.log(-x)),
        (lambda x: x > -4, _shifted_up),
        (lambda x: x < 0, _reflected),
    )
)


@in_single
def digamma(x: Any) -> Any:
    return special().digamma(x)


#: From here on Euler's and Maclaurin's series of zeta ends after its terms with B_2k / (2k)!.
_FAR = 16
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)


@in_single
def polygamma(x: Any, n: int) -> Any:
    """The nth derivative of digamma, a multiple of the sum of (k + x)^-(n + 1)."""
    if n == 0:
        return special().digamma(x)
    wide = x.astype(np.float64)
    right = _hurwitz(n + 1, np.where(wide > 0, wide, 1.0)) * ((-1) ** (n + 1) * math.factorial(n))
    if n == 1:
        left = _trigamma_left(wide)
    else:
        left = special().zeta(n + 1.0, wide) * ((-1) ** (n + 1) * math.factorial(n))
    return np.where(wide > 0, right, left).astype(x.dtype)


def _hurwitz(s: int, x: Any) -> Any:
    """The sum of (k + x)^-s for x > 0, the smallest terms first."""
    far = x + np.where(x < _FAR, _FAR, 0)
    square = 1 / (far * far)
    rest, rising = np.zeros_like(x), 1.0
    factors = []
    for k, b in enumerate(_BERNOULLI, 1):
        rising = float(s) if k == 1 else rising * (s + 2 * k - 3) * (s + 2 * k - 2)
        factors.append(b * rising / math.factorial(2 * k))
    for c in reversed(factors):
        rest = (rest + c) * square
    power = np.where(far < 1e60, 1 / _whole_power(far, s - 1), (1 / far) ** (s - 1))
    total = power / (s - 1) + power * (0.5 / far + rest)
    for k in range(_FAR - 1, -1, -1):
        total = total + np.where(x < _FAR, 1 / _whole_power(x + k, s), 0)
    return total


def _whole_power(x: Any, n: int) -> Any:
    return x if n == 1 else x * x if n == 2 else x**n


def _trigamma_left(x: Any) -> Any:
    """By reflection, where the sum ends at poles."""
    x = np.where(x > 0, -0.5, x)
    turns = np.pi / np.sin(np.pi * (x - np.rint(x)))
    return np.where(np.isinf(x), np.nan, turns * turns - _hurwitz(2, 1 - np.where(np.isinf(x), 0, x)))


@in_single
def mvlgamma(x: Any, p: int) -> Any:
    """The logarithm of the multivariate gamma function of dimension p."""
    x = in_rows(x)
    total = lgamma(x)
    for j in range(1, p):
        total = total + lgamma(x - x.dtype.type(j / 2))
    return total + x.dtype.type(p * (p - 1) / 4 * math.log(math.pi))


def zeta(x: Any, q: Any) -> Any:
    """Hurwitz's zeta function, the sum of (k + q)^-x."""
    kind = (x if isinstance(x, (np.ndarray, np.generic)) else q).dtype
    return special().zeta(x, q).astype(kind)


def igamma(a: Any, x: Any) -> Any:
    """The lower incomplete gamma function over gamma(a)."""
    return _incomplete("gammainc", a, x, 0.0)


def igammac(a: Any, x: Any) -> Any:
    """The upper one."""
    return _incomplete("gammaincc", a, x, 1.0)


def _incomplete(name: str, a: Any, x: Any, start: float) -> Any:
    """As torch has it, an end of either range settles the value before nan is asked for in the other."""
    kind, operands = a.dtype, (a, x)
    a, x = np.broadcast_arrays(a.astype(np.float64), x.astype(np.float64))
    found = getattr(special(), name)(a, x)
    # SciPy's prefactor loses two digits for small a: there log gamma is exact enough to begin again.
    small = (a > (0.3 if start == 1 else 1e-3)) & (a < 20) & (x > 1e-300) & (x < 60)
    if small.any():
        mended = np.array(found)
        mended[small] = _of_small(a[small], x[small], upper=start == 1)
        found = mended
    found = np.where((x == np.inf) & np.isnan(a), 1 - start, found)
    found = np.where(((x == 0) & np.isnan(a)) | ((a == np.inf) & np.isnan(x)), start, found)
    return laid_like(found.astype(kind), *operands)


def _of_small(a: Any, x: Any, upper: bool) -> Any:
    """Below a + 1 by its series, above by its continued fraction, both of positive terms."""
    front = np.exp(a * np.log(x) - x - lgamma(a))
    low = x < a + 1
    term = total = 1 / a
    for k in range(1, 120):
        term = np.where(low, term * x / (a + k), 0)
        total = total + term
    below = front * total
    far = np.where(low, a + 2, x)
    rest = far + 1 - a + 2 * 120
    for k in range(120, 0, -1):
        rest = far + 2 * k - 1 - a - k * (k - a) / rest
    above = front / rest
    return np.where(low, 1 - below, above) if upper else np.where(low, below, 1 - above)
