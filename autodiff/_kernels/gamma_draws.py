"""Gamma variates and points of a simplex, each of which consumes as many numbers as it needs.

The method is that of G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables" (2000), which torch
uses too; normal numbers come in pairs, of which the second waits in the stream.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._kernels.counts import one_by_one
from autodiff._kernels.mersenne import Mersenne

#: torch's constant, which it has in single precision.
_THIRD = float(np.float32(1 / 3))


class _Draws:
    """Uniform and normal numbers of one stream, taken in turns."""

    def __init__(self, draw: Any, kept: float | None) -> None:
        self.draw, self.kept = draw, kept

    def normal(self) -> float:
        if self.kept is not None:
            found, self.kept = self.kept, None
            return found
        turn, far = self.draw(), self.draw()
        radius = math.sqrt(-2 * math.log1p(-far))
        angle = 2 * math.pi * turn
        self.kept = radius * math.sin(angle)
        return radius * math.cos(angle)

    def gamma(self, shape: float, kept: Callable[[float], float]) -> float:
        """`kept` rounds what torch computes of shapes alone, in their dtype."""
        scale = 1.0
        if shape < 1:
            if shape == 0:
                return 0.0
            scale = (1 - self.draw()) ** kept(1 / shape)
            shape = kept(shape + 1)
        d = kept(shape - _THIRD)
        c = 1 / math.sqrt(9 * d)
        while True:
            y = 0.0
            while y <= 0:
                x = self.normal()
                y = 1 + c * x
            v, u, square = y * y * y, 1 - self.draw(), x * x
            if u < 1 - 0.0331 * square * square or math.log(u) < 0.5 * square + d * (1 - v + math.log(v)):
                return scale * d * v


def _single(x: float) -> float:
    return float(np.float32(x))


def _gammas(stream: Mersenne, shapes: Any, kept: Callable[[float], float]) -> Any:
    with one_by_one(stream) as draw:
        draws = _Draws(draw, stream.kept)
        found = [draws.gamma(shape, kept) for shape in np.ravel(shapes).tolist()]
    stream.kept = draws.kept
    return np.array(found, np.float64).reshape(np.shape(shapes))


def gamma(stream: Mersenne, shapes: Any) -> Any:
    """A variate for each shape, in their dtype; never less than its smallest normal number."""
    found = _gammas(stream, shapes, _single if shapes.dtype.itemsize < 8 else float)
    return np.maximum(found.astype(shapes.dtype), np.finfo(shapes.dtype).tiny)


def dirichlet(stream: Mersenne, shapes: Any) -> Any:
    """Gamma variates divided by their sum along the last dimension, never 0 nor 1."""
    found = _gammas(stream, shapes, float)
    kind = np.finfo(shapes.dtype)
    shares = (found / found.sum(-1, keepdims=True)).astype(shapes.dtype)
    return np.clip(shares, kind.tiny, np.nextafter(shapes.dtype.type(1), shapes.dtype.type(0)))
