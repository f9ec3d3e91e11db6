"""Random tensors, new ones: torch's distributions from torch's stream. Knows signatures; numbers come from _kernels."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from autodiff._core import arguments, dtypes
from autodiff._core.dtypes import Default
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._functions.creation import checked, sized
from autodiff._functions.generator import Generator, stream_of
from autodiff._functions.values import finished
from autodiff._kernels import random
from autodiff._kernels.creation import alike
from autodiff._kernels.mersenne import Mersenne

#: C++'s names of the dtypes, as the messages about bounds have them.
_C = {
    "bool": "bool", "uint8": "unsigned char", "int8": "signed char", "int16": "short", "int32": "int", "int64": "long",
    "float16": "c10::Half", "float32": "float", "float64": "double",
}  # fmt: skip


# -- what fills an array, for new tensors and for old ones ---------------------------------------------------


def uniform(stream: Mersenne, array: Any, low: float = 0.0, high: float = 1.0) -> Any:
    """Values for an array, evenly in [low, high). Raises as torch does for bounds that its dtype cannot hold."""
    need_real(array.dtype, "check_uniform_bounds")
    part = np.empty(0, array.dtype).real.dtype
    most = float(np.finfo(part).max)
    for name, value in (("from", low), ("to", high)):
        if not -most <= value <= most:
            raise RuntimeError(f"{name} is out of bounds for {_C[part.name]}")
    if low > high:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}")
    if high - low > most:
        raise RuntimeError(
            f"uniform_ expects to-from <= std::numeric_limits<{dtypes.title(part)}>::max(), but found to={high:g} and "
            f"from={low:g} which result in to-from to exceed the limit"
        )
    if array.dtype.kind == "c":
        return random.placed(random.uniform(stream, 2 * array.size, part, low, high).view(array.dtype), array)
    return random.placed(random.uniform(stream, array.size, part, low, high), array)


def normal_values(stream: Mersenne, array: Any, mean: float = 0.0, std: float = 1.0) -> Any:
    """Values for an array, around `mean` with deviation `std`; the parts of a complex number share the variance."""
    if not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
    need_real(array.dtype, "normal_kernel_cpu")
    contiguous = array.flags.c_contiguous
    if array.dtype.kind == "c":
        part = array.real.dtype
        flat = random.normal(stream, 2 * array.size, part, 0.0, std / math.sqrt(2), contiguous=contiguous)
        return random.placed(flat.view(array.dtype), array) + array.dtype.type(mean)
    return random.placed(random.normal(stream, array.size, array.dtype, mean, std, contiguous=contiguous), array)


def whole(stream: Mersenne, array: Any, low: int, high: int) -> Any:
    """Values for an array, evenly among low, ..., high - 1. Raises as torch does where its dtype ends before."""
    dtype = array.dtype
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    if dtype.kind == "c":
        raise RuntimeError("check_random_bounds handles only integral, floating-point and boolean types")
    if dtype.kind == "f":
        digits = int(np.finfo(dtype).nmant) + 1
        for name, value in (("from", low), ("to - 1", high - 1)):
            if abs(value) > 2**digits:
                warnings.warn(_beyond(name, digits, dtype), UserWarning, stacklevel=5)
    else:
        least, most = (0, 1) if dtype.kind == "b" else (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
        for name, value in (("from", low), ("to - 1", high - 1)):
            if not least <= value <= most:
                raise RuntimeError(f"{name} is out of bounds for {_C[dtype.name]}")
    return random.placed(random.integers(stream, array.size, low, high, dtype), array)


def _beyond(name: str, digits: int, dtype: Any) -> str:
    return (
        f"{name} is out of bounds [-(2^{digits}), 2^{digits}]. Due to precision limitations {_C[dtype.name]} can "
        "support discrete uniform distribution only within this range. This warning will become an error in version "
        "1.7 release, please fix the code in advance"
    )


def need_real(dtype: Any, kernel: str, kinds: str = "fc") -> None:
    """Raise NotImplementedError, as torch's kernel does, for a dtype that it does not serve."""
    if dtype.kind not in kinds:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtypes.title(dtype)}'")


# -- new tensors ---------------------------------------------------------------------------------------------


def _drawn(name: str, values: Any, text: str) -> None:
    def public(
        *size: Any,
        generator: Generator | None = None,
        dtype: Any = None,
        layout: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        **given: Any,
    ) -> Tensor:
        array = np.empty(sized(name, size, given), arguments.numpy_dtype(dtype, Default.real))
        return finished(dtypes.converted(values(stream_of(generator, name), array), array.dtype), requires_grad, device)

    def shaped(
        input: Tensor,
        *,
        generator: Generator | None = None,
        dtype: Any = None,
        layout: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        memory_format: Any = None,
    ) -> Tensor:
        given = checked(name + "_like", input)._array
        form = arguments.format_of(name + "_like", memory_format, given.ndim)
        array = alike(given, arguments.numpy_dtype(dtype, given.dtype), form)
        return finished(
            dtypes.converted(values(stream_of(generator, name + "_like"), array), array.dtype), requires_grad, device
        )

    public.__doc__ = f"Random numbers {text}, in a tensor of this shape."
    shaped.__doc__ = f"Random numbers {text}, in a tensor of another's shape and dtype."
    function(name=name, method=False, out="new")(public)
    function(name=name + "_like", method=False)(shaped)


