"""Layers that make pictures larger or smaller, or cut them in windows."""

from __future__ import annotations

from parity.catalogue.modules.spec import module, needed, of

_LINEAR = ("linear", "bilinear", "bicubic", "trilinear")

# fmt: off
ROWS = [
    module("PixelShuffle", "N C H W", upscale_factor=needed(2, 1), ranges={"C": (4, 4)}),
    module("PixelUnshuffle", "N C 4 6", downscale_factor=needed(2, 1)),
    module("ChannelShuffle", "N 4 H W", groups=needed(2, 1, 4)),
    module("Unfold", "N? C H W", kernel_size=needed(2, 3, (2, 1)), dilation=of(2), padding=of(1), stride=of(2),
           ranges={"H": (5, 6), "W": (5, 6)}),
    module("Fold", "N? 8 12", output_size=needed((4, 5)), kernel_size=needed(2)),
    module("Upsample", "N C H W", scale_factor=needed(2, 1.5, (2.0, 3.0)),
           mode=of("nearest", "bilinear", "bicubic", "nearest-exact"), align_corners=of(True, False),
           fits=lambda s: "align_corners" not in s or s.get("mode") in _LINEAR),
    module("UpsamplingNearest2d", "N C H W", scale_factor=needed(2, 3)),
    module("UpsamplingBilinear2d", "N C H W", scale_factor=needed(2, 3)),
]
