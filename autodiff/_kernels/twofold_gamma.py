"""log |gamma| and digamma with twice the digits: Stirling's series far out, recurrence and reflection to there."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from autodiff._kernels.twofold import Pair, add, divide, multiply, two_sum
from autodiff._kernels.twofold_functions import PI, log, negative, pair, polynomial, sine_and_cosine

#: From here on these terms of Stirling's series are enough.
_FAR = 32
_BERNOULLI = [
    Fraction(*b) for b in ((1, 6), (-1, 30), (1, 42), (-1, 30), (5, 66), (-691, 2730), (7, 6), (-3617, 510),
                           (43867, 798), (-174611, 330), (854513, 138), (-236364091, 2730), (8553103, 6))
]  # fmt: skip
_STIRLING = [pair(b / (2 * k * (2 * k - 1))) for k, b in enumerate(_BERNOULLI, 1)]
_ITS_SLOPE = [pair(b / (2 * k)) for k, b in enumerate(_BERNOULLI, 1)]
#: log √(2π)
_HALF_LOG = (0.9189385332046728, -3.878294158067242e-17)
_ONE = (1.0, 0.0)
#: Roots of log |gamma| that have numbers close by: each in two parts, the slope there, half its relative change.
_LGAMMA_ROOTS = np.array([
    (-10.99999997494789, 1.9843998306985407e-16, -39916795.114676446, -19958400.000000097),
    (-10.000000275573013, -3.4909708332642057e-16, 3628804.7035030955, 1814400.0000010412),
    (-9.99999972442663, 4.883037618642443e-16, -3628795.296492739, -1814400.0000010412),
    (-9.000002755714823, -9.491348611623208e-17, 362884.5034850277, 181440.00001007513),
    (-8.999997244250977, -2.2185620509727132e-16, -362875.4964746711, -181440.00001007546),
    (-8.000024800270682, -4.354586297860107e-16, 40324.281108124356, 20160.000087409593),
    (-7.999975197095821, -5.261737128572354e-17, -40315.71854218779, -20160.00008743434),
    (-7.000198333407325, 2.504354173632409e-16, 5044.029941110829, 2520.0006705654296),
    (-6.999801507890638, 1.0550130037400023e-17, -5035.967373768125, -2520.000671996312),
    (-6.001385294453155, 6.415847287933042e-17, 723.7366299252801, 360.00445400973206),
    (-5.998607480080875, -3.311862478893795e-16, -716.2454304275473, -360.0045161693299),
    (-5.0082181683225935, -4.3926353491015815e-17, 123.3621845633534, 60.024572833548696),
    (-4.991544640560048, 1.5174411760571722e-16, -116.53578161624363, -60.02650737719011),
    (-4.039361839740537, 2.1143995503980602e-16, 26.790480886140593, 12.103378222881874),
    (-3.955294284858598, -1.999428391746348e-17, -20.725060845803707, -12.14542550488363),
    (-3.14358088834998, -2.1818179852331714e-16, 7.781884658131351, 3.3194193318448373),
    (-2.7476826467274127, 9.055340329338315e-17, -1.9143501856115988, -5.001796195741781),
    (-2.4570247382208006, -3.7075610815513266e-17, 1.5156034480216574, 3.205535694693519),
]).T  # fmt: skip
#: The same of digamma.
_DIGAMMA_ROOTS = np.array([
    (-19.74308167259022, 6.505672516695227e-16, 18.86776584413125, -3.015853079185529),
    (-18.7403749447801, 7.757330874026816e-16, 18.56222105397533, -2.965474203074352),
    (-17.73747515997759, -5.125776230727235e-16, 18.245700765693552, -2.9124098421212326),
    (-16.734356723955734, -1.2039501631800144e-15, 17.917262680194938, -2.856356293272072),
    (-15.730988906332882, 1.0551956373365842e-16, 17.57583029204343, -2.7969550301781787),
    (-14.727334416018529, -3.6618399963139786e-17, 17.220165296986988, -2.7337786095107464),
    (-13.723347457363827, 4.528278691518058e-16, 16.848832388781286, -2.6663117193490904),
    (-12.718971025749207, -4.752312432106917e-16, 16.460153754774325, -2.5939252036679035),
    (-11.714133061228955, 8.598250154343834e-16, 16.052149399699143, -2.5158396754802643),
    (-10.708740838254144, -6.287211750540301e-16, 15.622457622439102, -2.431073250513743),
    (-9.702672540001863, -3.2563178405401477e-16, 15.168227153977934, -2.338364245347548),
    (-8.695764163816401, -3.2859903716289447e-16, 14.685967981672645, -2.23605283678493),
    (-7.687788325031626, -1.351562494643672e-16, 14.17134063324115, -2.1218922488443424),
    (-6.678418213073427, 3.470798723495241e-16, 13.61885190419576, -1.9927318885881709),
    (-5.6671624415568855, -3.2153051074948335e-18, 13.021406387509394, -1.843950864633329),
    (-4.653237761743142, -2.5492686201468193e-16, 12.369637994669782, -1.668359047473687),
    (-3.635293366436901, 5.454396163173039e-17, 11.650939359651861, -1.4538173348047934),
    (-2.6107208684441447, 9.881960746978353e-17, 10.84832879920919, -1.177206732080073),
    (-1.5734984731623904, -1.574185691077347e-17, 9.941513615924176, -0.7848496995753789),
    (-0.5040830082644554, -8.15428206243813e-18, 8.939798558792134, -0.09053285230176397),
]).T  # fmt: skip


def _moved(x: Pair) -> tuple[Pair, Any]:
    """x where Stirling's series holds, and where it was not there before."""
    near = x[0] < _FAR
    return add(x, (np.where(near, float(_FAR), 0.0), 0.0)), near