_drawn("rand", uniform, "evenly in [0, 1)")
_drawn("randn", normal_values, "around 0 with variance 1")


def bounds(name: str, low: Any, high: Any) -> tuple[int, int]:
    """Two whole numbers; one alone is the upper bound. Raises TypeError for others."""
    if high is None:
        low, high = 0, low
    for which, value in (("low", low), ("high", high)):
        if isinstance(value, float):
            raise TypeError(f"{name}(): argument '{which}' (position 1) must be int, not float")
    found = arguments.whole(low, "low"), arguments.whole(high, "high")
    if not all(-(2**63) <= n < 2**63 for n in found):
        raise ValueError("Overflow when unpacking long long")
    return found


@function(method=False, out="new")
def randint(
    low: int = 0,
    high: Any = None,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Whole numbers evenly among low, ..., high - 1: `randint(high, size)` or `randint(low, high, size)`."""
    if size is None:
        low, high, size = 0, low, high
    if not isinstance(size, (tuple, list)):
        raise TypeError(f"randint(): argument 'size' must be tuple of ints, not {type(size).__name__}")
    low, high = bounds("randint", low, high)
    array = np.empty(arguments.extent((size,)), arguments.numpy_dtype(dtype, np.dtype("int64")))
    return finished(whole(stream_of(generator, "randint"), array, low, high), requires_grad, device)


@function(method=False)
def randint_like(
    input: Tensor,
    low: int = 0,
    high: int | None = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Whole numbers evenly among low, ..., high - 1, in a tensor of another's shape and dtype."""
    low, high = bounds("randint_like", low, high)
    given = checked("randint_like", input)._array
    form = arguments.format_of("randint_like", memory_format, given.ndim)
    array = alike(given, arguments.numpy_dtype(dtype, given.dtype), form)
    return finished(whole(stream_of(generator, "randint_like"), array, low, high), requires_grad, device)


@function(method=False, out="new")
def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The numbers 0, ..., n - 1 in random order."""
    if isinstance(n, float):
        raise TypeError("randperm(): argument 'n' (position 1) must be int, not float")
    (n,) = arguments.extent((n,))
    target = arguments.numpy_dtype(dtype, np.dtype("int64"))
    need_real(target, "randperm", "iuf")
    if target.kind == "f" and n > (most := 2 ** (int(np.finfo(target).nmant) + 1) + 1):
        raise RuntimeError(f"n cannot be greater than {most} for {dtypes.title(target)} type.")
    if target.kind in "iu" and n > np.iinfo(target).max:
        raise RuntimeError(f"value cannot be converted to type {target.name}_t without overflow")
    return finished(
        random.permutation(stream_of(generator, "randperm"), n).astype(target, copy=False), requires_grad, device
    )


@function(method=False, out=True)
def normal(
    mean: Any,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Random numbers around `mean` with deviation `std`, either of them a tensor; or numbers, of this `size`."""
    stream = stream_of(generator, "normal")
    if size is not None or not (isinstance(mean, Tensor) or isinstance(std, Tensor)):
        if not isinstance(size, (tuple, list)):
            kinds = ", ".join(type(x).__name__ for x in (mean, std, size) if x is not None)
            raise TypeError(f"normal() received an invalid combination of arguments - got ({kinds})")
        array = np.empty(arguments.extent((size,)), arguments.numpy_dtype(dtype, Default.real))
        return finished(normal_values(stream, array, _number(mean), _number(std)), requires_grad, device)
    if not isinstance(std, Tensor):
        values = normal_values(stream, np.empty(mean._array.shape, mean._array.dtype), 0.0, _number(std)) + mean._array
        return ops._drawn_normal_mean(mean, values=values)  # type: ignore[no-any-return]
    deviations = std._array
    if deviations.dtype.kind == "c":
        raise RuntimeError("normal expects standard deviation to be non-complex")
    if np.less(deviations, 0).any():
        raise RuntimeError("normal expects all elements of std >= 0.0")
    centre = mean._array if isinstance(mean, Tensor) else _number(mean)
    shape = _together(np.shape(centre), deviations.shape)
    target = centre.dtype if isinstance(mean, Tensor) else deviations.dtype
    array = np.empty(shape, target)
    values = normal_values(stream, array)
    with np.errstate(all="ignore"):
        values = np.add(np.multiply(values, deviations).astype(target, copy=False), centre).astype(target, copy=False)
    if isinstance(mean, Tensor):
        return ops._drawn_normal(mean, std, values=values)  # type: ignore[no-any-return]
    return ops._drawn_normal_std(std, values=values)  # type: ignore[no-any-return]


def _together(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        raise RuntimeError(
            f"The size of tensor a ({a[-1]}) must match the size of tensor b ({b[-1]}) at non-singleton dimension "
            f"{max(len(a), len(b)) - 1}"
        ) from None


def _number(value: Any) -> float:
    return float(value.item() if isinstance(value, Tensor) else value)
