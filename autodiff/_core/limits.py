"""torch.finfo and torch.iinfo: what a dtype can hold. Knows no tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import arguments, dtypes
from autodiff._core.dtypes import Default


class _Limits:
    """Equal where the dtype is; not to be hashed, as torch's are not."""

    dtype: str

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.dtype == self.dtype

    __hash__ = None  # type: ignore[assignment]


def _asked(name: str, type: Any) -> dtypes.dtype:
    try:
        return dtypes.OF_NUMPY[arguments.numpy_dtype(type)]
    except TypeError:
        kind = type.__class__.__name__
        raise TypeError(f"{name}(): argument 'type' (position 1) must be torch.dtype, not {kind}") from None


class finfo(_Limits):
    """The limits of a floating dtype; of a complex one, those of its parts. Raises TypeError for integers."""

    def __init__(self, type: Any = None) -> None:
        kind = dtypes.OF_NUMPY[Default.real] if type is None else _asked("finfo", type)
        if not (kind.is_floating_point or kind.is_complex):
            raise TypeError(f"torch.finfo() requires a floating point input type. Use torch.iinfo to handle '{kind}'")
        if kind is dtypes.bfloat16:
            self._of_brain()
            return
        found: Any = np.finfo(kind.to_real().numpy)
        self.dtype = kind.to_real().name
        self.bits = int(found.bits)
        self.eps = float(found.eps)
        self.max = float(found.max)
        self.min = float(found.min)
        self.tiny = self.smallest_normal = float(found.tiny)
        self.resolution = float(f"1e-{found.precision}")

    def _of_brain(self) -> None:
        """float32's exponents, and seven bits behind the point."""
        self.dtype, self.bits, self.eps, self.resolution = "bfloat16", 16, 2.0**-7, 0.01
        self.max = (2 - 2.0**-7) * 2.0**127
        self.min, self.tiny = -self.max, 2.0**-126
        self.smallest_normal = self.tiny

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.tiny:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )


class iinfo(_Limits):
    """The limits of an integer dtype. Raises TypeError for others."""

    def __init__(self, type: Any) -> None:
        kind = _asked("iinfo", type)
        if kind.is_floating_point or kind.is_complex:
            raise TypeError(f"torch.iinfo() requires an integer input type. Use torch.finfo to handle '{kind}'")
        if kind is dtypes.bool_:
            raise TypeError("torch.bool is not supported by torch.iinfo")
        found = np.iinfo(kind.numpy)
        self.dtype = kind.name
        self.bits, self.min, self.max = found.bits, int(found.min), int(found.max)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"
