"""Windows as columns and back, and channels exchanged with places."""

from __future__ import annotations

from typing import Any

from autodiff._core.kinds import linear
from autodiff._core.registry import ops
from autodiff._kernels import unfolding

Sizes = tuple[int, ...]


def _folded(
    g: Any, input_shape: Sizes, kernel: Sizes, places: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes
) -> Any:
    return ops.col2im(
        g, sizes=input_shape[-2:], kernel=kernel, places=places, stride=stride, padding=padding, dilation=dilation
    )


def _unfolded(g: Any, kernel: Sizes, places: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes) -> Any:
    return ops.im2col(g, kernel=kernel, places=places, stride=stride, padding=padding, dilation=dilation)


linear("im2col", unfolding.im2col, _folded, node="Im2ColBackward0")
linear("col2im", unfolding.col2im, _unfolded, node="Col2ImBackward0")
linear("pixel_shuffle", unfolding.pixel_shuffle, lambda g, factor: ops.pixel_unshuffle(g, factor=factor))
linear("pixel_unshuffle", unfolding.pixel_unshuffle, lambda g, factor: ops.pixel_shuffle(g, factor=factor))
linear(
    "channel_shuffle",
    unfolding.channel_shuffle,
    lambda g, input_shape, groups: ops.channel_shuffle(g, groups=input_shape[1] // groups),
)
