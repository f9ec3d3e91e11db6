"""Forward lines of ranks, frequencies and covariances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, balls, elementwise, is_complex
from parity.truth.order import positions
from parity.truth.table import NoTruth, forward, line


def _picked(input: Array, places: Array, dim: int, keepdim: bool) -> tuple[Array, Array]:
    values = np.take_along_axis(input, places, dim)
    return (values, places) if keepdim else (values.squeeze(dim), places.squeeze(dim))


def _ranked(input: Array, k: int, dim: int, keepdim: bool) -> tuple[Array, Array]:
    if not input.ndim:
        return input.copy(), np.zeros((), np.int64)
    return _picked(input, np.take(positions(input, dim, False), [k], axis=dim), dim, keepdim)


@forward("median", "nanmedian")
def _(input: Array, dim: int | None = None, keepdim: bool = False) -> Any:
    if dim is None:
        flat = input.reshape(-1)
        return _ranked(flat, (flat.size - 1) // 2, 0, False)[0]
    return _ranked(input, ((input.shape[dim] if input.ndim else 1) - 1) // 2, dim, keepdim)


line("kthvalue", lambda input, k, dim=-1, keepdim=False: _ranked(input, k - 1, dim, keepdim))


@forward("mode", conventional=True)
def _(input: Array, dim: int = -1, keepdim: bool = False, *, unmoved: Mapping[str, Any]) -> Any:
    """The gradient goes to the element that was counted, though moving it leaves another the most frequent."""
    if not input.ndim:
        return input.copy(), np.zeros((), np.int64)
    before = unmoved["input"]
    order = np.moveaxis(positions(before, dim, False), dim, -1)
    rows = np.moveaxis(before, dim, -1)
    places = np.zeros((*rows.shape[:-1], 1), np.int64)
    for row in np.ndindex(rows.shape[:-1]):
        longest = run = 0
        for i, place in enumerate(order[row]):
            run = run + 1 if i and rows[row][place] == rows[row][order[row][i - 1]] else 1
            if run > longest:
                longest, places[row][0] = run, place
    return _picked(input, np.moveaxis(places, -1, dim), dim, keepdim)


def _quantile(input: Array, q: Any, dim: int | None, keepdim: bool, interpolation: str) -> Array:
    """Between the neighbours of rank q · (n - 1)."""
    x = balls(input)
    if not x.size:
        raise NoTruth("nothing to take a quantile of")
    flat = x.reshape(-1) if dim is None else np.moveaxis(x, dim, -1) if x.ndim else x.reshape(1)
    ordered = np.take_along_axis(flat, positions(flat, -1, False), -1)
    last = flat.shape[-1] - 1
    shares = balls(q)

    def at(share: Any) -> Array:
        rank = share * last
        below = rank.floor().unique_fmpz()
        if below is None:
            raise NoTruth("the rank is a whole number, or almost")
        low, high = (ordered[..., min(int(n), last)] for n in (below, below + 1))
        weight = rank - below
        if interpolation == "lower" or weight == 0:
            return np.asarray(low)
        if interpolation == "higher":
            return np.asarray(high)
        if interpolation == "nearest":
            even = int(below) % 2 == 0
            return np.asarray(low if weight < 0.5 or (weight == 0.5 and even) else high)
        share_of_high = arb(1) / 2 if interpolation == "midpoint" else weight
        return np.asarray(low + (high - low) * share_of_high)

    picked = [at(share) for share in shares.reshape(-1)]
    if keepdim and x.ndim:
        picked = [p.reshape((1,) * x.ndim) if dim is None else np.expand_dims(p, dim % x.ndim) for p in picked]
    return np.stack(picked) if shares.ndim else picked[0]


@forward("quantile", "nanquantile")
def _(input: Array, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear") -> Array:
    return _quantile(input, q, dim, keepdim, interpolation)


def _covariance(x: Array, correction: Any, repeated: Any, weighed: Any) -> Array:
    rows = x if x.ndim == 2 else x.reshape(1, -1)
    count = rows.shape[1]
    ones = balls(np.ones(count))
    often = ones if repeated is None else balls(repeated.reshape(-1))
    weights = often if weighed is None else often * balls(weighed.reshape(-1))
    total = np.sum(weights) if count else arb(0)
    away = rows - (np.dot(rows, weights) / total)[:, None]
    lost = arb(correction)
    if weighed is not None:
        lost = lost * np.dot(weights, balls(weighed.reshape(-1))) / total
    degrees = total - lost
    if not degrees > 0:
        raise NoTruth("no degree of freedom is left")
    product = np.dot(away * weights, (np.conj(away) if is_complex(away) else away).T) / degrees
    return np.asarray(product, dtype=object).reshape([n for n in product.shape if n != 1])


@forward("cov")
def _(input: Array, *, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Array:
    return _covariance(balls(input), correction, fweights, aweights)


@forward("corrcoef")
def _(input: Array) -> Array:
    c = _covariance(balls(input), 1, None, None)
    if not c.ndim:
        return np.asarray(c / c, dtype=object)
    deviations = elementwise(lambda v: v.sqrt(), 1)(np.diagonal(c))
    return np.asarray(c / deviations[:, None] / deviations[None, :], dtype=object)
