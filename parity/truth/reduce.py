"""Forward lines of reductions; they share the walk over dims and keepdim."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import balls, elementwise, is_complex, is_discrete, less, nonzero
from parity.truth.choosing import larger, smaller
from parity.truth.table import NoTruth, forward, line

Dims = int | tuple[int, ...] | list[int] | None


def along(input: Array, dim: Dims, keepdim: bool, reduce: Callable[[Array], Any]) -> Array:
    """`reduce` over the last axis, where the reduced dims have been gathered."""
    dims = [dim] if isinstance(dim, int) else range(input.ndim) if dim is None or len(dim) == 0 else dim
    reduced = sorted({d % max(input.ndim, 1) for d in dims})
    if input.ndim == 0:
        return np.asarray(reduce(input.reshape(1)), dtype=None if is_discrete(input) else object)
    kept = [d for d in range(input.ndim) if d not in reduced]
    gathered = input.transpose(kept + reduced).reshape([input.shape[d] for d in kept] + [-1 if input.size else 0])
    if not input.size:
        count = int(np.prod([input.shape[d] for d in reduced]))
        gathered = np.empty([input.shape[d] for d in kept] + [count], input.dtype)
    result = np.asarray(reduce(gathered), dtype=object if input.dtype == object else None)
    return result.reshape([1 if d in reduced else n for d, n in enumerate(input.shape)]) if keepdim else result


def total(input: Array) -> Array:
    if input.dtype == object and input.shape[-1] == 0:  # NumPy's empty sum of objects is the integer 0
        return balls(np.zeros(input.shape[:-1]))
    return np.asarray(input.sum(axis=-1), dtype=object if input.dtype == object else None)


def _integers(input: Array) -> Array:
    return input.astype(np.int64) if is_discrete(input) else input


def extreme(pick: Callable[..., Any]) -> Callable[[Array], Any]:
    fold = np.frompyfunc(pick, 2, 1)

    def over_last(input: Array) -> Any:
        # frompyfunc hands scalars over; 0-dim arrays come back from `pick`.
        folded = fold.reduce(input, axis=-1)
        return np.vectorize(lambda a: a[()] if isinstance(a, np.ndarray) else a, otypes=[object])(folded)

    return over_last


@forward("sum")
def _(input: Array, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Array:
    return along(_integers(input), dim, keepdim, total)


def _mean(input: Array, dim: Dims, keepdim: bool) -> Array:
    return along(balls(input), dim, keepdim, lambda a: total(a) / balls(a.shape[-1]))


line("mean", lambda input, dim=None, keepdim=False, dtype=None: _mean(input, dim, keepdim))


@forward("prod")
def _(input: Array, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Array:
    return along(_integers(input), dim, keepdim, lambda a: a.prod(axis=-1))


def _largest(a: Array) -> Any:
    return a.max(axis=-1) if is_discrete(a) else _maximum(a)


def _smallest(a: Array) -> Any:
    return a.min(axis=-1) if is_discrete(a) else _minimum(a)


_maximum = extreme(larger)
_minimum = extreme(smaller)

line("amax", lambda input, dim=(), keepdim=False: along(input, dim, keepdim, _largest))
line("amin", lambda input, dim=(), keepdim=False: along(input, dim, keepdim, _smallest))


def _first(before: Callable[[Any, Any], bool]) -> Callable[[Array], Any]:
    """Index of the element that comes before all others; of several, the first."""

    def position(row: Array) -> int:
        best = 0
        for i in range(1, len(row)):
            if before(row[i], row[best]):
                best = i
        return best

    def over_last(input: Array) -> Array:
        rows = input.reshape(-1, input.shape[-1])
        return np.array([position(row) for row in rows], np.int64).reshape(input.shape[:-1])

    return over_last


_argmin = _first(lambda a, b: bool(a < b) if is_discrete(a) or isinstance(a, np.generic) else less(a, b))
_argmax = _first(lambda a, b: bool(b < a) if is_discrete(a) or isinstance(a, np.generic) else less(b, a))


def _index(input: Array, dim: int | None, keepdim: bool, pick: Callable[[Array], Array]) -> Array:
    return along(input, dim, keepdim, pick).astype(np.int64)


line("argmax", lambda input, dim=None, keepdim=False: _index(input, dim, keepdim, _argmax))
line("argmin", lambda input, dim=None, keepdim=False: _index(input, dim, keepdim, _argmin))


def _extremes(value: Callable[[Array], Any], pick: Callable[[Array], Array], both: Callable[..., Array]) -> Any:
    def found(input: Array, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
        if isinstance(dim, np.ndarray) or other is not None:
            return both(input, dim if other is None else other)
        if dim is None:
            return along(input, None, False, value)
        return along(input, dim, keepdim, value), _index(input, dim, keepdim, pick)

    return found


line("max", _extremes(_largest, _argmax, larger))
line("min", _extremes(_smallest, _argmin, smaller))


def variance(input: Array, correction: float) -> Any:
    """Over the last axis, two passes."""
    n = input.shape[-1]
    centred = input - np.asarray(total(input) / balls(n), dtype=object)[..., None]
    squared = centred * np.conj(centred) if is_complex(centred) else centred * centred
    return total(squared) / balls(n - correction)


def _variance(input: Array, dim: Dims, unbiased: Any, keepdim: bool, correction: Any) -> Array:
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    return along(balls(input), dim, keepdim, lambda a: np.asarray(variance(a, correction), dtype=object))


_root = elementwise(lambda x: x.sqrt(), 1)


@forward("var")
def _(input: Array, dim: Dims = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None) -> Array:
    return _variance(input, dim, unbiased, keepdim, correction)


@forward("std")
def _(input: Array, dim: Dims = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None) -> Array:
    return _root(_variance(input, dim, unbiased, keepdim, correction))


_exp = elementwise(lambda x: x.exp(), 1)
_log = elementwise(lambda x: x.log(), 1)


def log_of_sum(a: Array) -> Array:
    """log Σ exp over the last axis, unshifted: a ball's exponent has no limit."""
    return _log(total(_exp(a)))


