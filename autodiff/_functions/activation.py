"""Activations with torch's signatures."""

from __future__ import annotations

import warnings
from typing import Any

from autodiff._core import dtypes
from autodiff._core.arguments import dim as one_dim
from autodiff._core.arguments import numpy_dtype
from autodiff._core.function import function
from autodiff._core.inplace import assign
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor


def _need_floats(name: str, input: Tensor) -> None:
    if input._array.dtype.kind not in "fc":
        raise NotImplementedError(f"\"{name}\" not implemented for '{dtypes.title(input._array.dtype)}'")


@function("nn.functional", name="relu")
def relu_function(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0), with derivative 0 at 0."""
    return assign(input, ops.relu) if inplace else ops.relu(input)


@function("nn.functional")
def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + e^-x)."""
    return ops.sigmoid(input)  # type: ignore[no-any-return]


@function("special", out=True)
def expit(input: Tensor) -> Tensor:
    """1 / (1 + e^-x)."""
    return ops.sigmoid(input)  # type: ignore[no-any-return]


@function("nn.functional")
def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return ops.tanh(input)  # type: ignore[no-any-return]


@function("nn.functional")
def softplus(input: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    """log(1 + e^(beta x)) / beta, and x itself once beta x passes the threshold."""
    _need_floats("softplus_cpu", input)
    return ops.softplus(input, beta=beta, threshold=threshold)  # type: ignore[no-any-return]


@function("nn.functional")
def gelu(input: Tensor, *, approximate: str = "none") -> Tensor:
    """x times the normal distribution's function; "tanh" is the usual approximation."""
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    _need_floats("GeluKernelImpl", input)
    return ops.gelu(input) if approximate == "none" else ops.gelu_by_tanh(input)  # type: ignore[no-any-return]


@function("nn.functional")
def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x times its logistic function."""
    _need_floats("silu_cpu", input)
    return assign(input, ops.silu) if inplace else ops.silu(input)


@function("nn.functional")
def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x where it is positive, else x times the slope."""
    _need_floats("leaky_relu_cpu", input)
    if inplace:
        return assign(input, lambda before: ops.leaky_relu(before, slope=negative_slope))
    return ops.leaky_relu(input, slope=negative_slope)  # type: ignore[no-any-return]


# -- along a dimension ------------------------------------------------------------------------------------------------


def _along(name: str, input: Tensor, dim: int, dtype: Any) -> Tensor:
    wanted = numpy_dtype(dtype, input._array.dtype)
    if input._array.dtype is not wanted:
        input = ops.to(input, dtype=wanted)
    ndim = input._array.ndim
    d = one_dim(dim, ndim)
    if wanted.kind != "f":
        kernel = "lastdim_kernel_impl" if d == ndim - 1 else "kernel_impl"
        raise NotImplementedError(f"\"{name}_{kernel}\" not implemented for '{dtypes.title(wanted)}'")
    return getattr(ops, name)(input, dims=(d,) if ndim else ())  # type: ignore[no-any-return]


def _implied(name: str, ndim: int) -> int:
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        UserWarning,
        stacklevel=3,
    )
    return 0 if ndim in (0, 1, 3) else 1


@function("special", name="softmax")
def special_softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """Exponentials over their sum along a dimension."""
    return _along("softmax", input, dim, dtype)


@function("special", name="log_softmax")
def special_log_softmax(input: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """The logarithm of softmax, safe for large elements."""
    return _along("log_softmax", input, dim, dtype)


@function(out=True)
def softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """Exponentials over their sum along a dimension."""
    return _along("softmax", input, dim, dtype)


@function(out=True)
def log_softmax(input: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """The logarithm of softmax, safe for large elements."""
    return _along("log_softmax", input, dim, dtype)


@function("nn.functional", name="softmax")
def softmax_function(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """Exponentials over their sum along a dimension; without one, torch's old choice, with a warning."""
    return _along("softmax", input, _implied("softmax", input._array.ndim) if dim is None else dim, dtype)


@function("nn.functional", name="log_softmax")
def log_softmax_function(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """The logarithm of softmax; without a dimension, torch's old choice, with a warning."""
    return _along("log_softmax", input, _implied("log_softmax", input._array.ndim) if dim is None else dim, dtype)
