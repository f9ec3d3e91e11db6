"""torch.testing: whether two results are close, with words for where they are not, and tensors to try things on."""

from __future__ import annotations

import cmath
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.geometry import memory_format as MemoryFormat
from autodiff._core.limits import finfo, iinfo
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap

__all__ = ["assert_allclose", "assert_close", "make_tensor"]

#: Relative and absolute tolerance by dtype; whole numbers and bools are to be equal.
_TOLERANCES = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}
#: The same of a function of old.
_OLD_TOLERANCES = {"float16": (1e-3, 1e-3), "float32": (1e-4, 1e-5), "float64": (1e-5, 1e-8)}
_NUMBERS = (int, float, complex, np.number)
_BOOLS = (bool, np.bool_)
_OF_TYPE = {int: "int64", float: "float64", complex: "complex128"}


@dataclass(frozen=True)
class _Demands:
    """What is asked of a pair of tensors or numbers; tolerances of None go by the dtypes."""

    rtol: float | None
    atol: float | None
    equal_nan: bool
    allow_subclasses: bool
    check_device: bool
    check_dtype: bool
    check_layout: bool
    check_stride: bool

    def tolerances(self, *names: str) -> tuple[float, float]:
        """The relative and the absolute one: what is asked for, else the larger of the dtypes'."""
        if self.rtol is not None and self.atol is not None:
            return self.rtol, self.atol
        found = [_TOLERANCES.get(name, (0.0, 0.0)) for name in names]
        return max(r for r, _ in found), max(a for _, a in found)


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Raise AssertionError unless |actual - expected| <= atol + rtol · |expected| everywhere, and the rest agrees.

    Tensors, NumPy's arrays, numbers, None, and sequences and mappings of them. Without tolerances those of the dtypes
    count, as torch has them. `msg` stands in the message's place, or makes another one of it. Raises TypeError for
    what cannot be compared, ValueError for one tolerance without the other.
    """
    __tracebackhide__ = True  # pytest shows the caller
    if (rtol is None) != (atol is None):
        lacking = "rtol" if rtol is None else "atol"
        raise ValueError(f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {lacking}.")
    demands = _Demands(rtol, atol, equal_nan, allow_subclasses, check_device, check_dtype, check_layout, check_stride)
    found = _difference(actual, expected, demands, ())
    if found is not None:
        raise AssertionError(found if msg is None else msg if isinstance(msg, str) else msg(found))


def assert_allclose(
    actual: Any,
    expected: Any,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = True,
    msg: str = "",
) -> None:
    """`assert_close` of old: dtypes are not compared, nan is close to nan, tolerances are wider."""
    warnings.warn(
        "`torch.testing.assert_allclose()` is deprecated since 1.12 and will be removed in a future release. Please "
        "use `torch.testing.assert_close()` instead.",
        FutureWarning,
        stacklevel=2,
    )
    a, b = (x if isinstance(x, Tensor) else wrap(np.asarray(x)) for x in (actual, expected))
    if rtol is None and atol is None:
        both = [_OLD_TOLERANCES.get(x.dtype.name, (0.0, 0.0)) for x in (a, b)]
        rtol, atol = max(r for r, _ in both), max(t for _, t in both)
    assert_close(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan, check_dtype=False, msg=msg or None)


# -- pairs ------------------------------------------------------------------------------------------------------------
def _difference(actual: Any, expected: Any, demands: _Demands, where: tuple[Any, ...]) -> str | None:
    """The first difference, in words; None where there is none."""
    if _sequence(actual) and _sequence(expected):
        if len(actual) != len(expected):
            return _placed(f"The length of the sequences mismatch: {len(actual)} != {len(expected)}", where)
        pairs = [(i, a, b) for i, (a, b) in enumerate(zip(actual, expected))]
    elif isinstance(actual, Mapping) and isinstance(expected, Mapping):
        if actual.keys() != expected.keys():
            lacking, extra = (sorted(a, key=str) for a in (expected.keys() - actual, actual.keys() - expected))
            text = f"Missing keys in the actual mapping: {lacking}\nAdditional keys in the actual mapping: {extra}"
            return _placed(f"The keys of the mappings do not match:\n{text}", where)
        pairs = [(key, actual[key], expected[key]) for key in sorted(actual, key=str)]
    else:
        found = _of_pair(actual, expected, demands)
        return None if found is None else _placed(found, where)
    return next((text for i, a, b in pairs if (text := _difference(a, b, demands, (*where, i))) is not None), None)


def _sequence(x: Any) -> bool:
    return isinstance(x, Sequence) and not isinstance(x, str)


def _placed(text: str, where: tuple[Any, ...]) -> str:
    return text + (f"\n\nThe failure occurred for item {''.join(f'[{i!r}]' for i in where)}" if where else "")


def _of_pair(actual: Any, expected: Any, demands: _Demands) -> str | None:
    if actual is None or expected is None:
        return None if actual is expected else f"None mismatch: {actual} is not {expected}"
    if isinstance(actual, _BOOLS) and isinstance(expected, _BOOLS):
        return None if bool(actual) is bool(expected) else f"Booleans mismatch: {bool(actual)} is not {bool(expected)}"
    if all(isinstance(x, _NUMBERS) and not isinstance(x, _BOOLS) for x in (actual, expected)):
        return _of_numbers(actual, expected, demands)
    related = isinstance(actual, type(expected)) or isinstance(expected, type(actual))
    arrays = all(isinstance(x, (Tensor, np.ndarray, np.generic)) for x in (actual, expected))
    if not related or not arrays or (type(actual) is not type(expected) and not demands.allow_subclasses):
        raise TypeError(f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}.")
    a, b = (x if isinstance(x, Tensor) else wrap(np.asarray(x)) for x in (actual, expected))
    return _of_tensors(a.detach(), b.detach(), demands)


def _of_numbers(actual: Any, expected: Any, demands: _Demands) -> str | None:
    a, b = (x.item() if isinstance(x, np.number) else x for x in (actual, expected))
    if demands.check_dtype and type(a) is not type(b):
        return f"The (d)types do not match: {type(a)} != {type(b)}."
    rtol, atol = demands.tolerances(_OF_TYPE[type(a)], _OF_TYPE[type(b)])
    if a == b or (demands.equal_nan and cmath.isnan(a) and cmath.isnan(b)):
        return None
    apart = abs(a - b)
    if cmath.isfinite(apart) and apart <= atol + rtol * abs(b):
        return None
    return _scalars(a, b, rtol, atol)


def _of_tensors(a: Any, b: Any, demands: _Demands) -> str | None:
    for name, one, other, asked in (
        ("shape", a.shape, b.shape, True),
        ("layout", a.layout, b.layout, demands.check_layout),
        ("device", a.device, b.device, demands.check_device),
        ("dtype", a.dtype, b.dtype, demands.check_dtype),
    ):
        if asked and one != other:
            return f"The values for attribute '{name}' do not match: {one} != {other}."
    if demands.check_stride and not a.is_sparse and not b.is_sparse and a.stride() != b.stride():
        return f"The values for attribute 'stride()' do not match: {a.stride()} != {b.stride()}."
    rtol, atol = demands.tolerances(a.dtype.name, b.dtype.name)
    if a.is_sparse and b.is_sparse:
        return _of_sparse(a.coalesce(), b.coalesce(), rtol, atol, demands)
    a, b = (x.to_dense() if x.is_sparse else x for x in (a, b))
    return _of_values(a, b, rtol, atol, demands.equal_nan)


def _of_sparse(a: Any, b: Any, rtol: float, atol: float, demands: _Demands) -> str | None:
    if a._nnz() != b._nnz():
        return f"The number of specified values in sparse COO tensors does not match: {a._nnz()} != {b._nnz()}"
    places = _of_values(a.indices(), b.indices(), 0, 0, False, "Sparse COO indices")
    return places or _of_values(a.values(), b.values(), rtol, atol, demands.equal_nan, "Sparse COO values")


def _of_values(a: Any, b: Any, rtol: float, atol: float, equal_nan: bool, what: str = "Tensor-likes") -> str | None:
    if a.dtype is not b.dtype:
        common = ops.promote_types(a.dtype, b.dtype)
        a, b = a.to(common), b.to(common)
    matches = ops.isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)
    if bool(matches.all()):
        return None
    if not a.ndim:
        return _scalars(a.item(), b.item(), rtol, atol)
    if not (a.is_floating_point() or a.is_complex()):
        a, b = a.to(dtypes.int64), b.to(dtypes.int64)
    apart = (a - b).abs()
    wrong = int((~matches).sum())
    lines = [
        f"{what} are not {_aim(rtol, atol)}!",
        "",
        f"Mismatched elements: {wrong} / {a.numel()} ({wrong / a.numel():.1%})",
    ]
    for name, x, allowed in (("absolute", apart, atol), ("relative", apart / b.abs(), rtol)):
        flat = x.masked_fill(matches, 0).flatten()
        at = int(flat.argmax())
        index = tuple(int(i) for i in np.unravel_index(at, a.shape))
        lines.append(f"Greatest {name} difference: {flat[at].item()} at index {index}{_limit(allowed, rtol, atol)}")
    return "\n".join(lines)


def _scalars(a: Any, b: Any, rtol: float, atol: float) -> str:
    apart = abs(a - b)
    share = math.inf if b == 0 else apart / abs(b)
    return (
        f"Scalars are not {_aim(rtol, atol)}!\n\nExpected {b} but got {a}.\n"
        f"Absolute difference: {apart}{_limit(atol, rtol, atol)}\n"
        f"Relative difference: {share}{_limit(rtol, rtol, atol)}"
    )


def _aim(rtol: float, atol: float) -> str:
    return "close" if rtol or atol else "equal"


def _limit(allowed: float, rtol: float, atol: float) -> str:
    return f" (up to {allowed} allowed)" if rtol or atol else ""


# -- tensors to try things on -----------------------------------------------------------------------------------------
def make_tensor(
    *shape: Any,
    dtype: Any,
    device: Any = None,
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: MemoryFormat | None = None,
) -> Any:
    """A tensor of random numbers of [low, high): by default [-9, 9), whole numbers of -9 to 9, of 0 to 9 or of 0 and 1.

    `noncontiguous`: every other element of twice as many. `exclude_zero`: the dtype's smallest number instead, or 1.
    Raises ValueError for an empty range, or one that the dtype has nothing of.
    """
    if len(shape) == 1 and isinstance(shape[0], Sequence):
        shape = tuple(shape[0])
    whole = not (dtype.is_floating_point or dtype.is_complex)
    if noncontiguous and memory_format is not None:
        raise ValueError(
            "The parameters `noncontiguous` and `memory_format` are mutually exclusive, "
            f"but got {noncontiguous=} and {memory_format=}"
        )
    if requires_grad and whole:
        raise ValueError(f"`requires_grad=True` is not supported for boolean and integral dtypes, but got {dtype=}")
    apart = noncontiguous and math.prod(shape) > 1
    room = (*shape[:-1], 2 * shape[-1]) if apart else shape
    if whole:
        start, end = map(math.ceil, _range(dtype, low, high, *_whole_bounds(dtype)))
        made = ops.randint(start, end, room, dtype=dtype, device=device)
    else:
        limits = finfo(dtype)
        start, end = _range(dtype, low, high, limits.min, limits.max, -9, 9)
        made = ops.empty(room, dtype=dtype, device=device)
        _uniform(ops.view_as_real(made) if dtype.is_complex else made, start, end)
    if apart:
        made = made[..., 1::2]
    elif memory_format is not None:
        made = made.clone(memory_format=memory_format)
    if exclude_zero:
        made[made == 0] = 1 if whole else finfo(dtype).tiny
    return made.requires_grad_(requires_grad)


def _whole_bounds(dtype: Any) -> tuple[int, int, int, int]:
    """The least number of a dtype, the one past the largest that can be drawn, and what is drawn unasked."""
    if dtype is dtypes.bool_:
        return 0, 2, 0, 2
    limits = iinfo(dtype)
    return limits.min, limits.max + (dtype is not dtypes.int64), -9, 10


def _range(dtype: Any, low: Any, high: Any, least: Any, end: Any, usual_low: Any, usual_high: Any) -> tuple[Any, Any]:
    low, high = usual_low if low is None else low, usual_high if high is None else high
    if any(isinstance(x, float) and math.isnan(x) for x in (low, high)):
        raise ValueError(f"`low` and `high` cannot be NaN, but got {low=} and {high=}")
    if low == high and (dtype.is_floating_point or dtype.is_complex):
        warnings.warn(
            "Passing `low==high` to `torch.testing.make_tensor` for floating or complex types is deprecated since 2.1 "
            "and will be removed in 2.3. Use `torch.full(...)` instead.",
            FutureWarning,
            stacklevel=4,
        )
    elif low >= high:
        raise ValueError(f"`low` must be less than `high`, but got {low} >= {high}")
    elif high < least or low >= end:
        raise ValueError(
            f"The value interval specified by `low` and `high` is [{low}, {high}), but {dtype} only supports "
            f"[{least}, {end})"
        )
    return min(max(low, least), end), min(max(high, least), end)


def _uniform(target: Any, low: Any, high: Any) -> None:
    """Fill with numbers of a range, which may be wider than the dtype's largest number."""
    if high - low >= finfo(target.dtype).max:
        target.uniform_(low / 2, high / 2).mul_(2)
    else:
        target.uniform_(low, high)
