"""torch's dtypes over NumPy's, and torch's promotion lattice; knows no tensor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autodiff._kernels.brain import BRAIN, held


class dtype:
    """An element type under torch's name; prints as torch's does."""

    __slots__ = ("alias", "is_complex", "is_floating_point", "itemsize", "name", "numpy")

    def __init__(self, name: str, alias: str | None = None) -> None:
        self.name = name
        self.alias = alias
        self.numpy: np.dtype[Any] = np.dtype(name)
        self.itemsize = self.numpy.itemsize
        self.is_floating_point = self.numpy.kind == "f"
        self.is_complex = self.numpy.kind == "c"

    @property
    def is_signed(self) -> bool:
        return self.numpy.kind in "ifc"

    def to_complex(self) -> dtype:
        """The complex dtype whose parts have this precision; torch's complex32 does not exist here."""
        return complex128 if self.itemsize == 8 and not self.is_complex else self if self.is_complex else complex64

    def to_real(self) -> dtype:
        """The dtype of a complex dtype's parts."""
        return {"complex64": float32, "complex128": float64}.get(self.name, self)

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return (by_name, (self.name,))


class _Brain(dtype):
    """bfloat16: a dtype of torch's that NumPy lacks, whose arrays `_kernels.brain` tells."""

    __slots__ = ()

    def __init__(self) -> None:
        self.name, self.alias = "bfloat16", None
        self.numpy, self.itemsize = BRAIN, 2
        self.is_floating_point, self.is_complex = True, False


bool_ = dtype("bool")
uint8 = dtype("uint8")
int8 = dtype("int8")
int16 = dtype("int16", "short")
int32 = dtype("int32", "int")
int64 = dtype("int64", "long")
float16 = dtype("float16", "half")
float32 = dtype("float32", "float")
float64 = dtype("float64", "double")
complex64 = dtype("complex64", "cfloat")
complex128 = dtype("complex128", "cdouble")
bfloat16 = _Brain()

#: NumPy's, from torch's "lowest" to its "highest", as its lattice lists them.
DTYPES = (bool_, uint8, int8, int16, int32, int64, float16, float32, float64, complex64, complex128)
OF_NUMPY: dict[np.dtype[Any], dtype] = {d.numpy: d for d in (*DTYPES, bfloat16)}

#: b < u,i < f < c: the categories that torch's promotion looks at first.
_CATEGORY = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}

NumpyDType = np.dtype[Any]


def by_name(name: str) -> dtype:
    return next(d for d in (*DTYPES, bfloat16) if d.name == name)


def of(array: Any) -> dtype:
    """torch's dtype of an array. Raises TypeError for one that torch has not."""
    try:
        return OF_NUMPY[array.dtype]
    except KeyError:
        raise TypeError(
            f"can't convert np.ndarray of type {array.dtype}. The only supported types are: "
            + ", ".join(d.name for d in reversed(DTYPES))
            + "."
        ) from None


class Default:
    """The dtype that Python floats become; changed by set_default_dtype."""

    real: NumpyDType = np.dtype("float32")

    @classmethod
    def imaginary(cls) -> NumpyDType:
        return np.dtype("complex128" if cls.real.itemsize == 8 else "complex64")

    @classmethod
    def of_number(cls, number: bool | int | float | complex) -> NumpyDType:
        """The dtype that torch gives to a Python number."""
        if isinstance(number, bool):
            return bool_.numpy
        if isinstance(number, int):
            return int64.numpy
        return cls.real if isinstance(number, float) else cls.imaginary()


def category(d: NumpyDType) -> int:
    return _CATEGORY[d.kind]


def _promote(a: NumpyDType, b: NumpyDType) -> NumpyDType:
    if a is b:
        return a  # NumPy promotes bfloat16's mark away, as it should beside any other dtype
    low, high = sorted((a, b), key=category)
    if category(low) <= 1 < category(high):
        return high  # an integer never widens a float; NumPy says float64 for float32 with int64
    if category(high) == 3 and category(low) == 2:
        return complex128.numpy if low.itemsize == 8 else high
    return np.promote_types(low, high)


_PROMOTED = {(a.numpy, b.numpy): _promote(a.numpy, b.numpy) for a in OF_NUMPY.values() for b in OF_NUMPY.values()}


def promote(a: NumpyDType, b: NumpyDType) -> NumpyDType:
    """torch.promote_types over NumPy's dtypes."""
    return _PROMOTED[a, b]


def result_type(operands: Iterable[Any]) -> NumpyDType:
    """torch.result_type of arrays and Python numbers: sized arrays win over 0-dim ones, these over numbers.

    A lower class of operand counts only if its category (bool < integer < float < complex) is higher.
    """
    best: list[NumpyDType | None] = [None, None, None]
    for x in operands:
        if isinstance(x, (bool, int, float, complex)) and not isinstance(x, np.generic):
            level, d = 2, Default.of_number(x)
        else:
            level, d = (0 if x.ndim else 1), x.dtype
        held = best[level]
        best[level] = d if held is None else promote(held, d)
    result: NumpyDType | None = None
    for d_ in best:
        if d_ is None:
            continue
        if result is None:
            result = d_
        elif category(d_) > category(result):
            # A complex number takes the precision of the real dtype that it meets.
            result = promote(result, d_) if category(result) < 2 else _widened(result)
    assert result is not None
    return result


def _widened(real: NumpyDType) -> NumpyDType:
    return complex128.numpy if real.itemsize == 8 else complex64.numpy


def floating(d: NumpyDType) -> NumpyDType:
    """The dtype that a function of real numbers computes in: integers and bool become the default dtype."""
    return d if d.kind in "fc" else Default.real


def is_half(d: NumpyDType) -> bool:
    """Whether it is one of the floats of two bytes, for which torch lacks the same kernels, mostly."""
    return d.char == "e" or d is BRAIN


def converted(array: Any, target: NumpyDType) -> Any:
    """An array, or one of NumPy's scalars, in another dtype."""
    return held(array) if target is BRAIN else array.astype(target, copy=False)


def can_cast(source: NumpyDType, target: NumpyDType) -> bool:
    """torch.can_cast: only a fall in category loses meaning (bool last)."""
    return category(source) <= category(target)


_TITLES = {
    "bool": "Bool", "uint8": "Byte", "int8": "Char", "int16": "Short", "int32": "Int", "int64": "Long",
    "float16": "Half", "float32": "Float", "float64": "Double",
    "complex64": "ComplexFloat", "complex128": "ComplexDouble",
}  # fmt: skip


def title(d: NumpyDType) -> str:
    """torch's C++ name of a dtype, as its messages print it."""
    return "BFloat16" if d is BRAIN else _TITLES[d.name]
