"""Distributions out of a stream of words, each consuming what torch's consumes, in its order; knows no tensor.

Every function takes the stream first and gives a flat array in the order of drawing; `placed` lays it out.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff._kernels import libm
from autodiff._kernels.creation import dense, scaled
from autodiff._kernels.mersenne import PIECE, Mersenne

#: From so many different outcomes on, torch takes two words for one.
WIDE = 2**28
#: Box and Muller's pairs lie so far apart in a contiguous tensor, and come in blocks of twice as many.
LANES = 8
SINGLE, DOUBLE = np.dtype("float32"), np.dtype("float64")


def placed(flat: Any, like: Any) -> Any:
    """Values in the shape of `like`, in the order in which its elements lie in memory: torch's iterators go by that."""
    if like.ndim < 2:
        return flat.reshape(like.shape)
    if dense(like):
        return np.ndarray(like.shape, flat.dtype, flat, 0, scaled(like, flat.itemsize))
    dims = sorted(range(like.ndim), key=lambda d: -abs(like.strides[d]))
    return flat.reshape([like.shape[d] for d in dims]).transpose(np.argsort(dims))


def working(dtype: Any) -> Any:
    """What a distribution over real numbers of this dtype is computed in."""
    return SINGLE if dtype.itemsize == 2 else dtype


#: Beyond this a number times 2**27 + 1 may be no float64.
_HUGE = 2.0**990


def _fused(x: Any, factor: float, addend: float) -> Any:
    """x·factor + addend, rounded once, as torch's vector code has it."""
    if factor == 1 and addend == 0:
        return x
    if x.dtype == SINGLE:
        return (x.astype(np.float64) * np.float32(factor) + np.float32(addend)).astype(np.float32)
    if factor == 1 or addend == 0:
        return x * factor + addend
    if max(abs(factor), abs(addend)) > _HUGE:  # whose halves overflow; powers of two change no bit
        return _fused(x, factor * 2.0**-64, addend * 2.0**-64) * 2.0**64
    # Dekker's and Knuth's error terms: what a product and a sum lose is itself a float64.
    product = x * factor
    (a, b), (c, d) = _halves(x), _halves(np.float64(factor))
    lost = ((a * c - product) + a * d + b * c) + b * d
    total = product + addend
    back = total - product
    return total + (((product - (total - back)) + (addend - back)) + lost)


def _halves(x: Any) -> tuple[Any, Any]:
    scaled = x * 134217729.0  # 2**27 + 1
    high = scaled - (scaled - x)
    return high, x - high


# -- real numbers --------------------------------------------------------------------------------------------


def uniform(stream: Mersenne, n: int, dtype: Any, low: float = 0.0, high: float = 1.0) -> Any:
    """Evenly in [low, high); what rounds up to `high` becomes `low`."""
    real = working(dtype)
    drawn = stream.doubles(n) if real == DOUBLE else stream.singles(n)
    if (low, high) != (0.0, 1.0):
        low, high = float(real.type(low)), float(real.type(high))
        drawn = _fused(drawn, float(real.type(high) - real.type(low)), low)
    elif real is dtype:
        return drawn
    found = drawn.astype(dtype, copy=False)
    found[found >= dtype.type(high)] = low
    return found


def noise(stream: Mersenne, n: int, dtype: Any, low: float, high: float) -> Any:
    """n float64 evenly in [low, high), of a pair of words each: rrelu's, in the order of what is not positive.

    The bounds are numbers of the tensor's dtype; product and sum are rounded apart, since torch compiles this one
    without vectors.
    """
    low, high = float(dtype.type(low)), float(dtype.type(high))
    return stream.doubles(n) * (high - low) + low


def normal(
    stream: Mersenne, n: int, dtype: Any, mean: float = 0.0, std: float = 1.0, *, contiguous: bool = True
) -> Any:
    """Around `mean` with deviation `std`; a contiguous tensor of 16 or more is filled in another way than the rest."""
    real = working(dtype)
    if n < 2 * LANES or not contiguous:
        return _fused(standard(stream, n), std, mean).astype(dtype, copy=False)
    if real is dtype:
        found = stream.doubles(n) if real == DOUBLE else stream.singles(n)
    else:
        found = np.empty(n, real)
        found[: n - n % (2 * LANES)] = stream.singles(n - n % (2 * LANES))
    functions = libm if n <= libm.LONG else np
    tail = None
    if n % (2 * LANES):
        tail = stream.doubles(2 * LANES) if real == DOUBLE else stream.singles(2 * LANES)
    for start in range(0, n - n % (2 * LANES), PIECE):
        _box_muller(found[start : min(start + PIECE, n - n % (2 * LANES))], mean, std, functions)
    if tail is not None:
        _box_muller(tail, mean, std, functions)
        found[-2 * LANES :] = tail
    return found.astype(dtype, copy=False)