def lgamma_right(x: Pair) -> Pair:
    """log gamma(x) for 0 < x < 1e100."""
    far, near = _moved(x)
    inverse = divide(_ONE, far)
    logarithm = log(far)
    found = add(multiply(add(far, (-0.5, 0.0)), logarithm), negative(far))
    found = add(add(found, _HALF_LOG), multiply(inverse, polynomial(multiply(inverse, inverse), _STIRLING)))
    if not near.any():
        return found
    product: Pair = (np.ones_like(far[0]), np.zeros_like(far[0]))
    for factor in _factors(x):
        product = multiply(product, factor)
    product = np.where(near, product[0], 1.0), np.where(near, product[1], 0.0)
    return add(found, negative(log(product)))


def _factors(x: Pair) -> Iterator[Pair]:
    """(x + k)(x + n - k), the first of the terms of the recurrence times the last, and so on."""
    last = float(_FAR - 1)
    both = add(multiply(x, x), multiply(x, (last, 0.0)))
    for k in range(_FAR // 2):
        yield add(both, (k * (last - k), 0.0))


def digamma_right(x: Pair) -> Pair:
    """The derivative of that."""
    far, near = _moved(x)
    inverse = divide(_ONE, far)
    square = multiply(inverse, inverse)
    found = add(log(far), negative((inverse[0] / 2, inverse[1] / 2)))
    found = add(found, negative(multiply(square, polynomial(square, _ITS_SLOPE))))
    if not near.any():
        return found
    total: Pair = (np.zeros_like(far[0]), np.zeros_like(far[0]))
    for factor in _factors(x):
        total = add(total, divide(_ONE, factor))
    total = multiply(total, add((2 * x[0], 2 * x[1]), (_FAR - 1.0, 0.0)))
    return add(found, (np.where(near, -total[0], 0.0), np.where(near, -total[1], 0.0)))


def _turned(x: Any) -> tuple[Pair, Pair, Pair]:
    """sin and cos of π(x - n), where n is the nearest whole number, and 1 - x."""
    return *sine_and_cosine(x - np.rint(x)), two_sum(1.0, -x)


def _by_roots(found: Any, x: Any, roots: Any) -> Any:
    """What was found, and so near a root that even two parts lose digits what the distance from there tells."""
    root, rest, slope, bend = roots[:, np.searchsorted((roots[0][1:] + roots[0][:-1]) / 2, x)]
    apart = (x - root) - rest
    close = apart * slope
    return np.where(np.abs(close) < 1e-9, close + close * (apart * bend), found)


def lgamma_left(x: Any) -> Any:
    """For x < 0 that is no pole."""
    return _by_roots(_reflected(x)[0], x, _LGAMMA_ROOTS)


def _reflected(x: Any) -> Pair:
    """gamma(x) gamma(1 - x) = π / sin πx."""
    sine, _, other = _turned(x)
    sign = np.sign(sine[0])
    ratio = divide(PI, (sign * sine[0], sign * sine[1]))
    return add(log(ratio), negative(lgamma_right(other)))


def digamma_left(x: Any) -> Any:
    """For x < 0 that is no pole: digamma(x) = digamma(1 - x) - π / tan πx."""
    sine, cosine, other = _turned(x)
    found = add(digamma_right(other), negative(divide(multiply(PI, cosine), sine)))
    return _by_roots(found[0], x, _DIGAMMA_ROOTS)
