"""Images and volumes read at the places of a grid, and grids of affine maps, with torch's signatures."""

from __future__ import annotations

import itertools
import math
import warnings
from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._kernels.resampling import cubic_weights

Sizes = tuple[int, ...]
_CHANGED = (
    "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
    "align_corners=True if the old behavior is desired. See the documentation of grid_sample for details."
)


def _places(grid: Tensor, axis: int, size: int, align: bool) -> Tensor:
    """One coordinate of the grid, from -1 to 1, as places from 0 on: of the ends' middles, or of their outer edges."""
    c = ops.select(grid, dim=grid._array.ndim - 1, index=axis)
    if align:
        return ops.mul(ops.add(c, 1), (size - 1) / 2)  # type: ignore[no-any-return]
    return ops.div(ops.sub(ops.mul(ops.add(c, 1), size), 1), 2)  # type: ignore[no-any-return]


def _mirrored(at: Any, size: int, align: bool) -> Any:
    """Places reflected at both ends until they are inside."""
    low, high = (0.0, size - 1.0) if align else (-0.5, size - 0.5)
    span = high - low
    if span <= 0:
        return np.zeros_like(at)
    away = np.abs(at - low)
    extra = np.fmod(away, span)
    return np.where(np.floor(away / span) % 2 == 0, extra + low, span - extra + low).astype(at.dtype)


def _inside(at: Tensor, size: int, padding: str, align: bool) -> Tensor:
    """Places that padding brings inside."""
    if padding == "reflection":
        values = at._array
        mirrored = _mirrored(values, size, align)
        low = 0.0 if align else -0.5
        span = size - 1.0 if align else float(size)
        turns = np.floor(np.abs(values - low) / span) % 2 == 0 if span > 0 else np.zeros(values.shape, bool)
        sign = (np.where(turns, 1, -1) * np.where(values < low, -1, 1) * (span > 0)).astype(values.dtype)
        at = ops.add(ops.mul(at, wrap(sign)), wrap((mirrored - sign * values).astype(values.dtype)))
    if padding in ("reflection", "border"):
        at = ops.clamp(at, min=0, max=size - 1)
    return at


def _whole(values: Any) -> Any:
    """Numbers as places; what is none stands far outside."""
    return np.where(np.abs(values) < 2**31, values, -100).astype(np.int64)


