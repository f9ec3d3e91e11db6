"""Activations with torch's signatures."""

from __future__ import annotations

import warnings
from typing import Any

from autodiff._core import dtypes
from autodiff._core.arguments import dim as one_dim
from autodiff._core.arguments import numpy_dtype
from autodiff._core.function import function
from autodiff._core.inplace import assign
from autodiff._core.modes import state
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor


def need_floats(name: str, input: Tensor) -> None:
    """Raise as torch does where a kernel is for floating numbers only."""
    if input._array.dtype.kind != "f":
        raise NotImplementedError(f"\"{name}\" not implemented for '{dtypes.title(input._array.dtype)}'")


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
    need_floats("softplus_cpu", input)
    return ops.softplus(input, beta=beta, threshold=threshold)  # type: ignore[no-any-return]


@function("nn.functional")
def gelu(input: Tensor, *, approximate: str = "none") -> Tensor:
    """x times the normal distribution's function; "tanh" is the usual approximation."""
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    need_floats("GeluKernelImpl", input)
    return ops.gelu(input) if approximate == "none" else ops.gelu_by_tanh(input)  # type: ignore[no-any-return]


@function("nn.functional")
def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x times its logistic function."""
    if input._array.dtype.kind != "c":
        need_floats("silu_cpu", input)
    elif state.grad and input.requires_grad:
        raise RuntimeError("silu does not support automatic differentiation for outputs with complex dtype.")
    return assign(input, ops.silu) if inplace else ops.silu(input)


@function("nn.functional")
def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x times the hyperbolic tangent of its softplus."""
    need_floats("mish_cpu", input)
    return assign(input, ops.mish) if inplace else ops.mish(input)


@function("nn.functional")
def logsigmoid(input: Tensor) -> Tensor:
    """The logarithm of the logistic function, safe far out on either side."""
    need_floats("log_sigmoid_cpu", input)
    return ops.logsigmoid(input)  # type: ignore[no-any-return]


@function("nn.functional")
def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|)."""
    below = ops.add(ops.abs(input), 1)
    return ops._softsign(input, below) if input._array.dtype.kind == "f" else ops.div(input, below)  # type: ignore[no-any-return]


@function("nn.functional")
def tanhshrink(input: Tensor) -> Tensor:
    """x without its hyperbolic tangent."""
    if input._array.dtype.kind == "c":
        return ops.sub(input, ops.tanh(input))  # type: ignore[no-any-return]
    return ops._tanhshrink(input, ops.tanh(input))  # type: ignore[no-any-return]


# -- exponential on the left side: one formula, scaled in torch's three ways -------------------------------------------

SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


def _elu(name: str, input: Tensor, inplace: bool, alpha: float, scale: float, input_scale: float) -> Tensor:
    need_floats("elu_cpu", input)
    constants = {"alpha": alpha, "scale": scale, "input_scale": input_scale}
    if inplace:
        written = getattr(ops, f"{name}_written")
        return assign(input, lambda before: written(before, **constants))
    return getattr(ops, name)(input, **constants)  # type: ignore[no-any-return]


def _over(alpha: float) -> float:
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return 1 / alpha


@function("nn.functional")
def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where it is positive, else alpha (e^x - 1)."""
    return _elu("elu", input, inplace, alpha, 1, 1)


@function("nn.functional")
def elu_(input: Tensor, alpha: float = 1, scale: float = 1, input_scale: float = 1) -> Tensor:
    """`elu`, written into the input; scaled as a whole, and x before its exponential."""
    return _elu("elu", input, True, alpha, scale, input_scale)


@function("nn.functional", name="celu")
def celu_function(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where it is positive, else alpha (e^(x / alpha) - 1): of slope 1 at 0."""
    return _elu("celu", input, inplace, alpha, 1, _over(alpha))


@function(method=False)
def celu(input: Tensor, alpha: float = 1.0) -> Tensor:
    """x where it is positive, else alpha (e^(x / alpha) - 1): of slope 1 at 0."""
    return _elu("celu", input, False, alpha, 1, _over(alpha))


@function("", "nn.functional", method=False)
def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """`celu`, written into the input."""
    return _elu("celu", input, True, alpha, 1, _over(alpha))


@function("nn.functional", name="selu")
def selu_function(input: Tensor, inplace: bool = False) -> Tensor:
    """elu in the scale in which normal activations keep mean 0 and variance 1."""
    return _elu("elu", input, inplace, SELU_ALPHA, SELU_SCALE, 1)


@function(method=False)
def selu(input: Tensor) -> Tensor:
    """elu in the scale in which normal activations keep mean 0 and variance 1."""
    return _elu("elu", input, False, SELU_ALPHA, SELU_SCALE, 1)


@function("", "nn.functional", method=False)
def selu_(input: Tensor) -> Tensor:
    """`selu`, written into the input."""
    return _elu("elu", input, True, SELU_ALPHA, SELU_SCALE, 1)


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
        stacklevel=4,
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


@function("nn.functional")
def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """softmax of -x; without a dimension, torch's old choice, with a warning."""
    dim = _implied("softmin", input._array.ndim) if dim is None else dim
    return _along("softmax", ops.neg(input), dim, dtype)


@function("nn.functional")
def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half along a dimension times the logistic function of the second."""
    array = input._array
    if not array.ndim:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    d = one_dim(dim, array.ndim)
    if array.shape[d] % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {d} is size {array.shape[d]}")
    need_floats("glu_cpu", input)
    return ops.glu(input, dim=d)  # type: ignore[no-any-return]