def _box_muller(values: Any, mean: float, std: float, functions: Any) -> None:
    """Uniform numbers become normal ones, eight with the eight after them."""
    blocks = values.reshape(-1, 2, LANES)
    radius = np.sqrt(-2 * functions.log(1 - blocks[:, 0]))
    angle = values.dtype.type(2 * np.pi) * blocks[:, 1]
    blocks[:, 0] = _fused(radius * functions.cos(angle), std, mean)
    blocks[:, 1] = _fused(radius * functions.sin(angle), std, mean)


def standard(stream: Mersenne, n: int) -> Any:
    """n normal float64, drawn in pairs: a second one left over is kept, and comes first the next time."""
    found = np.empty(n + 2)
    start = 0
    if n and stream.kept is not None:
        found[0], stream.kept, start = stream.kept, None, 1
    pairs = (n - start + 1) // 2
    u = stream.doubles(2 * pairs)
    radius, angle = np.sqrt(-2 * libm.log1p(-u[1::2])), 2 * np.pi * u[0::2]
    end = start + 2 * pairs
    found[start:end:2] = radius * libm.cos(angle)
    found[start + 1 : end : 2] = radius * libm.sin(angle)
    if end > n:
        stream.kept = float(found[n])
    return found[:n]


def exponential(stream: Mersenne, n: int, dtype: Any, rate: float) -> Any:
    return (-1 / rate * libm.log1p(-stream.doubles(n))).astype(dtype)


def cauchy(stream: Mersenne, n: int, dtype: Any, median: float, sigma: float) -> Any:
    found = median + sigma * libm.tan(np.pi * (stream.doubles(n) - 0.5))
    with np.errstate(over="ignore"):
        return found.astype(dtype)


def log_normal(stream: Mersenne, n: int, dtype: Any, mean: float, std: float) -> Any:
    with np.errstate(over="ignore"):
        return libm.exp(_fused(standard(stream, n), std, mean)).astype(dtype)


def geometric(stream: Mersenne, n: int, dtype: Any, p: float) -> Any:
    """How many trials until the first success."""
    return np.ceil(libm.log(stream.doubles(n)) / math.log1p(-p)).astype(dtype)


# -- whole numbers -------------------------------------------------------------------------------------------


def integers(stream: Mersenne, n: int, low: int, high: int, dtype: Any) -> Any:
    """Evenly (but for a remainder) among low, ..., high - 1."""
    width = high - low
    if width >= 2**64:
        return stream.pairs(n).view(np.int64).astype(dtype)
    if width >= WIDE:
        found = (stream.pairs(n) % np.uint64(width)).view(np.int64)
    else:
        found = (stream.words(n).astype(np.uint32) % np.uint32(width)).astype(np.int64)
    if low:
        found += low
    return found.astype(dtype, copy=False)


def anything(stream: Mersenne, n: int, dtype: Any) -> Any:
    """Whatever a dtype holds that is whole and not negative."""
    if dtype.kind == "b":
        return (stream.words(n) & np.uint64(1)).astype(dtype)
    most = np.iinfo(dtype).max if dtype.kind in "iu" else 2 ** (np.finfo(dtype).nmant + 1)
    drawn = stream.pairs(n) if dtype.itemsize == 8 else stream.words(n)
    return (drawn % np.uint64(int(most) + 1)).astype(dtype)


def permutation(stream: Mersenne, n: int) -> Any:
    """0, ..., n - 1 shuffled: step i exchanges place i with a place from i on.

    All steps at once: the number at place k when step k comes is the one that the last step to hit k had left there.
    """
    if n < 2:
        return np.arange(n)
    steps = np.arange(n - 1)
    hit = steps + (stream.words(n - 1) % (n - steps).astype(np.uint64)).view(np.int64)
    # Sorted by place, then by step, in one fast sort: who hit a place before whom.
    bits = n.bit_length()
    ranked = np.sort(hit << bits | steps)
    again = np.flatnonzero(ranked[1:] >> bits == ranked[:-1] >> bits)
    ranked &= (1 << bits) - 1
    #: The step that last moved something to place k before step k, k itself if none did.
    source = np.arange(n)
    moved = np.flatnonzero(hit != steps)
    source[hit[moved]] = moved  # of several the last one counts
    while True:
        further = source[source]
        if np.array_equal(further, source):
            break
        source = further
    found = np.append(hit, source[-1])
    found[ranked[again + 1]] = source[ranked[again]]
    return found


def bernoulli(stream: Mersenne, n: int, p: float) -> Any:
    """True with one probability for all: drawn in float64, whatever the tensor's dtype."""
    return stream.doubles(n) < p


def evenly(stream: Mersenne, n: int, dtype: Any) -> Any:
    """What a probability of this dtype is compared with: numbers in [0, 1) of its precision, in float32 for float16."""
    return stream.doubles(n) if dtype == DOUBLE else stream.singles(n)
