"""Pooling over windows, fixed or adaptive, and back, as modules."""

from __future__ import annotations

from typing import Any

from autodiff.nn.modules.layer import Layer, layer


class _Windows(Layer):
    """Windows that lie side by side unless a stride is given."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.stride is None:
            self.stride = self.kernel_size


class _Tupled(_Windows):
    """As torch has some of them: settings are tuples from the beginning."""

    _dims: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("kernel_size", "stride", "padding"):
            value = getattr(self, name)
            setattr(self, name, tuple(value) if isinstance(value, (tuple, list)) else (value,) * self._dims)


class _Unpool(_Tupled):
    def forward(self, input: Any, indices: Any, output_size: Any = None) -> Any:
        return self._call(input, indices, output_size=output_size)


_WINDOW = "kernel_size stride padding dilation ceil_mode"
_MAX = "kernel_size stride=None padding dilation return_indices ceil_mode"
_BLOCK = "kernel_size stride=None padding ceil_mode count_include_pad divisor_override"
_POWER = "norm_type kernel_size stride ceil_mode"
_BACK = {"settings": "kernel_size stride=None padding", "inputs": 2, "base": _Unpool}

MaxPool1d, MaxPool2d, MaxPool3d = (
    layer(f"MaxPool{n}d", f"max_pool{n}d", _WINDOW, settings=_MAX, base=_Windows) for n in (1, 2, 3)
)
AvgPool1d = layer(
    "AvgPool1d",
    "avg_pool1d",
    "kernel_size stride padding",
    settings="kernel_size stride=None padding ceil_mode count_include_pad",
    base=_Tupled,
    dims=1,
)
AvgPool2d, AvgPool3d = (
    layer(f"AvgPool{n}d", f"avg_pool{n}d", "kernel_size stride padding", settings=_BLOCK, base=_Windows) for n in (2, 3)
)
LPPool1d, LPPool2d, LPPool3d = (layer(f"LPPool{n}d", f"lp_pool{n}d", _POWER) for n in (1, 2, 3))
AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d = (
    layer(f"AdaptiveAvgPool{n}d", f"adaptive_avg_pool{n}d", "output_size") for n in (1, 2, 3)
)
AdaptiveMaxPool1d, AdaptiveMaxPool2d, AdaptiveMaxPool3d = (
    layer(f"AdaptiveMaxPool{n}d", f"adaptive_max_pool{n}d", "output_size") for n in (1, 2, 3)
)
MaxUnpool1d, MaxUnpool2d, MaxUnpool3d = (
    layer(f"MaxUnpool{n}d", f"max_unpool{n}d", "kernel_size stride padding", dims=n, **_BACK) for n in (1, 2, 3)
)
