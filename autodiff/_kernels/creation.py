"""New arrays: from Python's nested sequences by torch's inference, and from ranges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autodiff._kernels.layout import room

NUMBERS = {bool, int, float, complex}
TOO_BIG = "Overflow when unpacking long long"


def nested(
    data: Any, dtype: Any, default: Any, of_number: Callable[[Any], Any], promote: Callable[[Any, Any], Any]
) -> Any:
    """The array that a nested sequence of numbers, NumPy scalars and arrays spells, in torch's dtype.

    Raises torch's errors for ragged sequences, what is no number, and values that `dtype` cannot hold.
    """
    found: Any = None
    plain = True
    for row in _rows(data):
        for kind, sample in row.items():
            if kind not in NUMBERS:
                plain = False
                _check_leaf(sample)
            d = of_number(sample) if kind in NUMBERS else getattr(sample, "_array", sample).dtype
            found = d if found is None else promote(found, d)
    _check_ragged(data)
    array = np.array(data) if plain else np.array(_unwrapped(data))
    if array.dtype.kind in "Ou" and found is not None and found.kind == "i":
        raise ValueError(TOO_BIG)
    if dtype is not None and array.size and array.dtype.kind in "biuf":
        check_range(array, dtype)
    return _as(array, dtype or found or default)


def check_range(array: Any, dtype: Any) -> None:
    """Raise RuntimeError if an integer dtype cannot hold these values; unsigned ones wrap negatives."""
    if dtype.kind not in "iu":
        return
    info = np.iinfo(dtype)
    low = -int(info.max) if dtype.kind == "u" else int(info.min)
    if not (array.min() >= low and array.max() <= info.max):  # a nan is outside as well
        raise RuntimeError(f"value cannot be converted to type {dtype.name} without overflow")


def _as(array: Any, dtype: Any) -> Any:
    if array.dtype.kind == "c" and dtype.kind != "c":
        raise TypeError("must be real number, not complex")
    with np.errstate(all="ignore"):  # 1e400 and 1e300 are inf in float32, silently
        return array.astype(dtype)


def _rows(data: Any) -> Iterator[dict[type, Any]]:
    """Per innermost sequence, one element of each type."""
    stack = [data]
    while stack:
        x = stack.pop()
        kinds = dict(zip(map(type, x), x))
        if not any(issubclass(k, (list, tuple, range)) for k in kinds):
            yield kinds
        else:
            stack.extend(reversed(x))
            if not all(issubclass(k, (list, tuple, range)) for k in kinds):
                first = x[0]
                if isinstance(first, (list, tuple, range)):
                    raise TypeError("not a sequence")
                raise TypeError(f"{type(x[1]).__name__!r} object cannot be interpreted as a number")


def _check_leaf(x: Any) -> None:
    if isinstance(x, (str, bytes)):
        raise TypeError(f"new(): invalid data type {type(x).__name__!r}")
    if not isinstance(x, (np.ndarray, np.generic)) and not hasattr(x, "_array"):
        raise RuntimeError(f"Could not infer dtype of {type(x).__name__}")


def _check_ragged(data: Any) -> None:
    """Raise ValueError where a sequence has another length than its neighbour before it."""
    level, depth = [data], 1
    while level and isinstance(level[0], (list, tuple, range)):
        lengths = {len(x) for x in level}
        if len(lengths) > 1:
            first = len(level[0])
            other = next(len(x) for x in level if len(x) != first)
            raise ValueError(f"expected sequence of length {first} at dim {depth - 1} (got {other})")
        level = [y for x in level for y in x] if level[0] and isinstance(level[0][0], (list, tuple, range)) else []
        depth += 1


def _unwrapped(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return [_unwrapped(y) for y in x]
    array = getattr(x, "_array", x)
    if array is not x:
        if array.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return array.reshape(())[()]
    return x


def dense(array: Any) -> bool:
    """Whether the elements fill their memory without gaps or overlap, in whatever order of the dimensions."""
    if array.flags.c_contiguous:
        return True
    reach = array.itemsize
    for stride, n in sorted((abs(s), n) for s, n in zip(array.strides, array.shape) if n != 1):
        if stride != reach:
            return False
        reach *= n
    return True


def alike(array: Any, dtype: Any, memory_format: str | None = None) -> Any:
    """Memory of another array's shape, not yet written; its layout too, unless a format asks for another."""
    shape = np.shape(array)
    if isinstance(array, np.generic) or array.ndim < 2 or memory_format is not None:
        return room(shape, dtype, memory_format)
    if not dense(array):
        order = _from_widest(array)
        return np.empty([shape[d] for d in order], dtype).transpose(np.argsort(order))
    return np.ndarray(shape, dtype, np.empty(array.size, dtype), 0, scaled(array, np.dtype(dtype).itemsize))


def _from_widest(array: Any) -> list[int]:
    """The dimensions from the widest stride to the narrowest; one that repeats its elements stays where it is."""
    order = list(range(array.ndim))[::-1]
    for start in range(1, array.ndim):
        for place in range(start, 0, -1):
            narrow, wide = (abs(array.strides[d]) for d in (order[place], order[place - 1]))
            if not narrow or not wide:
                continue
            if narrow >= wide:
                break
            order[place - 1], order[place] = order[place], order[place - 1]
    return order[::-1]


def scaled(array: Any, itemsize: int) -> tuple[int, ...]:
    """An array's strides for elements of another size."""
    return tuple(s // array.itemsize * itemsize for s in array.strides)


def arange(start: Any, end: Any, step: Any, dtype: Any) -> Any:
    """start, start + step, ... below end, each computed by a multiplication, as torch does."""
    if dtype.kind in "iu":
        return np.arange(int(start), int(end), int(step)).astype(dtype)
    count = int(np.ceil((end - start) / step))
    wide = np.arange(count, dtype=np.float64)
    return (start + step * wide).astype(dtype)


def linspace(start: Any, end: Any, steps: int, dtype: Any) -> Any:
    """Equal steps from both ends to the middle, so that both ends are exact."""
    if steps == 0:
        return np.empty(0, dtype)
    if steps == 1:
        return np.array([start]).astype(dtype)
    working = np.dtype("float64") if dtype.kind in "iu" else dtype if dtype.itemsize > 2 else np.dtype("float32")
    first, last = working.type(start), working.type(end)
    # torch's fused multiply-add rounds once; so does the next wider type, but for rare ties.
    places = np.arange(steps)
    with np.errstate(all="ignore"):
        step = ((last - first) / working.type(steps - 1)).astype(_WIDER.get(working.name, working))
        found = np.where(places < steps // 2, first + step * places, last - step * places[::-1])
        return found.astype(working).astype(dtype)


def logspace(start: Any, end: Any, steps: int, base: float, dtype: Any) -> Any:
    """Powers whose exponents lie at equal distances between two numbers of this dtype."""
    wide = np.dtype("complex128" if dtype.kind == "c" else "float64")
    with np.errstate(all="ignore"):
        return (wide.type(base) ** linspace(start, end, steps, wide)).astype(dtype)


_WIDER = {"float32": np.dtype("float64"), "float64": np.dtype(np.longdouble)}
