"""Normalisations: float16 is computed in float32."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._kernels.layout import in_rows, with_channels_of
from autodiff._kernels.reductions import deviations, mean
from autodiff._kernels.summation import total

Dims = tuple[int, ...]


def standardized(x: Any, dims: Dims, eps: float) -> tuple[Any, Any]:
    """x with mean 0 and variance 1 over `dims`, and the factor that made it so."""
    away = deviations(x, dims)
    scale = np.divide(1, np.sqrt(mean(np.square(away), dims, True) + x.dtype.type(eps)))
    return np.multiply(away, scale, out=away), scale


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
    n = _size_of_mean(z, scale)
    along = total(g * z, dims, True) / n
    return scale * (g - total(g, dims, True) / n - z * along)


def layer_norm_backward(g: Any, x: Any, weight: Any, dims: Dims, eps: float) -> tuple[Any, Any, Any]:
    """The gradients of `layer_norm` by all three, x standardised once."""
    if x.dtype.char == "e":
        found = layer_norm_backward(*_wide(g, x, weight), dims, eps)
        return tuple([a.astype(np.float16) for a in found])  # type: ignore[return-value]
    z, scale = standardized(x, dims, eps)
    n, others = _size_of_mean(z, scale), tuple(range(x.ndim - len(dims)))
    along_z = g * z
    by_weight, by_bias = (total(a, others, False) if others else a.copy() for a in (along_z, g))
    if weight is not None:
        g = g * weight
        np.multiply(g, z, out=along_z)
    z *= total(along_z, dims, True) / n
    by_x = np.subtract(g, total(g, dims, True) / n, out=along_z)
    by_x -= z
    by_x *= scale
    return by_x, by_weight, by_bias


def _size_of_mean(z: Any, scale: Any) -> Any:
    return z.dtype.type(max(z.size // max(scale.size, 1), 1))


# -- of channels, which are dimension 1 -------------------------------------------------------------------------------


def _wide(*arrays: Any) -> list[Any]:
    return [a if a is None else a.astype(np.float32) for a in arrays]


def along(x: Any, ndim: int) -> Any:
    """One number for each channel, beside something of so many dimensions."""
    return None if x is None else x.reshape(-1, *(1,) * (ndim - 2))


def _stretched(out: Any, weight: Any, bias: Any) -> Any:
    if weight is not None:
        out *= along(weight, out.ndim)
    if bias is not None:
        out += along(bias, out.ndim)
    return out


def batch_norm(x: Any, weight: Any, bias: Any, eps: float, running: Any, momentum: float) -> Any:
    """Each channel standardised over the samples; `running` mean and variance are moved towards its own."""
    if x.dtype.char == "e":
        return batch_norm(*_wide(x, weight, bias), eps, running, momentum).astype(np.float16)
    dims = (0, *range(2, x.ndim))
    if any(r is not None for r in running) and x.size:
        n = x.size // x.shape[1]
        average = mean(x, dims, True)
        away = x - average
        own = (average, total(away * away, dims, True) / max(n - 1, 1))
        for held, found in zip(running, own):
            if held is not None:
                held[...] = (1 - momentum) * held + momentum * found.reshape(held.shape)
    out, _ = standardized(in_rows(x), dims, eps) if x.size else (np.array(x), None)
    return with_channels_of(x, _stretched(out, weight, bias))


def batch_norm_backward(g: Any, x: Any, weight: Any, eps: float) -> tuple[Any, Any, Any]:
    """The gradients of `batch_norm` by all three, x standardised once."""
    if x.dtype.char == "e":
        found = batch_norm_backward(*_wide(g, x, weight), eps)
        return tuple([a.astype(np.float16) for a in found])  # type: ignore[return-value]
    dims = (0, *range(2, x.ndim))
    z, scale = standardized(x, dims, eps)
    n = _size_of_mean(z, scale)
    along_z = g * z
    by_weight, by_bias = total(along_z, dims, True), total(g, dims, True)
    by_x = np.subtract(g, by_bias / n, out=along_z)
    z *= by_weight / n
    by_x -= z
    by_x *= scale
    if weight is not None:
        by_x *= along(weight, x.ndim)
    return by_x, by_weight.reshape(-1), by_bias.reshape(-1)


def batch_norm_by(x: Any, weight: Any, bias: Any, average: Any, variance: Any, eps: float) -> Any:
    """Each channel moved and scaled by a mean and a variance that are given."""
    if x.dtype.char == "e":
        return batch_norm_by(*_wide(x, weight, bias, average, variance), eps).astype(np.float16)
    out = (in_rows(x) - along(average, x.ndim)) * along(slope(variance, eps), x.ndim)
    return with_channels_of(x, _stretched(out, weight, bias))


def slope(variance: Any, eps: float) -> Any:
    """What a deviation is divided by, the other way up."""
    if variance.dtype.char == "e":
        return slope(variance.astype(np.float32), eps).astype(np.float16)
    return np.divide(1, np.sqrt(variance + variance.dtype.type(eps)))


def group_norm(x: Any, weight: Any, bias: Any, groups: int, eps: float) -> Any:
    """Each group of channels of each sample standardised."""
    if x.dtype.char == "e":
        return group_norm(*_wide(x, weight, bias), groups, eps).astype(np.float16)
    rows = in_rows(x).reshape(len(x), groups, -1) if x.size else x
    out = (standardized(rows, (2,), eps)[0] if x.size else np.array(x)).reshape(x.shape)
    return with_channels_of(x, _stretched(out, weight, bias))
