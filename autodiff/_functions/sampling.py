"""Drawing by what a tensor says, and drawing its own values anew. Knows signatures; numbers come from _kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff._core import arguments, dtypes
from autodiff._core.batched import Batched
from autodiff._core.function import function
from autodiff._core.inplace import assign
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.generator import Generator, stream_of
from autodiff._functions.random import need_real, normal_values, uniform, whole
from autodiff._kernels import counts, gamma_draws, random
from autodiff._kernels.mersenne import Mersenne

METHOD = "Tensor"
_CHANCES = "Expected p_in >= 0 && p_in <= 1 to be true, but got false."


# -- in place ------------------------------------------------------------------------------------------------


def _written(self: Tensor, op: Any, generator: Generator | None, draw: Callable[[Mersenne, Any], Any]) -> Tensor:
    """Draw every element of the tensor anew; what flows back through it is 0."""
    stream = stream_of(generator, op.__name__)
    return assign(self, lambda before: op(before, values=draw(stream, _room(before))))


def _room(before: Tensor) -> Any:
    """An array like the one that is drawn into: of all samples under vmap one, which they share."""
    array = before._array
    return np.empty(array.shape, array.dtype) if isinstance(before, Batched) else np.asarray(array)


def _bounds(from_: Any, to: Any, given: dict[str, Any]) -> tuple[Any, Any]:
    """`from` is a word of Python's, and an argument's name in torch."""
    from_ = given.pop("from", from_)
    if given:
        raise TypeError(f"got an unexpected keyword argument {next(iter(given))!r}")
    return from_, to


@function(METHOD, method=True)
def uniform_(
    self: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None, **given: Any
) -> Tensor:
    """Every element anew, evenly in [from, to)."""
    low, high = (float(x) for x in _bounds(from_, to, given))
    return _written(self, ops._drawn_uniform_, generator, lambda s, array: uniform(s, array, low, high))


@function(METHOD, method=True)
def normal_(self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Every element anew, around `mean` with deviation `std`."""
    mean, std = float(mean), float(std)
    return _written(self, ops._drawn_normal_, generator, lambda s, array: normal_values(s, array, mean, std))


class Unsaid:
    """Stands for a bound that was not given; None is one that was."""


_UNSAID: Any = Unsaid()


@function(METHOD, method=True)
def random_(
    self: Tensor, from_: Any = _UNSAID, to: Any = _UNSAID, *, generator: Generator | None = None, **given: Any
) -> Tensor:
    """Every element anew, a whole number: any that the dtype holds, one below `to`, or one in [from, to)."""
    by_name = "from" in given
    low, high = _bounds(from_, to, given)
    fits = not any(isinstance(bound, (float, str)) for bound in (low, high))
    if not fits or (by_name and high is _UNSAID) or (low is _UNSAID and high is None):
        kinds = ", ".join(type(bound).__name__ for bound in (low, high) if bound is not _UNSAID)
        raise TypeError(f"random_() received an invalid combination of arguments - got ({kinds})")
    if low is _UNSAID and high is _UNSAID:
        return _written(self, ops._drawn_random_, generator, _anything)
    if high is _UNSAID or low is _UNSAID:
        top = arguments.whole(low if high is _UNSAID else high, "to")
        return _written(self, ops._drawn_random_to, generator, lambda s, array: whole(s, array, 0, top))
    bottom = arguments.whole(low, "from")
    if high is None:
        return _written(self, ops._drawn_random_from, generator, lambda s, array: _from(s, array, bottom))
    end = arguments.whole(high, "to")
    return _written(self, ops._drawn_random_from, generator, lambda s, array: whole(s, array, bottom, end))


def _anything(stream: Mersenne, array: Any) -> Any:
    need_real(array.dtype, "random_kernel_cpu", "biuf")
    return random.placed(random.anything(stream, array.size, array.dtype), array)


