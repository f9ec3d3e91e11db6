"""Normalisations: float16 is computed in float32."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels.layout import in_rows
from autodiff._kernels.reductions import deviations, mean
from autodiff._kernels.summation import total

Dims = tuple[int, ...]


def standardized(x: Any, dims: Dims, eps: float) -> tuple[Any, Any]:
    """x with mean 0 and variance 1 over `dims`, and the factor that made it so."""
    away = deviations(x, dims)
    scale = np.divide(1, np.sqrt(mean(away * away, dims, True) + x.dtype.type(eps)))
    return away * scale, scale


def standardize(x: Any, dims: Dims, eps: float) -> Any:
    if x.dtype.char == "e":
        return standardize(x.astype(np.float32), dims, eps).astype(np.float16)
    return standardized(x, dims, eps)[0]


def layer_norm(x: Any, weight: Any, bias: Any, dims: Dims, eps: float) -> Any:
    """x standardised over the last dimensions, then stretched and moved."""
    if x.dtype.char == "e":
        wide = [a if a is None else a.astype(np.float32) for a in (x, weight, bias)]
        return layer_norm(*wide, dims, eps).astype(np.float16)
    out, _ = standardized(in_rows(x), dims, eps)
    if weight is not None:
        out *= weight
    if bias is not None:
        out += bias
    return out


def standardize_backward(g: Any, x: Any, dims: Dims, eps: float) -> Any:
    """The gradient of `standardize`: g without its mean and without its part along the result, scaled."""
    if x.dtype.char == "e":
        return standardize_backward(g.astype(np.float32), x.astype(np.float32), dims, eps).astype(np.float16)
    z, scale = standardized(x, dims, eps)
    n = x.dtype.type(max(z.size // max(scale.size, 1), 1))
    along = total(g * z, dims, True) / n
    return scale * (g - total(g, dims, True) / n - z * along)
