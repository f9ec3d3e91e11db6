"""Padding and resizing with torch's signatures."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.arguments import whole
from autodiff._core.casting import cast
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._functions.averaging import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from autodiff._functions.conversion import copy_
from autodiff._functions.parting import narrow
from autodiff._functions.rearranging import constant_pad_nd
from autodiff._kernels import resampling

Sizes = tuple[int, ...]
_PLACES = {"reflect": resampling.reflected, "replicate": resampling.replicated}
_TITLES = {"reflect": "Reflection", "replicate": "Replication"}


@function("nn.functional")
def pad(input: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor:
    """With elements around it: a value, reflections, the ends repeated, or round in a circle.

    `pad` has pairs of numbers of elements before and after, the last dimension's first; negative ones take away.
    """
    widths = tuple([whole(n, "pad") for n in pad])
    ndim = input._array.ndim
    if len(widths) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(widths) > 2 * ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(widths)} and input of dimension {ndim}"
        )
    if mode == "constant":
        return constant_pad_nd(input, widths, 0 if value is None else value)
    if value is not None and value != 0:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in _PLACES and mode != "circular":
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    dims = len(widths) // 2
    if not 1 <= dims <= 3 or ndim not in (dims + 1, dims + 2):
        raise NotImplementedError(
            f"Padding size {len(widths)} is not supported for {ndim}D input tensor.\n"
            "Supported combinations for non-constant padding:\n"
            "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
            "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
            "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
        )
    # autocast has a list of paddings.
    padded = _padded if mode == "circular" or (mode == "reflect" and dims == 3) else _padded_in_single
    return padded(input, tuple(zip(widths[-2::-2], widths[::-2])), mode)  # type: ignore[no-any-return]


def _padded(input: Tensor, widths: tuple[tuple[int, int], ...], mode: str) -> Tensor:
    x, dims = input._array, len(widths)
    own = x.shape[x.ndim - dims :]
    if 0 in x.shape[x.ndim - dims - 1 :] and mode != "circular":
        raise RuntimeError(
            f"Expected {dims + 1}D or {dims + 2}D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {list(x.shape)}"
        )
    for d in reversed(range(dims)):
        (before, after), n = widths[d], own[d]
        if mode == "reflect" and max(before, after) >= n:
            raise RuntimeError(
                f"Argument #4: Padding size should be less than the corresponding input dimension, but got: padding "
                f"({before}, {after}) at dimension {x.ndim - dims + d} of input {list(x.shape)}"
            )
        if mode == "circular" and max(before, after) > n:
            raise RuntimeError("Padding value causes wrapping around more than once.")
        if n + before + after < (1 if mode == "replicate" else 0):
            raise RuntimeError("Negative padding value is resulting in an empty dimension")
    if mode == "replicate" and x.dtype.kind == "b":
        raise NotImplementedError(f"\"replication_pad{dims}d\" not implemented for 'Bool'")
    if mode == "circular":
        return _padded_round(input, widths)
    places = [_PLACES[mode](n, *pair) for n, pair in zip(own, widths)]
    taps = tuple([(p[None], None) for p in places])
    return getattr(ops, f"padded_{_TITLES[mode]}{dims}")(input, taps=taps)  # type: ignore[no-any-return]


def _padded_round(input: Tensor, widths: tuple[tuple[int, int], ...]) -> Tensor:
    """Part by part into new memory, as torch does: first the middle, then each end from the other one, corners too."""
    shape = input._array.shape
    first = len(shape) - len(widths)
    sizes = tuple([n + before + after for n, (before, after) in zip(shape[first:], widths)])
    out = input.new_empty((*shape[:first], *sizes))  # type: ignore[attr-defined]
    middle, kept = out, input
    for dim, (n, size, (before, after)) in reversed(list(enumerate(zip(shape[first:], sizes, widths), first))):
        middle = _between(middle, dim, max(before, 0), size - max(after, 0))
        kept = _between(kept, dim, max(-before, 0), n - max(-after, 0))
    copy_(middle, kept)
    for dim, (size, (before, after)) in reversed(list(enumerate(zip(sizes, widths), first))):
        start, end = max(before, 0), size - max(after, 0)
        if before > 0:
            copy_(_between(out, dim, 0, before), _between(out, dim, end - before, end))
        if after > 0:
            copy_(_between(out, dim, end, size), _between(out, dim, start, start + after))
    return out  # type: ignore[no-any-return]


def _between(x: Tensor, dim: int, start: int, end: int) -> Tensor:
    return narrow(x, dim, start, end - start)  # type: ignore[no-any-return]


_padded_in_single = cast(_padded, "single")


# -- resizing -------------------------------------------------------------------------------------------------------

_SMOOTH = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}
_MEANS = {1: adaptive_avg_pool1d, 2: adaptive_avg_pool2d, 3: adaptive_avg_pool3d}
_NAMES = {"linear": "Linear1D", "bilinear": "Bilinear2D", "trilinear": "Trilinear3D", "bicubic": "Bicubic2D"}
_MODES = "nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact"


def _targets(own: Sizes, size: Any, scale_factor: Any, recompute: bool | None) -> tuple[Sizes, tuple[Any, ...]]:
    """The sizes asked for, and the factors by which places are found, where they are not the sizes' own."""
    dims = len(own)
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    what, given = ("output size", size) if scale_factor is None else ("scale_factor", scale_factor)
    if isinstance(given, (tuple, list)) and len(given) != dims:
        shown, word = ("output size of", "output size") if scale_factor is None else ("scale_factor of shape", what)
        letters = "o1, o2, ...,oK" if scale_factor is None else "s1, s2, ...,sK"
        raise ValueError(
            f"Input and {'output' if scale_factor is None else word} must have the same number of spatial dimensions, "
            f"but got input with spatial dimensions of {list(own)} and {shown} {given}. Please provide input tensor in "
            f"(N, C, d1, d2, ...,dK) format and {word} in ({letters}) format."
        )
    each = tuple(given) if isinstance(given, (tuple, list)) else (given,) * dims
    if scale_factor is None:
        if recompute:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        if not all(hasattr(n, "__index__") for n in each):
            raise TypeError(
                "expected size to be one of int or Tuple[int] or Tuple[int, int] or Tuple[int, int, int], but got size "
                f"with types {[type(n) for n in each]}"
            )
        return tuple([whole(n, "size") for n in each]), (None,) * dims
    sizes = tuple([math.floor(n * factor) for n, factor in zip(own, each)])
    return sizes, (None,) * dims if recompute else tuple([float(factor) for factor in each])


