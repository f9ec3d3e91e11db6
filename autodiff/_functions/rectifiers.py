"""Activations made of straight pieces, with torch's signatures."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.function import function
from autodiff._core.inplace import assign
from autodiff._core.promotion import guarded
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._functions.activation import need_floats
from autodiff._functions.generator import Generator, stream_of
from autodiff._kernels import random


def _applied(input: Tensor, inplace: bool, name: str, **parameters: Any) -> Tensor:
    operator = getattr(ops, name)
    if inplace:
        return assign(input, lambda before: operator(before, **parameters))
    return operator(input, **parameters)  # type: ignore[no-any-return]


@function("nn.functional", name="relu")
def relu_function(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0), with derivative 0 at 0."""
    return _applied(input, inplace, "relu")


@function("", "nn.functional", method=False)
def relu_(input: Tensor) -> Tensor:
    """`relu`, written into the input."""
    return _applied(input, True, "relu")


# -- between two bounds -----------------------------------------------------------------------------------------------


def _hardtanh(input: Tensor, low: float, high: float, inplace: bool) -> Tensor:
    low, high = (b.item() if isinstance(b, Tensor) else b for b in (low, high))
    if low > high:
        raise ValueError("min_val cannot be greater than max_val")
    kind = input._array.dtype.kind
    if kind == "b":
        raise RuntimeError("Bool inputs not supported for hardtanh")
    if kind == "c":
        raise NotImplementedError("clamp is not supported for complex types")
    if kind == "u" and low < 0:
        raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")
    return _applied(input, inplace, "hardtanh", low=low, high=high)


@function("nn.functional")
def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """x between two bounds, with derivative 0 at both."""
    return _hardtanh(input, min_val, max_val, inplace)


@function("nn.functional")
def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """`hardtanh`, written into the input."""
    return _hardtanh(input, min_val, max_val, True)


@function("nn.functional")
def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """x between 0 and 6, with derivative 0 at both."""
    return _hardtanh(input, 0, 6, inplace)


@function("nn.functional")
def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x relu6(x + 3) / 6; its derivative is 0 at -3 and 1 at 3."""
    need_floats("hardswish_cpu", input)
    return _applied(input, inplace, "hardswish")


@function("nn.functional")
def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """relu6(x + 3) / 6, with derivative 0 at -3 and 3; torch has no second one."""
    need_floats("hardsigmoid_cpu", input)
    return _applied(input, inplace, "hardsigmoid")


# -- a slope below 0 --------------------------------------------------------------------------------------------------


@function("nn.functional")
def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x where it is positive, else x times the slope."""
    need_floats("leaky_relu_cpu", input)
    return _applied(input, inplace, "leaky_relu_written" if inplace else "leaky_relu", slope=negative_slope)


@function("nn.functional")
def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """`leaky_relu`, written into the input."""
    return leaky_relu(input, negative_slope, True)  # type: ignore[no-any-return]


def _rrelu(
    input: Tensor, lower: float, upper: float, training: bool, inplace: bool, generator: Generator | None = None
) -> Tensor:
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    array = input._array
    if array.dtype.kind != "f":
        name = "rrelu_with_noise_out_cpu" if training else "leaky_relu_cpu"
        raise NotImplementedError(f"\"{name}\" not implemented for '{dtypes.title(array.dtype)}'")
    drawn = np.ones(array.shape, array.dtype)
    if training:
        below = array <= 0
        # One number for each element that is not positive, in their order.
        stream = stream_of(generator, "rrelu")
        drawn[below] = random.noise(stream, int(np.count_nonzero(below)), array.dtype, lower, upper)
    noise = wrap(drawn)
    slope, training = (lower + upper) / 2, training and upper - lower > 1e-6
    operator = ops.rrelu_with_noise_written if inplace else ops.rrelu_with_noise
    if inplace:
        return assign(input, lambda before: operator(before, noise, slope=slope, training=training))
    return operator(input, noise, slope=slope, training=training)  # type: ignore[no-any-return]


@function("nn.functional", name="rrelu")
def rrelu_function(
    input: Tensor, lower: float = 0.125, upper: float = 1 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """x where it is positive, else x times a slope drawn between the bounds, or their mean when not training."""
    return _rrelu(input, lower, upper, training, inplace)


@function(method=False)
def rrelu(
    input: Tensor,
    lower: float = 0.125,
    upper: float = 1 / 3,
    training: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """x where it is positive, else x times a slope drawn between the bounds, or their mean when not training."""
    return _rrelu(input, lower, upper, training, False, generator)


@function("", "nn.functional", method=False)
def rrelu_(
    input: Tensor,
    lower: float = 0.125,
    upper: float = 1 / 3,
    training: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """`rrelu`, written into the input."""
    return _rrelu(input, lower, upper, training, True, generator)


@function("", "nn.functional")
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x where it is positive, else x times a learned slope: one, or one for each place along dimension 1."""
    x, w = input._array, weight._array
    if x.dtype is not w.dtype:
        raise RuntimeError(
            f"prelu: Type promoting not supported. Got {dtypes.title(x.dtype)} and {dtypes.title(w.dtype)}"
        )
    if w.size != 1:
        if not x.ndim:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = x.shape[1] if x.ndim > 1 else 1
        if channels != w.size:
            raise RuntimeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {w.size} and channel "
                f"size = {channels}."
            )
    if w.ndim > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {w.ndim}")
    need_floats("prelu_cpu", input)
    if w.ndim != x.ndim or w.ndim > 1:
        shape = (1, w.size, *(1,) * (x.ndim - 2)) if x.ndim > 1 and w.ndim else (1,) * x.ndim
        weight = guarded(ops.view(weight, shape=shape), weight)
    return ops.prelu_kernel(input, weight)  # type: ignore[no-any-return]


# -- nothing around 0, or below a threshold ---------------------------------------------------------------------------


@function("nn.functional")
def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x moved towards 0 by lambd, and 0 where it would pass it; derivative 0 at ±lambd."""
    need_floats("softshrink_check", input)
    d = input._array.dtype
    if not 0 <= lambd <= np.finfo(d).max:
        largest = f"{np.finfo(d).max:g}"
        raise RuntimeError(
            f"lambda must be in range [0, {largest}] for input dtype {dtypes.title(d)}, but found {lambd:g}"
        )
    return ops.softshrink(input, lambd=lambd)  # type: ignore[no-any-return]


@function("", "nn.functional", out="same")
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """0 where |x| <= lambd, with derivative 0, else x."""
    need_floats("hardshrink_cpu", input)
    return ops.hardshrink(input, lambd=lambd)  # type: ignore[no-any-return]


def _threshold(input: Tensor, threshold: float, value: float, inplace: bool) -> Tensor:
    if input._array.dtype.kind in "bc":
        raise NotImplementedError(f"\"threshold_cpu\" not implemented for '{dtypes.title(input._array.dtype)}'")
    return _applied(input, inplace, "threshold_written" if inplace else "threshold", threshold=threshold, value=value)


@function("nn.functional", name="threshold")
def threshold_function(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where it is above the threshold, else the value, with derivative 0."""
    return _threshold(input, threshold, value, inplace)


@function(method=False, out=True)
def threshold(input: Tensor, threshold: float, value: float) -> Tensor:
    """x where it is above the threshold, else the value, with derivative 0."""
    return _threshold(input, threshold, value, False)


@function("", "nn.functional", method=False)
def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """`threshold`, written into the input."""
    return _threshold(input, threshold, value, True)
