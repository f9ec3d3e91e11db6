"""Forward lines of distances and similarities."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, balls, elementwise, equal
from parity.truth.choosing import larger
from parity.truth.reduce import along, total
from parity.truth.table import forward

_root = elementwise(lambda x: x.sqrt(), 1)
_present = elementwise(lambda x: arb(0) if equal(x, arb(0)) else arb(1), 1)


def _power(x: Any, p: Any) -> Any:
    return arb(0) if x == 0 else x**p


_powers = elementwise(_power, 2)


def norm(away: Array, p: float) -> Array:
    """The p-norm over the last dimension."""
    size = np.abs(away)
    if away.shape[-1] == 0:
        return balls(np.zeros(away.shape[:-1]))
    if p == math.inf:
        largest = size[..., 0]
        for place in range(1, size.shape[-1]):
            largest = larger(largest, size[..., place])
        return np.asarray(largest, dtype=object)
    if p == 0:
        return total(_present(size))
    if p == 1:
        return total(size)
    if p == 2:
        return _root(total(size * size))
    return _powers(total(_powers(size, arb(p))), 1 / arb(p))


@forward("cdist")
def _(x1: Array, x2: Array, p: float = 2.0, compute_mode: Any = None) -> Array:
    return norm(x1[..., :, None, :] - x2[..., None, :, :], p)


@forward("pdist", "nn.functional.pdist")
def _(input: Array, p: float = 2.0) -> Array:
    first, second = np.triu_indices(len(input), 1)
    return norm(input[first] - input[second], p)


def pairwise(x1: Array, x2: Array, p: float = 2.0, eps: float = 1e-6) -> Array:
    """The p-norm of x1 - x2 + eps over the last dimension."""
    return norm(x1 - x2 + arb(eps), p)


@forward("pairwise_distance", "nn.functional.pairwise_distance")
def _(x1: Array, x2: Array, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Array:
    found = pairwise(x1, x2, p, eps)
    return found[..., None] if keepdim else found


@forward("cosine_similarity", "nn.functional.cosine_similarity")
def _(x1: Array, x2: Array, dim: int = 1, eps: float = 1e-8) -> Array:
    def product(a: Array, b: Array) -> Array:
        return along(np.asarray(a * b, dtype=object), dim, False, total)

    sizes = [larger(_root(product(x, x)), arb(eps)) for x in (x1, x2)]
    return np.asarray(product(x1, x2) / (sizes[0] * sizes[1]), dtype=object)
