"""Where an operator of one tensor is measured: binades, stress ranges, critical values, roots; knows no truth."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from parity.catalogue import ELEMENTWISE, Argument, OpSpec
from parity.program import Array

#: So many points make a full measurement.
FULL = 10_000
#: Degrees of a polynomial.
DEGREES = (5, 12)
#: What torch answers at an array of points: value and gradient.
Answer = Callable[[Array], tuple[Array, Array]]


@dataclass(frozen=True)
class Case:
    """An operator with every argument but its one tensor."""

    spec: OpSpec
    before: tuple[Any, ...] = ()
    named: dict[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The operator, and what tells this case from its others."""
        told = [repr(x) for x in self.before] + [f"{k}={v!r}" for k, v in self.named.items()]
        return f"{self.spec.name}({', '.join(told)})" if told else self.spec.name


#: Operators of one tensor whose result is not one real number an element.
_NOT_A_NUMBER = frozenset(["frexp", "isfinite", "isinf", "isnan", "isneginf", "isposinf", "isreal", "signbit"])


def cases(spec: OpSpec) -> Iterator[Case]:
    """The cases of an operator that are functions of one number: none for most operators."""
    needed = [a for a in spec.arguments if not a.optional or a.limits.get("needed")]
    if spec.name in _NOT_A_NUMBER:
        return
    elementwise = spec.family in ELEMENTWISE | {"activation"} and not {"random", "discrete"} & spec.tags
    if not elementwise or [a.kind for a in needed if a.kind not in ("number", "degree")] != ["tensor"]:
        return
    words = [(a.name, v) for a in spec.arguments for v in a.limits.get("values", ()) if isinstance(v, str)]
    numbers = next((a for a in needed if a.kind == "number"), None)
    degree = next((a for a in needed if a.kind == "degree"), None)
    if degree is not None:
        for value in DEGREES:
            yield Case(spec, named={degree.name: value})
    elif numbers is not None:
        for value in numbers.limits.get("choices", ()):
            first = numbers is spec.arguments[0]
            yield Case(spec, (value,)) if first else Case(spec, named={numbers.name: value})
    elif words:
        for name, word in words:
            yield Case(spec, named={name: word})
    else:
        yield Case(spec)


def points(case: Case, dtype: np.dtype[Any], count: int, answer: Answer) -> Array:
    """At least `count` points of the domain, which is where torch's answer is not nan.

    In float16 every number there is, or for fewer than `FULL` points that share of them.
    """
    if dtype == np.float16:
        every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)[:: thinned(count)]
        return _inside(every[_domain(case.spec, every)], answer)
    rng = np.random.default_rng(zlib.crc32(case.label.encode()))
    strata = _strata(case.spec, dtype, count, rng)
    first = np.unique(np.concatenate([_inside(x[_domain(case.spec, x)], answer) for x in strata]))
    chosen = np.concatenate([first, _inside(_around(_roots(first, answer), dtype, count // 8, rng), answer)])
    while chosen.size < count:
        more = rng.choice(chosen, count) * rng.uniform(0.5, 2, count).astype(dtype)
        more = _inside(more[_domain(case.spec, more)], answer)
        chosen = np.unique(np.concatenate([chosen, more]))
    return chosen


def thinned(count: int) -> int:
    """Every how many-th number of float16 is looked at."""
    return max(FULL // max(count, 1), 1)


def _strata(spec: OpSpec, dtype: np.dtype[Any], count: int, rng: np.random.Generator) -> Iterator[Array]:
    info = np.finfo(dtype)
    tensor = _tensor(spec)
    least, most = info.minexp - info.nmant, info.maxexp - 1
    for share, first, last in ((5, least, most), (3, -30, 12)):
        yield _binades(dtype, count // share, first, last, rng)
    for share, low, high in ((4, -1.0, 1.0), (5, -5.0, 5.0), (5, -40.0, 40.0)):
        yield rng.uniform(low, high, count // share).astype(dtype)
    for low, high in spec.stress:
        yield rng.uniform(low, high, count // 10).astype(dtype)
    ends = [tensor.limits[end] for end in ("above", "below") if end in tensor.limits]
    spots = np.array([0.0, 1.0, -1.0, *ends, *tensor.limits.get("kinks", ()), *spec.critical])
    with np.errstate(over="ignore"):
        yield _around(spots.astype(dtype), dtype, count // 8, rng)


def _tensor(spec: OpSpec) -> Argument:
    (tensor,) = [a for a in spec.arguments if a.kind == "tensor"]
    return tensor


def _domain(spec: OpSpec, x: Array) -> Array:
    """Whether x is finite and in the domain: a row's bounds other than 0 and ±1 only keep programs tame."""
    limits, inside = _tensor(spec).limits, np.isfinite(x)
    if limits.get("above") in (0, 1, -1):
        inside &= x >= limits["above"]
    if limits.get("below") in (0, 1, -1):
        inside &= x <= limits["below"]
    return inside


def _binades(dtype: np.dtype[Any], count: int, low: int, high: int, rng: np.random.Generator) -> Array:
    """Both signs, and as many numbers of each magnitude."""
    size = np.ldexp(rng.uniform(1, 2, count), rng.integers(low, high, count, endpoint=True))
    with np.errstate(over="ignore", under="ignore"):
        found: Array = (size * rng.choice([-1, 1], count)).astype(dtype)
    return found


def _around(spots: Array, dtype: np.dtype[Any], count: int, rng: np.random.Generator) -> Array:
    """Points at every distance from the spots, down to the nearest numbers."""
    spots = spots[np.isfinite(spots)]
    if not spots.size:
        return spots
    near = rng.choice(spots, count).astype(np.float64)
    scale = np.where(near == 0, 1.0, np.abs(near))
    apart = np.ldexp(rng.uniform(1, 2, count), -rng.integers(1, np.finfo(dtype).nmant + 2, count))
    with np.errstate(over="ignore", under="ignore"):
        moved = (near + scale * apart * rng.choice([-1, 1], count)).astype(dtype)
        return np.concatenate(
            [spots, np.nextafter(spots, dtype.type(-1e9)), np.nextafter(spots, dtype.type(1e9)), moved]
        )


def _inside(x: Array, answer: Answer) -> Array:
    x = x[np.isfinite(x)]
    return x[~np.isnan(answer(x)[0])] if x.size else x


def _roots(x: Array, answer: Answer) -> Array:
    """Where torch's value or gradient changes its sign among moderate points, by bisection."""
    x = x[np.abs(x) < 100]
    found = []
    for which in (0, 1):
        y = answer(x)[which]
        with np.errstate(invalid="ignore", over="ignore"):
            change = np.flatnonzero(np.isfinite(y[:-1]) & np.isfinite(y[1:]) & (y[:-1] * y[1:] < 0))
        low, high, sign = x[change], x[change + 1], np.sign(y[change])
        for _ in range(60 if change.size else 0):
            middle = (low / 2 + high / 2).astype(x.dtype)
            same = np.sign(answer(middle)[which]) == sign
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        found.append(low[:64])
    return np.concatenate(found)
