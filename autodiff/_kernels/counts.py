"""Random counts, each of which consumes as many numbers as it needs (Poisson, binomial), and picking by weight.

The methods and their constants are those of W. Hoermann, "The transformed rejection method for generating Poisson
random variables" (1993) and "The generation of binomial random variates" (1993), which torch uses too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autodiff._kernels.mersenne import Mersenne
from autodiff._kernels.random import exponential, placed

#: Numbers fetched from the stream at once.
AHEAD = 512
Draw = Callable[[], float]


@contextmanager
def one_by_one(stream: Mersenne) -> Iterator[Draw]:
    """A function that gives the stream's next float64 in [0, 1); what was fetched ahead is given back at the end."""
    before, used, block = b"", 0, [0.0] * 0

    def draw() -> float:
        nonlocal before, used, block
        if used == len(block):
            before, used = stream.state(), 0
            block = stream.doubles(AHEAD).tolist()
        used += 1
        return block[used - 1]

    try:
        yield draw
    finally:
        if before:
            stream.restore(before)
            stream.words(2 * used)


def poisson(stream: Mersenne, rates: Any) -> Any:
    with one_by_one(stream) as draw:
        found = [_by_rejection(draw, r) if r >= 10 else _by_product(draw, r) for r in map(float, rates)]
    return np.array(found, np.float64)


def _by_product(draw: Draw, rate: float) -> int:
    """Arrivals until the product of uniform numbers falls below e^-rate."""
    if rate == 0:
        return 0
    bottom, count, product = math.exp(-rate), 0, draw()
    while product > bottom:
        count += 1
        product *= draw()
    return count


def _by_rejection(draw: Draw, rate: float) -> int:
    log_rate = math.log(rate)
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    sure = 0.9277 - 3.6224 / (b - 2)
    while True:
        u = draw() - 0.5
        v = draw()
        rest = 0.5 - abs(u)
        k = _whole((2 * a / rest + b) * u + rate + 0.43) if rest else -1
        if rest >= 0.07 and v <= sure:
            return k
        if k < 0 or (rest < 0.013 and v > rest):
            continue
        height = _log(v) + math.log(inverse_alpha) - math.log(a / (rest * rest) + b)
        if height <= -rate + k * log_rate - math.lgamma(k + 1):
            return k


def binomial(stream: Mersenne, counts: Any, chances: Any) -> Any:
    with one_by_one(stream) as draw, np.errstate(all="ignore"):
        found = [_binomial(draw, n, p) for n, p in zip(counts, chances)]
    return np.array(found, np.float64)


def _binomial(draw: Draw, count: Any, p: Any) -> float:
    """`count` and `p` keep their dtype: what is made of them alone is rounded to it, as torch does."""
    if count <= 0 or p <= 0:
        return 0.0
    if p >= 1:
        return float(count)
    if p <= 0.5:
        return _few(draw, count, p)
    return float(count) - _few(draw, count, 1 - p) if p > 0.5 else math.nan


def _few(draw: Draw, count: Any, p: Any) -> float:
    return _by_table(draw, count, p) if count * p >= 10 else _by_gaps(draw, float(count), float(p))


def _by_gaps(draw: Draw, count: float, p: float) -> float:
    """Successes, by jumping over the failures between them."""
    log_failure, place, found = math.log1p(-p), 0.0, 0
    while True:
        place += math.ceil(_log(draw()) / log_failure)
        if place > count:
            return float(found)
        found += 1


def _by_table(draw: Draw, count: Any, p: Any) -> float:
    deviation = math.sqrt(count * p * (1 - p))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * float(p)
    centre = float(count * p) + 0.5
    sure = 0.92 - 4.2 / b
    ratio = float(p / (1 - p))
    alpha = (2.83 + 5.1 / b) * deviation
    mode = _floor(float((count + 1) * p))
    count = float(count)
    while True:
        u = draw() - 0.5
        v = draw()
        rest = 0.5 - abs(u)
        k = _floor((2 * a / rest + b) * u + centre) if rest else -1.0
        if rest >= 0.07 and v <= sure:
            return float(k)
        if k < 0 or k > count:
            continue
        height = _log(v * alpha / (a / (rest * rest) + b))
        bound = (
            (mode + 0.5) * math.log((mode + 1) / (ratio * (count - mode + 1)))
            + (count + 1) * math.log((count - mode + 1) / (count - k + 1))
            + (k + 0.5) * math.log(ratio * (count - k + 1) / (k + 1))
            + stirling_tail(mode)
            + stirling_tail(count - mode)
            - stirling_tail(k)
            - stirling_tail(count - k)
        )
        if height <= bound:
            return float(k)


def stirling_tail(k: float) -> float:
    """log k! less Stirling's formula at k + 1."""
    if k <= 9:
        return math.lgamma(k + 1) - ((k + 0.5) * math.log(k + 1) - (k + 1) + 0.5 * math.log(2 * math.pi))
    square = (k + 1) * (k + 1)
    return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)


def _floor(x: float) -> float:
    return float(math.floor(x)) if math.isfinite(x) else x


def _whole(x: float) -> int:
    """x rounded down, as an int64; the smallest of them for what none can be, as processors have it."""
    return math.floor(x) if -(2**63) <= x < 2**63 else -(2**63)


def _log(x: float) -> float:
    return math.log(x) if x else -math.inf


def picked(stream: Mersenne, weights: Any, count: int, replacement: bool) -> Any:
    """For each row of weights, `count` places drawn in proportion to them."""
    rows = len(weights)
    if not replacement or count == 1:
        # The smallest of exponential waiting times, whose rates are the weights.
        waits = placed(exponential(stream, weights.size, weights.dtype, 1.0), weights)
        scores = weights / waits
        if count == 1:
            return scores.argmax(-1, keepdims=True)
        return np.argsort(-scores, -1, kind="stable")[:, :count].copy()
    levels = np.cumsum(weights, -1, dtype=weights.dtype if weights.itemsize > 2 else np.float32)
    levels = (levels / levels[:, -1:]).astype(weights.dtype)
    levels[:, -1] = 1
    drawn = stream.doubles(rows * count).reshape(rows, count)
    found = [np.searchsorted(level.astype(np.float64), u) for level, u in zip(levels, drawn)]
    return np.array(found, np.int64).reshape(rows, count)
