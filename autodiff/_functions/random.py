"""Random tensors: torch's distributions, from a stream of our own."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import arguments
from autodiff._core.dtypes import Default
from autodiff._core.function import function
from autodiff._core.inplace import assign
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.creation import checked, finished, sized
from autodiff._kernels import random

METHOD = "Tensor"


@function(method=False)
def manual_seed(seed: int) -> None:
    """Start the stream anew: the same seed gives the same numbers."""
    random.seed(int(seed))


@function(method=False)
def initial_seed() -> int:
    """The seed that the stream started from."""
    random.generator()
    return random.Source.seed


def _drawn(name: str, draw: Any, text: str) -> None:
    def public(
        *size: Any,
        generator: Any = None,
        dtype: Any = None,
        layout: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        **given: Any,
    ) -> Tensor:
        target = arguments.numpy_dtype(dtype, Default.real)
        _need_float(name, target)
        return finished(np.asarray(draw(sized(name, size, given), target)), requires_grad, device)

    def like(
        input: Tensor,
        *,
        generator: Any = None,
        dtype: Any = None,
        layout: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        memory_format: Any = None,
    ) -> Tensor:
        array = checked(name + "_like", input)._array
        target = arguments.numpy_dtype(dtype, array.dtype)
        _need_float(name + "_like", target)
        return finished(np.asarray(draw(array.shape, target)), requires_grad, device)

    public.__doc__ = f"Random numbers {text}, in a tensor of this shape."
    like.__doc__ = f"Random numbers {text}, in a tensor of another's shape and dtype."
    function(name=name, method=False, out=True)(public)
    function(name=name + "_like", method=False)(like)


def _need_float(name: str, dtype: Any) -> None:
    if dtype.kind not in "fc":
        kernel = "check_uniform_bounds" if "rand_" in name + "_" and "randn" not in name else "normal_kernel_cpu"
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{_title(dtype)}'")


def _title(dtype: Any) -> str:
    return {
        "bool": "Bool",
        "int64": "Long",
        "int32": "Int",
        "int16": "Short",
        "int8": "Char",
        "uint8": "Byte",
    }[dtype.name]


_drawn("rand", random.uniform, "evenly in [0, 1)")
_drawn("randn", random.normal, "around 0 with variance 1")


def _whole(low: int, high: int, shape: tuple[int, ...], dtype: Any) -> Any:
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    return random.integers(low, high, shape, dtype)


@function(method=False, out=True)
def randint(
    low: int = 0,
    high: Any = None,
    size: Any = None,
    *,
    generator: Any = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Whole numbers evenly among low, ..., high - 1: `randint(high, size)` or `randint(low, high, size)`."""
    if size is None:
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    shape = arguments.extent((size,))
    return finished(_whole(low, high, shape, arguments.numpy_dtype(dtype, np.dtype("int64"))), requires_grad, device)


@function(method=False)
def randint_like(
    input: Tensor,
    low: int = 0,
    high: int | None = None,
    *,
    generator: Any = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Whole numbers evenly among low, ..., high - 1, in a tensor of another's shape and dtype."""
    if high is None:
        low, high = 0, low
    array = checked("randint_like", input)._array
    return finished(_whole(low, high, array.shape, arguments.numpy_dtype(dtype, array.dtype)), requires_grad, device)


@function(method=False, out=True)
def randperm(
    n: int,
    *,
    generator: Any = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The numbers 0, ..., n - 1 in random order."""
    target = arguments.numpy_dtype(dtype, np.dtype("int64"))
    return finished(random.permutation(n).astype(target), requires_grad, device)


@function(out=True)
def bernoulli(input: Tensor, p: float | None = None, *, generator: Any = None) -> Tensor:
    """1 with the probability that each element (or `p`) names, else 0; carries no gradient."""
    array = input._array
    chance = array if p is None else p
    if np.any(np.less(chance, 0)) or np.any(np.greater(chance, 1)):
        raise RuntimeError("Expected p_in >= 0 && p_in <= 1 to be true, but got false.")
    return wrap(np.asarray(random.uniform(array.shape, np.dtype("float64")) < chance).astype(array.dtype))


@function(method=False, out=True)
def normal(
    mean: Any,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Any = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Random numbers around `mean` with deviation `std`; carries no gradient."""
    m, s = (x._array if isinstance(x, Tensor) else x for x in (mean, std))
    shape = arguments.extent((size,)) if size is not None else np.broadcast_shapes(np.shape(m), np.shape(s))
    given = next((x.dtype for x in (m, s) if isinstance(x, (np.ndarray, np.generic))), Default.real)
    target = arguments.numpy_dtype(dtype, given)
    return finished(np.asarray(random.normal(shape, np.dtype("float64")) * s + m).astype(target), requires_grad, device)


# -- in place ------------------------------------------------------------------------------------------------


def _written(self: Tensor, values: Any) -> Tensor:
    return assign(self, lambda before: ops.copy(before, wrap(np.asarray(values))))


@function(METHOD, method=True)
def uniform_(self: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Any = None) -> Tensor:
    """Every element anew, evenly in [from, to)."""
    if from_ > to:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={from_} > to={to}")
    return _written(self, random.uniform(self._array.shape, self._array.dtype) * (to - from_) + from_)


@function(METHOD, method=True)
def normal_(self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Any = None) -> Tensor:
    """Every element anew, around `mean` with deviation `std`."""
    if std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
    return _written(self, random.normal(self._array.shape, self._array.dtype) * std + mean)


@function(METHOD, method=True)
def random_(self: Tensor, from_: int = 0, to: int | None = None, *, generator: Any = None) -> Tensor:
    """Every element anew, a whole number evenly in [from, to); `random_(to)` starts at 0."""
    if to is None:
        dtype = self._array.dtype
        top = (
            np.iinfo(dtype).max if dtype.kind in "iu" else 2 if dtype.kind == "b" else 2 ** (np.finfo(dtype).nmant + 1)
        )
        from_, to = (0, from_) if from_ else (0, int(top))
    return _written(self, _whole(from_, to, self._array.shape, np.dtype("int64")))


@function(METHOD, method=True)
def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Any = None) -> Tensor:
    """Every element anew: 1 with probability p, else 0."""
    chance = p._array if isinstance(p, Tensor) else p
    return _written(self, random.uniform(self._array.shape, np.dtype("float64")) < chance)
