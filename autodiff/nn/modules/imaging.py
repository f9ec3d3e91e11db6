"""Images and their patches: sizes changed, channels moved into space and back, windows as columns."""

from __future__ import annotations

from typing import Any

from autodiff.nn import functional
from autodiff.nn.modules.layer import layer
from autodiff.nn.modules.module import Module

ChannelShuffle = layer("ChannelShuffle", "channel_shuffle", "groups")
Fold = layer("Fold", "fold", "output_size kernel_size dilation padding stride")
PixelShuffle = layer("PixelShuffle", "pixel_shuffle", "upscale_factor")
PixelUnshuffle = layer("PixelUnshuffle", "pixel_unshuffle", "downscale_factor")
Unfold = layer("Unfold", "unfold", "kernel_size dilation padding stride")
LocalResponseNorm = layer("LocalResponseNorm", "local_response_norm")
LocalResponseNorm.extra_repr = lambda self: f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class Upsample(Module):
    """Another size, or each dim so many times as large, by one of torch's ways of interpolation."""

    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.name = type(self).__name__
        self.size = size
        if isinstance(scale_factor, tuple):
            self.scale_factor: Any = tuple(float(factor) for factor in scale_factor)
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode, self.align_corners, self.recompute_scale_factor = mode, align_corners, recompute_scale_factor

    def forward(self, input: Any) -> Any:
        return functional.interpolate(
            input,
            self.size,
            self.scale_factor,
            self.mode,
            self.align_corners,
            recompute_scale_factor=self.recompute_scale_factor,
        )

    def extra_repr(self) -> str:
        sized = f"scale_factor={self.scale_factor!r}" if self.scale_factor is not None else f"size={self.size!r}"
        return f"{sized}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """The old name of nearest interpolation of images."""

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """The old name of bilinear interpolation of images, corner on corner."""

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)
