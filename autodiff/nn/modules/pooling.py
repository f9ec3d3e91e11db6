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


class _Fractional(Layer):
    """Windows at random places; the samples that place them may be given, and are a buffer."""

    _dims: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        samples, given = self._random_samples, self.output_ratio
        del self._random_samples
        self.register_buffer("_random_samples", samples)
        for name in ("kernel_size", "output_size", "output_ratio"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, (tuple, list)):
                setattr(self, name, (value,) * self._dims)
        if self.output_size is None and self.output_ratio is None:
            raise ValueError(f"{type(self).__name__} requires specifying either an output size, or a pooling ratio")
        if self.output_size is not None and self.output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < share < 1 for share in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {given})")


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
FractionalMaxPool2d, FractionalMaxPool3d = (
    layer(
        f"FractionalMaxPool{n}d",
        f"fractional_max_pool{n}d",
        settings="kernel_size output_size output_ratio return_indices _random_samples",
        base=_Fractional,
        dims=n,
    )
    for n in (2, 3)
)