def _from(stream: Mersenne, array: Any, low: int) -> Any:
    dtype = array.dtype
    need_real(dtype, "random_update_from_to", "biuf")
    if dtype.kind == "b":
        return whole(stream, array, low, 2)
    most = int(np.iinfo(dtype).max) + 1 if dtype.kind in "iu" else 2 ** (int(np.finfo(dtype).nmant) + 1) + 1
    return whole(stream, array, low, most)


@function(METHOD, method=True)
def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Every element anew: 1 with probability p, else 0; p is a number, or a tensor that broadcasts to this one."""
    if isinstance(p, Tensor):
        stream = stream_of(generator, "bernoulli_")
        return assign(self, lambda before: _each(stream, ops._drawn_bernoulli_each, before, p))
    if isinstance(p, str) or not hasattr(p, "__float__"):
        raise TypeError(f"bernoulli_() received an invalid combination of arguments - got ({type(p).__name__})")
    return _written(self, ops._drawn_bernoulli_, generator, lambda s, array: all_alike(s, array, float(p)))


def all_alike(stream: Mersenne, array: Any, p: float) -> Any:
    """1 with one probability for all elements of an array, else 0."""
    if not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
    need_real(array.dtype, "bernoulli_scalar_cpu_", "biuf")
    return random.placed(random.bernoulli(stream, array.size, p).astype(array.dtype), array)


def _each(stream: Mersenne, op: Any, before: Tensor, p: Tensor) -> Tensor:
    array, chances = np.asarray(before._array), p._array
    if chances.shape != array.shape:
        chances = wrap(chances).expand(array.shape)._array  # type: ignore[attr-defined]
    return op(before, p, values=_by_chance(stream, array, chances))  # type: ignore[no-any-return]


def _by_chance(stream: Mersenne, array: Any, chances: Any) -> Any:
    """1 with each element's own probability, drawn in the order of the result's memory."""
    need_real(array.dtype, "bernoulli_tensor_cpu_self_", "biuf")
    need_real(chances.dtype, "bernoulli_tensor_cpu_p_", "f")
    if not ((chances >= 0) & (chances <= 1)).all():
        raise RuntimeError(_CHANCES)
    drawn = random.placed(random.evenly(stream, array.size, chances.dtype), array)
    return (drawn < chances).astype(array.dtype)


@function(METHOD, method=True)
def exponential_(self: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Every element anew: a waiting time at this rate."""
    rate = float(lambd)

    def draw(stream: Mersenne, array: Any) -> Any:
        if array.dtype.kind != "f":
            raise RuntimeError(_continuous("Exponential", dtypes.title(array.dtype)))
        if not rate > 0:
            raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={rate:g}")
        return random.placed(random.exponential(stream, array.size, array.dtype, rate), array)

    return _written(self, ops._drawn_exponential_, generator, draw)


def _continuous(name: str, dtype: str) -> str:
    return (
        f"{name} distribution is a continuous probability distribution. dtype must be a floating point but you "
        f"specified {dtype}"
    )


