"""Forward lines of losses that rank, by margins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, balls, elementwise
from parity.truth.choosing import larger, smaller
from parity.truth.distance import pairwise
from parity.truth.loss import reduced
from parity.truth.reduce import total
from parity.truth.table import F, forward

_root = elementwise(lambda x: x.sqrt(), 1)
_chosen = elementwise(lambda side, right, left: right if side == 1 else left, 3)


def _in_both(name: str) -> Callable[[F], F]:
    """Enter a loss as torch's function and under the root, where nothing is reduced unless a number says so."""

    def enter(line: F) -> F:
        forward(name)(lambda *args, **kwargs: line(*args, **{"reduction": 0, **kwargs}))
        return forward(f"nn.functional.{name}")(line)

    return enter


def _above_zero(x: Array) -> Array:
    clamped: Array = larger(x, arb(0))
    return clamped


@_in_both("hinge_embedding_loss")
def _(input: Array, target: Array, margin: float = 1.0, size_average: Any = None, reduce: Any = None,
      reduction: Any = "mean") -> Array:  # fmt: skip
    return reduced(_chosen(target, input, _above_zero(arb(margin) - input)), reduction)


@_in_both("margin_ranking_loss")
def _(input1: Array, input2: Array, target: Array, margin: float = 0.0, size_average: Any = None,
      reduce: Any = None, reduction: Any = "mean") -> Array:  # fmt: skip
    return reduced(_above_zero(target * (input2 - input1) + arb(margin)), reduction)


@_in_both("cosine_embedding_loss")
def _(input1: Array, input2: Array, target: Array, margin: float = 0.0, size_average: Any = None,
      reduce: Any = None, reduction: Any = "mean") -> Array:  # fmt: skip
    sizes = [total(x * x) + arb("1e-12") for x in (input1, input2)]
    cosine = total(input1 * input2) / _root(balls(sizes[0] * sizes[1]))
    return reduced(_chosen(target, 1 - cosine, _above_zero(cosine - arb(margin))), reduction)


def _triplet(margin: float, swap: bool, reduction: Any, near: Array, far: Array, others: Array) -> Array:
    far = smaller(far, others) if swap else far
    return reduced(_above_zero(np.asarray(near - far, dtype=object) + arb(margin)), reduction)


@_in_both("triplet_margin_loss")
def _(anchor: Array, positive: Array, negative: Array, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6,
      swap: bool = False, size_average: Any = None, reduce: Any = None, reduction: Any = "mean") -> Array:  # fmt: skip
    pairs = ((anchor, positive), (anchor, negative), (positive, negative))
    return _triplet(margin, swap, reduction, *[pairwise(a, b, p, eps) for a, b in pairs])


@forward("nn.functional.triplet_margin_with_distance_loss")
def _(anchor: Array, positive: Array, negative: Array, *, margin: float = 1.0, swap: bool = False,
      reduction: Any = "mean") -> Array:  # fmt: skip
    pairs = ((anchor, positive), (anchor, negative), (positive, negative))
    return _triplet(margin, swap, reduction, *[pairwise(a, b) for a, b in pairs])
