"""Windows as columns and back, and channels exchanged with places, with torch's signatures."""

from __future__ import annotations

import math
from typing import Any

from autodiff._core import dtypes
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._kernels.convolution import lengths

Sizes = tuple[int, ...]
_LEAST = (("kernel size", "kernel", 1), ("dilation", "dilation", 1), ("padding", "pad", 0), ("stride", "stride", 1))


def _pair(given: Any, name: str) -> Sizes:
    sizes = tuple(given) if isinstance(given, (tuple, list)) else (given,)
    if len(sizes) not in (1, 2):
        raise RuntimeError(f"It is expected {name} equals to 2, but got size {len(sizes)}")
    return sizes * 2 if len(sizes) == 1 else sizes


def _settings(kernel: Any, dilation: Any, padding: Any, stride: Any) -> dict[str, Sizes]:
    given = {
        "kernel": _pair(kernel, "kernel_size"),
        "dilation": _pair(dilation, "dilation"),
        "padding": _pair(padding, "padding"),
        "stride": _pair(stride, "stride"),
    }
    for (what, short, least), (height, width) in zip(_LEAST, given.values()):
        if height < least or width < least:
            wanted = "greater than zero" if least else "non-negative"
            raise RuntimeError(f"{what} should be {wanted}, but got {short}_height: {height} {short}_width: {width}")
    return given


def _need(name: str, input: Tensor, without: str) -> None:
    if input._array.dtype.char in without:
        raise NotImplementedError(f"\"{name}\" not implemented for '{dtypes.title(input._array.dtype)}'")


@function("nn.functional")
def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """The windows of images as columns: (samples, channels * window, places)."""
    x = input._array
    if x.ndim < 3:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-max(x.ndim, 1)}, {max(x.ndim, 1) - 1}], but got 2)"
        )
    if x.ndim > 4 or 0 in x.shape[-3:]:
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, "
            f"but got: {list(x.shape)}"
        )
    settings = _settings(kernel_size, dilation, padding, stride)
    places = lengths(x.shape[-2:], settings["kernel"], settings["stride"], settings["padding"], settings["dilation"])
    if min(places) < 1:
        kernel, dilated, padded = (settings[n] for n in ("kernel", "dilation", "padding"))
        raise RuntimeError(
            f"Given input with spatial size {x.shape[-2:]}, kernel_size={kernel}, dilation={dilated}, "
            f"padding={padded}, calculated shape of the array of sliding blocks as {places}, but its components must "
            "be at least one."
        )
    _need("im2col_out_cpu", input, "Bbhil")
    return ops.im2col(input, places=places, **settings)  # type: ignore[no-any-return]


@function("nn.functional")
def fold(
    input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Columns added up where their windows stand in an image; unfold's adjoint."""
    x = input._array
    if x.ndim not in (2, 3) or 0 in x.shape[-2:]:
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for "
            f"input, but got: {list(x.shape)}"
        )
    sizes = _pair(output_size, "output_size")
    settings = _settings(kernel_size, dilation, padding, stride)
    kernel, columns = settings["kernel"], x.ndim - 2
    if x.shape[columns] % math.prod(kernel):
        raise RuntimeError(
            f"Expected size of input's dimension {columns} to be divisible by the product of kernel_size, but got "
            f"input.size({columns})={x.shape[columns]} and kernel_size={kernel}."
        )
    places = lengths(sizes, kernel, settings["stride"], settings["padding"], settings["dilation"])
    if math.prod(places) != x.shape[-1] or min(places) < 1:
        raise RuntimeError(
            f"Given output_size={sizes}, kernel_size={kernel}, dilation={settings['dilation']}, "
            f"padding={settings['padding']}, stride={settings['stride']}, expected size of input's dimension "
            f"{columns + 1} to match the calculated number of sliding blocks {places[0]} * {places[1]} = "
            f"{math.prod(places)}, but got input.size({columns + 1})={x.shape[-1]}."
        )
    _need("col2im_out_cpu", input, "Bbhil")
    return ops.col2im(input, sizes=sizes, places=places, **settings)  # type: ignore[no-any-return]


def _check_images(name: str, input: Tensor, factor: int, what: str) -> None:
    if input._array.ndim < 3:
        raise RuntimeError(
            f"{name} expects input to have at least 3 dimensions, but got input with {input._array.ndim} dimension(s)"
        )
    if factor <= 0:
        raise RuntimeError(f"{name} expects a positive {what}, but got {factor}")


@function("", "nn.functional", method=False)
def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Channels as places: so many times as high and as wide, with as many channels less."""
    _check_images("pixel_shuffle", input, upscale_factor, "upscale_factor")
    channels, square = input._array.shape[-3], upscale_factor**2
    if channels % square:
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"but input.size(-3)={channels} is not divisible by {square}"
        )
    return ops.pixel_shuffle(input, factor=upscale_factor)  # type: ignore[no-any-return]


@function("", "nn.functional", method=False)
def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Places as channels: pixel_shuffle the other way round."""
    _check_images("pixel_unshuffle", input, downscale_factor, "downscale_factor")
    for what, dim in (("height", -2), ("width", -1)):
        if (n := input._array.shape[dim]) % downscale_factor:
            raise RuntimeError(
                f"pixel_unshuffle expects {what} to be divisible by downscale_factor, but input.size({dim})={n} is not "
                f"divisible by {downscale_factor}"
            )
    return ops.pixel_unshuffle(input, factor=downscale_factor)  # type: ignore[no-any-return]


@function("", "nn.functional", method=False)
def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """The channels in the order in which their groups take turns."""
    shape = input._array.shape
    if len(shape) < 3:
        raise RuntimeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(shape)}")
    if groups <= 0:
        raise RuntimeError(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    if shape[1] % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {shape[1]} channels and {groups} groups."
        )
    return ops.channel_shuffle(input, groups=groups)  # type: ignore[no-any-return]


@function("", "nn.functional", method=False)
def native_channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """`channel_shuffle`, by its kernel's name."""
    return channel_shuffle(input, groups)  # type: ignore[no-any-return]
