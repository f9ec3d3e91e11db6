"""Means and norms of windows, with torch's signatures and its checks of shapes."""

from __future__ import annotations

import math
from typing import Any

from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._functions.pooling import Windows, check_signals, check_sized, need, one_dimension, sized, targets, unset

Sizes = tuple[int, ...]


def _mean(
    name: str,
    input: Tensor,
    dims: int,
    kernel: Any,
    stride: Any,
    padding: Any,
    ceil: bool,
    whole: bool,
    divisor: int | None,
) -> Tensor:
    shape = input._array.shape
    if dims == 2 and len(shape) < 3:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-len(shape)}, {len(shape) - 1}], but got -3)"
        )
    if dims == 3 and len(shape) > 3 and any(n < k for n, k in zip(shape[-3:], sized(kernel, 3, f"{name}.kernel_size"))):
        own, size = (
            " ".join(f"{a}: {n}" for a, n in zip(axes, of))
            for axes, of in (("THW", shape[-3:]), (("kT", "kH", "kW"), sized(kernel, 3, f"{name}.kernel_size")))
        )
        raise RuntimeError(f"input image ({own}) smaller than kernel size ({size})")
    windows = Windows(name, input, dims, kernel, stride, padding, 1, ceil)
    if divisor == 0:
        raise RuntimeError("divisor must be not zero")
    if dims == 3:
        need("avg_pool3d_out_frame", input, "?BbhieFD")
        return ops.avg_pool3(input, whole=whole, divisor=divisor, **windows.settings())  # type: ignore[no-any-return]
    need("avg_pool2d", input, "?BbhiFD")
    return ops.avg_pool2(input, whole=whole, divisor=divisor, **windows.settings())  # type: ignore[no-any-return]


@function("", "nn.functional", method=False)
def avg_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = (),
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window of the last dimension."""
    check_signals(input, "avg_pool1d")
    (k,), (p,) = sized(kernel_size, 1, "avg_pool1d.kernel_size"), sized(padding, 1, "avg_pool1d.padding")
    (s,) = (k,) if unset(stride) else sized(stride, 1, "avg_pool1d.stride")
    return one_dimension(
        lambda x: (_mean("avg_pool2d", x, 2, (1, k), (1, s), (0, p), ceil_mode, count_include_pad, None),), input
    )[0]


@function("nn.functional")
def avg_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = (),
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: Any = None,
) -> Tensor:
    """The mean of each window of the last two dimensions, or its sum over a divisor."""
    return _mean("avg_pool2d", input, 2, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


@function("nn.functional")
def avg_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = (),
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: Any = None,
) -> Tensor:
    """The mean of each window of the last three dimensions, or its sum over a divisor."""
    return _mean("avg_pool3d", input, 3, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _adaptive_mean(input: Tensor, output_size: Any, dims: int) -> Tensor:
    name, shape = f"adaptive_avg_pool{dims}d", input._array.shape
    sizes = targets(input, output_size, dims, name)
    if len(shape) not in (dims + 1, dims + 2):
        raise RuntimeError(f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor, but got {list(shape)}")
    if min(sizes) < 0:
        given = ", ".join(map(str, sizes))
        raise RuntimeError(
            f"{name}: elements of output_size must be greater than or equal to 0 but received {{{given}}}"
        )
    if max(sizes) == min(sizes) == 1 and input._array.dtype.kind == "f":
        return ops.mean(input, dims=tuple(range(len(shape) - dims, len(shape))), keepdim=True)  # type: ignore[no-any-return]
    check_sized(name, shape)
    need(name, input, "?BbhilFD")
    of = ops.adaptive_avg_pool3 if dims == 3 else ops.adaptive_avg_pool2
    return of(input, sizes=sizes)  # type: ignore[no-any-return]


@function("", "nn.functional", method=False)
def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """The means of so many parts of the last dimension."""
    check_signals(input, "adaptive_avg_pool1d")
    (count,) = targets(input, output_size, 1, "adaptive_avg_pool1d")
    return one_dimension(lambda x: (_adaptive_mean(x, (1, count), 2),), input)[0]


@function("nn.functional")
def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """The means of so many parts of each of the last two dimensions."""
    return _adaptive_mean(input, output_size, 2)


@function("nn.functional")
def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """The means of so many parts of each of the last three dimensions."""
    return _adaptive_mean(input, output_size, 3)


def _powers(input: Tensor, norm_type: float, kernel: Sizes, mean: Any) -> Tensor:
    """The norm of each window, from the mean of powers; as torch composes it."""
    out = mean(ops.pow(input, norm_type))
    signed = ops.mul(ops.sign(out), ops.relu(ops.abs(out)))
    return ops.pow(ops.mul(signed, math.prod(kernel)), 1.0 / norm_type)  # type: ignore[no-any-return]


@function("nn.functional")
def lp_pool1d(input: Tensor, norm_type: float, kernel_size: int, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The p-norm of each window of the last dimension, the sign of its sum of powers kept."""
    return _powers(
        input, norm_type, sized(kernel_size, 1, "lp_pool1d.kernel_size"),
        lambda x: avg_pool1d(x, kernel_size, stride, 0, ceil_mode),
    )  # fmt: skip


@function("nn.functional")
def lp_pool2d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The p-norm of each window of the last two dimensions."""
    return _powers(
        input, norm_type, sized(kernel_size, 2, "lp_pool2d.kernel_size"),
        lambda x: avg_pool2d(x, kernel_size, stride, 0, ceil_mode),
    )  # fmt: skip


@function("nn.functional")
def lp_pool3d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """The p-norm of each window of the last three dimensions."""
    return _powers(
        input, norm_type, sized(kernel_size, 3, "lp_pool3d.kernel_size"),
        lambda x: avg_pool3d(x, kernel_size, stride, 0, ceil_mode),
    )  # fmt: skip
