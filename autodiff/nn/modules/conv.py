"""Convolutions of one to three dimensions, and their transposes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from autodiff._core.registry import ops
from autodiff.nn import functional, init
from autodiff.nn.modules.linear import optional
from autodiff.nn.modules.module import Module
from autodiff.nn.parameter import Parameter

Sizes = Any  # an int for every dimension, or one for each

_MODES = ("zeros", "reflect", "replicate", "circular")


def each(value: Any, dims: int) -> tuple[Any, ...]:
    """One value for each dimension."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * dims


class _ConvNd(Module):
    """What convolutions share; weight and bias are drawn from U(-1/√fan_in, 1/√fan_in)."""

    dims: ClassVar[int]
    transposed: bool = False

    def _set_up(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes,
        padding: Any,
        dilation: Sizes,
        output_padding: Sizes,
        groups: int,
        bias: bool,
        padding_mode: str,
        **of: Any,
    ) -> None:
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride = each(kernel_size, self.dims), each(stride, self.dims)
        self.dilation = each(dilation, self.dims)
        self.output_padding = each(output_padding, self.dims)
        self.transposed = self.transposed
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string {padding!r}, should be one of {{'valid', 'same'}}")
            if padding == "same" and any(s != 1 for s in self.stride):
                raise ValueError("padding='same' is not supported for strided convolutions")
        self.padding = padding if isinstance(padding, str) else each(padding, self.dims)
        if padding_mode not in _MODES:
            raise ValueError(f"padding_mode must be one of {set(_MODES)}, but got padding_mode='{padding_mode}'")
        self.padding_mode = padding_mode
        outer, inner = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        self.weight = Parameter(ops.empty((outer, inner // groups, *self.kernel_size), **of))
        optional(self, "bias", (out_channels,), bias, **of)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            if fan_in:
                bound = 1 / math.sqrt(fan_in)
                init.uniform_(self.bias, -bound, bound)

    def _padded(self, input: Any) -> tuple[Any, Any]:
        """The input, padded where the mode is not zeros, and what is left for the convolution to pad."""
        if self.padding_mode == "zeros":
            return input, self.padding
        widths: list[int] = []
        for size, dilation, pad in zip(
            reversed(self.kernel_size),
            reversed(self.dilation),
            reversed(each(0 if isinstance(self.padding, str) else self.padding, self.dims)),
        ):
            total = dilation * (size - 1) if self.padding == "same" else 2 * pad
            widths += [total // 2, total - total // 2]
        return functional.pad(input, widths, mode=self.padding_mode), (0,) * self.dims

    def extra_repr(self) -> str:
        usual = {
            "padding": (0,) * self.dims,
            "dilation": (1,) * self.dims,
            "output_padding": (0,) * self.dims,
            "groups": 1,
        }
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        for name, value in usual.items():
            if getattr(self, name) != value:
                text += f", {name}={getattr(self, name)}"
        text += ", bias=False" if self.bias is None else ""
        return text + (f", padding_mode={self.padding_mode}" if self.padding_mode != "zeros" else "")


class _Conv(_ConvNd):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Any = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self._set_up(
            in_channels, out_channels, kernel_size, stride, padding, dilation, 0, groups, bias, padding_mode,
            device=device, dtype=dtype,
        )  # fmt: skip

    def _conv_forward(self, input: Any, weight: Any, bias: Any) -> Any:
        input, padding = self._padded(input)
        convolve = getattr(functional, f"conv{self.dims}d")
        return convolve(input, weight, bias, self.stride, padding, self.dilation, self.groups)

    def forward(self, input: Any) -> Any:
        return self._conv_forward(input, self.weight, self.bias)


class Conv1d(_Conv):
    """The convolution of (N, C, L) with a kernel for each pair of channels of a group."""

    dims = 1


class Conv2d(_Conv):
    """The convolution of (N, C, H, W) with a kernel for each pair of channels of a group."""

    dims = 2


class Conv3d(_Conv):
    """The convolution of (N, C, D, H, W) with a kernel for each pair of channels of a group."""

    dims = 3


class _ConvTranspose(_ConvNd):
    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Sizes = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        self._set_up(
            in_channels, out_channels, kernel_size, stride, padding, dilation, output_padding, groups, bias,
            padding_mode, device=device, dtype=dtype,
        )  # fmt: skip

    def forward(self, input: Any, output_size: Sequence[int] | None = None) -> Any:
        extra = self.output_padding if output_size is None else self._extra(input, output_size)
        convolve = getattr(functional, f"conv_transpose{self.dims}d")
        return convolve(input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation)

    def _extra(self, input: Any, wanted: Sequence[int]) -> tuple[int, ...]:
        """The output padding that leads to the wanted size. Raises ValueError where none does."""
        batched = input.dim() == self.dims + 2
        if len(wanted) == self.dims + (2 if batched else 1):
            wanted = wanted[-self.dims :]
        if len(wanted) != self.dims:
            raise ValueError(
                f"ConvTranspose{self.dims}D: for {input.dim()}D input, output_size must have {self.dims} or "
                f"{self.dims + (2 if batched else 1)} elements (got {len(wanted)})"
            )
        smallest = [
            (input.size(i - self.dims) - 1) * self.stride[i]
            - 2 * self.padding[i]
            + self.dilation[i] * (self.kernel_size[i] - 1)
            + 1
            for i in range(self.dims)
        ]
        largest = [n + self.stride[i] - 1 for i, n in enumerate(smallest)]
        if any(not low <= n <= high for low, n, high in zip(smallest, wanted, largest)):
            raise ValueError(
                f"requested an output size of {wanted}, but valid sizes range from {smallest} to {largest} (for an "
                f"input of {input.size()[2:]})"
            )
        return tuple(n - low for n, low in zip(wanted, smallest))


class ConvTranspose1d(_ConvTranspose):
    """The gradient of `Conv1d` in its input, as an operation of its own."""

    dims = 1


class ConvTranspose2d(_ConvTranspose):
    """The gradient of `Conv2d` in its input, as an operation of its own."""

    dims = 2


class ConvTranspose3d(_ConvTranspose):
    """The gradient of `Conv3d` in its input, as an operation of its own."""

    dims = 3
