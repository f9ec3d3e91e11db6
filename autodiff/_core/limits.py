"""torch.finfo and torch.iinfo: what a dtype can hold. Knows no tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.dtypes import Default


class finfo:
    """The limits of a floating dtype; of a complex one, those of its parts. Raises TypeError for integers."""

    def __init__(self, dtype: dtypes.dtype | None = None) -> None:
        kind = dtypes.OF_NUMPY[Default.real] if dtype is None else dtype
        if not (kind.is_floating_point or kind.is_complex):
            raise TypeError(f"torch.finfo() requires a floating point input type. Use torch.iinfo to handle '{kind}'")
        found: Any = np.finfo(kind.to_real().numpy)
        self.dtype = kind.to_real().name
        self.bits = int(found.bits)
        self.eps = float(found.eps)
        self.max = float(found.max)
        self.min = float(found.min)
        self.tiny = self.smallest_normal = float(found.tiny)
        self.resolution = float(found.resolution)

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.tiny:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )


class iinfo:
    """The limits of an integer dtype. Raises TypeError for others."""

    def __init__(self, dtype: dtypes.dtype) -> None:
        if dtype.numpy.kind not in "iu":
            raise TypeError(f"torch.iinfo() requires an integer input type. Use torch.finfo to handle '{dtype}'")
        found = np.iinfo(dtype.numpy)
        self.dtype = dtype.name
        self.bits, self.min, self.max = found.bits, int(found.min), int(found.max)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"