def _read(flat: Tensor, places: list[Any], own: Sizes) -> tuple[Tensor, Any]:
    """What stands at these places, by samples and channels; and which of them are inside."""
    index: Any = 0
    inside: Any = True
    for p, n in zip(places, own):
        inside = inside & (p >= 0) & (p < n)
        index = index * n + np.clip(p, 0, n - 1)
    samples, channels = flat._array.shape[:2]
    rows = np.broadcast_to(index.reshape(samples, 1, -1), (samples, channels, index.size // max(samples, 1)))
    return ops.gather(flat, wrap(np.ascontiguousarray(rows)), dim=2), inside


def _sampled(input: Tensor, grid: Tensor, mode: str, padding: str, align: bool) -> Tensor:
    own, dims = input._array.shape[2:], input._array.ndim - 2
    samples, channels = input._array.shape[:2]
    places = grid._array.shape[1:-1]
    flat = ops.reshape_to(input, shape=(samples, channels, math.prod(own)))
    # The last coordinate of a grid is that of the first size.
    at = [_places(grid, dims - 1 - axis, n, align) for axis, n in enumerate(own)]
    if mode != "bicubic":
        at = [_inside(a, n, padding, align) for a, n in zip(at, own)]
    taps: list[list[tuple[Any, Any]]] = []
    for a, n in zip(at, own):
        if mode == "nearest":
            taps.append([(_whole(np.rint(a._array)), None)])
            continue
        low = np.floor(a._array)
        t = ops.sub(a, wrap(low))
        if mode == "bilinear":
            taps.append([(_whole(low), ops.sub(1, t)), (_whole(low) + 1, t)])
            continue
        found = [low + k for k in range(-1, 3)]
        if padding == "border":
            found = [np.clip(p, 0, n - 1) for p in found]
        elif padding == "reflection":
            found = [np.clip(_mirrored(p, n, align), 0, n - 1) for p in found]
        taps.append([(_whole(p), w) for p, w in zip(found, cubic_weights(t))])
    out = None
    for corner in itertools.product(*taps):
        value, inside = _read(flat, [p for p, _ in corner], own)
        weight = None
        for _, w in corner:
            weight = w if weight is None else weight if w is None else ops.mul(weight, w)
        if weight is not None:
            weight = ops.reshape_to(weight, shape=(samples, 1, math.prod(places)))
            value = ops.mul(value, weight)
        if not np.all(inside):
            value = ops.masked_fill(value, wrap(~inside.reshape(samples, 1, -1)), 0)
        out = value if out is None else ops.add(out, value)
    assert out is not None
    if mode == "nearest":  # the grid has a gradient, of zeros
        nothing = ops.masked_fill(at[0], wrap(np.ones(at[0]._array.shape, bool)), 0)
        out = ops.add(out, ops.reshape_to(nothing, shape=(samples, 1, math.prod(places))))
    out = out if out._array.dtype is input._array.dtype else ops.to(out, dtype=input._array.dtype)
    return ops.reshape_to(out, shape=(samples, channels, *places))  # type: ignore[no-any-return]


@function("", method=False, name="_grid_sampler_2d", node="GridSampler2DBackward0", saves="input grid")
def _grid_sampler_2d(input: Tensor, grid: Tensor, mode: str, padding: str, align: bool) -> Tensor:
    return _sampled(input, grid, mode, padding, align)


@function("", method=False, name="_grid_sampler_3d", node="GridSampler3DBackward0", saves="input grid")
def _grid_sampler_3d(input: Tensor, grid: Tensor, mode: str, padding: str, align: bool) -> Tensor:
    return _sampled(input, grid, mode, padding, align)


@function("nn.functional")
def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """Images or volumes read at places from -1 to 1 in each dimension: (samples, *places, dimensions), width first."""
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError(
            f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'"
        )
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: "
            f"'{padding_mode}'"
        )
    if align_corners is None:
        warnings.warn(_CHANGED, stacklevel=3)
        align_corners = False
    return _sampler(input, grid, mode, padding_mode, align_corners)


def _sampler(input: Tensor, grid: Tensor, mode: str, padding_mode: str, align_corners: bool) -> Tensor:
    x, g = input._array.shape, grid._array.shape
    if not x or x[0] != g[0]:
        raise RuntimeError(
            "grid_sampler(): expected grid and input to have same batch size, but got input with sizes "
            f"{list(x)} and grid with sizes {list(g)}"
        )
    if g[-1] != len(x) - 2:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {len(x) - 2} in last dimension, but got grid with sizes "
            f"{list(g)}"
        )
    for d in range(2, len(x)):
        if not x[d]:
            raise RuntimeError(
                "grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes "
                f"{list(x)} with dimension {d} being empty"
            )
    if len(x) not in (4, 5) or len(g) != len(x):
        raise RuntimeError(
            "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but got input with "
            f"sizes {list(x)} and grid with sizes {list(g)}"
        )
    if len(x) == 5 and mode == "bicubic":
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
    d = input._array.dtype
    if d is not grid._array.dtype:
        raise RuntimeError(f"expected scalar type {dtypes.title(d)} but found {dtypes.title(grid._array.dtype)}")
    if d.kind != "f":
        raise NotImplementedError(
            f"\"grid_sampler_{len(x) - 2}d_cpu_kernel_impl\" not implemented for '{dtypes.title(d)}'"
        )
    of = ops._grid_sampler_2d if len(x) == 4 else ops._grid_sampler_3d
    return of(input, grid, mode, padding_mode, align_corners)  # type: ignore[no-any-return]


_MODES, _PADDINGS = ("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection")


@function("", method=False)
def grid_sampler(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """`grid_sample`, its words by their numbers. Raises IndexError for a number that stands for none."""
    return _sampler(input, grid, _MODES[interpolation_mode], _PADDINGS[padding_mode], align_corners)


@function("", method=False)
def affine_grid_generator(theta: Tensor, size: Any, align_corners: bool) -> Tensor:
    """`affine_grid`, with nothing left out."""
    return affine_grid(theta, size, align_corners)  # type: ignore[no-any-return]


@function("nn.functional")
def affine_grid(theta: Tensor, size: Any, align_corners: bool | None = None) -> Tensor:
    """The places, for grid_sample, to which affine maps (samples, dimensions, dimensions + 1) take those of a size."""
    if align_corners is None:
        warnings.warn(_CHANGED, stacklevel=3)
        align_corners = False
    if theta._array.dtype.kind not in "fc":
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    sizes, shape = tuple(size), theta._array.shape
    if len(sizes) not in (4, 5):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size "
            f"{sizes}."
        )
    dims = len(sizes) - 2
    if len(shape) != 3 or shape[1:] != (dims, dims + 1):
        raise ValueError(
            f"Expected a batch of {dims}D affine matrices of shape Nx{dims}x{dims + 1} for size {sizes}. Got "
            f"torch.Size({list(shape)})."
        )
    if align_corners and min(sizes[2:]) == 1:
        warnings.warn(
            "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. This "
            "is not an intended use case of affine_grid. See the documentation of affine_grid for details.",
            stacklevel=3,
        )
    if min(sizes) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {sizes}")
    if sizes[0] != shape[0]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{sizes[0]}, {dims + 1}] but got: "
            f"[{shape[0]}, {dims + 1}]."
        )
    return ops.affine_grid(theta, sizes=sizes, align=align_corners)  # type: ignore[no-any-return]