line("logsumexp", lambda input, dim, keepdim=False: along(balls(input), dim, keepdim, log_of_sum))
line("any", lambda input, dim=None, keepdim=False: along(nonzero(input), dim, keepdim, lambda a: a.any(axis=-1)))
line("all", lambda input, dim=None, keepdim=False: along(nonzero(input), dim, keepdim, lambda a: a.all(axis=-1)))


@forward("var_mean")
def _(
    input: Array, dim: Dims = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
) -> tuple[Array, Array]:
    over = None if isinstance(dim, bool) else dim
    return _variance(input, dim, unbiased, keepdim, correction), _mean(input, over, keepdim)


@forward("std_mean")
def _(
    input: Array, dim: Dims = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
) -> tuple[Array, Array]:
    over = None if isinstance(dim, bool) else dim
    return _root(_variance(input, dim, unbiased, keepdim, correction)), _mean(input, over, keepdim)


def _finite(input: Array) -> Array:
    if not is_discrete(input) and any(not x.is_finite() for x in input.flat):
        raise NoTruth("what is nan is left out, and a ball of nan may be an infinity")
    return input


@forward("nansum")
def _(input: Array, dim: Dims = None, keepdim: bool = False, *, dtype: Any = None) -> Array:
    return along(_integers(_finite(input)), dim, keepdim, total)


line("nanmean", lambda input, dim=None, keepdim=False, dtype=None: _mean(_finite(input), dim, keepdim))
line(
    "aminmax",
    lambda input, *, dim=None, keepdim=False: (
        along(input, dim, keepdim, _smallest),
        along(input, dim, keepdim, _largest),
    ),
)
line("count_nonzero", lambda input, dim=None: along(nonzero(input), dim, False, lambda a: a.sum(axis=-1)))