@function(METHOD, method=True)
def cauchy_(self: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Every element anew, from Cauchy's distribution."""
    middle, width = float(median), float(sigma)

    def draw(stream: Mersenne, array: Any) -> Any:
        if not width > 0:
            raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={width:g}")
        if array.dtype.kind != "f":
            raise RuntimeError(_continuous("Cauchy", array.dtype.name))
        return random.placed(random.cauchy(stream, array.size, array.dtype, middle, width), array)

    return _written(self, ops._drawn_cauchy_, generator, draw)


@function(METHOD, method=True)
def log_normal_(self: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None) -> Tensor:
    """Every element anew: e to the power of a normal number of this mean and deviation."""
    centre, deviation = float(mean), float(std)

    def draw(stream: Mersenne, array: Any) -> Any:
        if not deviation > 0:
            raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={deviation:g}")
        need_real(array.dtype, "log_normal_cpu", "f")
        return random.placed(random.log_normal(stream, array.size, array.dtype, centre, deviation), array)

    return _written(self, ops._drawn_log_normal_, generator, draw)


@function(METHOD, method=True)
def geometric_(self: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Every element anew: how many trials of this probability until the first success."""
    chance = float(p)

    def draw(stream: Mersenne, array: Any) -> Any:
        if not 0 < chance < 1:
            raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={chance:g}")
        need_real(array.dtype, "geometric_cpu", "iuf")
        return random.placed(random.geometric(stream, array.size, array.dtype, chance), array)

    return _written(self, ops._drawn_geometric_, generator, draw)


# -- by what a tensor says -----------------------------------------------------------------------------------


@function(out=True)
def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability that each element (or `p`, for all alike) names, else 0; carries no gradient."""
    stream = stream_of(generator, "bernoulli")
    array = np.empty(input._array.shape, input._array.dtype)
    if p is None:
        return ops._drawn_bernoulli(input, values=_by_chance(stream, array, input._array))  # type: ignore[no-any-return]
    if isinstance(p, Tensor):
        raise TypeError("bernoulli() received an invalid combination of arguments - got (Tensor, p=Tensor)")
    return ops._drawn_bernoulli_p(input, values=all_alike(stream, array, float(p)))  # type: ignore[no-any-return]


@function(method=False)
def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """How many arrivals there were, where each element is the rate."""
    stream, rates = stream_of(generator, "poisson"), input._array
    need_real(rates.dtype, "poisson_cpu", "f")
    if not (rates >= 0).all():
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    values = counts.poisson(stream, np.ravel(rates)).reshape(rates.shape).astype(rates.dtype)
    return ops._drawn_poisson(input, values=values)  # type: ignore[no-any-return]


@function(method=False)
def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """How many of `count` trials succeed with probability `prob`."""
    stream, n, p = stream_of(generator, "binomial"), count._array, prob._array
    for name, array in (("count", n), ("prob", p)):
        if array.dtype.kind != "f":
            raise ValueError(
                f"binomial only supports floating-point dtypes for {name}, got: {dtypes.title(array.dtype)}"
            )
    if n.dtype != p.dtype:
        raise RuntimeError(f"Found dtype {dtypes.title(p.dtype)} but expected {dtypes.title(n.dtype)}")
    need_real(n.dtype, "binomial_cpu", "" if n.itemsize == 2 else "f")
    shape = np.broadcast_shapes(n.shape, p.shape)
    values = counts.binomial(stream, *(np.ravel(np.broadcast_to(x, shape)) for x in (n, p))).reshape(shape)
    return ops._drawn_binomial(count, prob, values=values.astype(n.dtype))  # type: ignore[no-any-return]


@function(out=True)
def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Places drawn in proportion to the weights of each row."""
    stream, weights = stream_of(generator, "multinomial"), input._array
    if weights.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if weights.dtype.kind != "f":
        raise RuntimeError(
            f"multinomial only supports floating-point dtypes for input, got: {dtypes.title(weights.dtype)}"
        )
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > weights.shape[-1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    if not ((weights >= 0) & np.isfinite(weights)).all():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if not (weights.sum(-1) > 0).all():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    rows = weights.reshape(-1, weights.shape[-1])
    with np.errstate(all="ignore"):
        found = counts.picked(stream, rows, num_samples, replacement)
    return wrap(found if weights.ndim == 2 else found[0])


@function(method=False)
def _standard_gamma(input: Tensor, generator: Generator | None = None) -> Tensor:
    """A gamma variate of rate 1 for each shape; it moves with its shape at the same probability."""
    shapes = input._array
    need_real(shapes.dtype, "gamma_cpu", "f")
    values = gamma_draws.gamma(stream_of(generator, "_standard_gamma"), shapes)
    return ops._drawn_gamma(input, values=values)  # type: ignore[no-any-return]


@function(method=False)
def _sample_dirichlet(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Points of simplices, the shapes along the last dimension; they move with their shapes."""
    shapes = input._array
    need_real(shapes.dtype, "dirichlet", "f")
    values = gamma_draws.dirichlet(stream_of(generator, "_sample_dirichlet"), shapes)
    return ops._drawn_dirichlet(input, values=values)  # type: ignore[no-any-return]