@function("nn.functional")
def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Images, volumes or signals resized: the nearest element, or a sum of neighbours, or means ("area")."""
    shape = input._array.shape
    dims = len(shape) - 2
    if mode in ("nearest", "area", "nearest-exact"):
        if align_corners is not None:
            raise ValueError(
                "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | "
                "trilinear"
            )
    elif align_corners is None:
        align_corners = False
    sizes, factors = _targets(shape[2:], size, scale_factor, recompute_scale_factor)
    if antialias and not (mode in ("bilinear", "bicubic") and dims == 2):
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input"
        )
    if not 1 <= dims <= 3 or (mode not in _SMOOTH and mode not in ("nearest", "area", "nearest-exact")):
        raise NotImplementedError(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {dims + 2}D) for the modes: {_MODES} (got "
            f"{mode})"
        )
    if _SMOOTH.get(mode, dims) != dims:
        raise NotImplementedError(f"Got {dims + 2}D input, but {mode} mode needs {_SMOOTH[mode] + 2}D input")
    if mode == "area":
        return _MEANS[dims](input, sizes)  # type: ignore[no-any-return]
    _check_resized(shape, sizes, input._array.dtype, mode)
    if mode not in _SMOOTH:
        exact = mode == "nearest-exact"
        taps = [resampling.nearest(n, m, f, exact) for n, m, f in zip(shape[2:], sizes, factors)]
        return getattr(ops, f"resampled_Nearest{'Exact' * exact}{dims}")(input, taps=tuple(taps))  # type: ignore[no-any-return]
    d = input._array.dtype if input._array.dtype.char != "e" else np.dtype(np.float32)
    places = zip(shape[2:], sizes, factors)
    if antialias:
        found = [resampling.filtered(*each, bool(align_corners), d, mode == "bicubic") for each in places]
    else:
        find = resampling.cubic if mode == "bicubic" else resampling.linear
        found = [find(*each, bool(align_corners), d) for each in places]
    name = f"resampled_{_NAMES[mode]}{'Aa' * antialias}"
    return getattr(ops, name)(input, taps=tuple(found))  # type: ignore[no-any-return]


def _check_resized(shape: Sizes, sizes: Sizes, d: Any, mode: str) -> None:
    if min(sizes) < 1 or min(shape[2:]) < 1:
        own, made = (
            ", ".join(f"{axis}: {n}" for axis, n in zip("DHW"[-len(sizes) :], each)) for each in (shape[2:], sizes)
        )
        raise RuntimeError(f"Input and output sizes should be greater than 0, but got input ({own}) output ({made})")
    if not shape[1]:
        raise RuntimeError(f"Non-empty {len(shape)}D data tensor expected but got a tensor with sizes {list(shape)}")
    if d.kind != "f" and not (d.char == "B" and mode.startswith("nearest")):
        kernel = mode.partition("-")[0] + (f"{len(sizes)}d" if mode.startswith("nearest") else "2d")
        raise NotImplementedError(f"\"upsample_{kernel}_channels_last\" not implemented for '{dtypes.title(d)}'")


@function("nn.functional")
def upsample(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """interpolate under its older name, which warns."""
    warnings.warn("`nn.functional.upsample` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=3)
    return interpolate(input, size, scale_factor, mode, align_corners)  # type: ignore[no-any-return]


@function("nn.functional")
def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """interpolate by the nearest element, under its older name, which warns."""
    warnings.warn(
        "`nn.functional.upsample_nearest` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=3
    )
    return interpolate(input, size, scale_factor, "nearest")  # type: ignore[no-any-return]


@function("nn.functional")
def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """interpolate along lines with aligned corners, under its older name, which warns."""
    warnings.warn(
        "`nn.functional.upsample_bilinear` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=3
    )
    return interpolate(input, size, scale_factor, "bilinear", True)  # type: ignore[no-any-return]
