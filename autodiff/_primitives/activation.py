"""Activations that are one node."""

from __future__ import annotations

import math
from typing import Any

from autodiff._core.kinds import fused, general, pointwise
from autodiff._core.registry import ops
from autodiff._kernels import activations

# The logistic function's derivative: its two factors are computed each by itself, so that nothing is lost far out.
pointwise(
    "_logistic_density",
    activations.logistic_density,
    lambda input, out: out * (ops.sigmoid(-input) - ops.sigmoid(input)),
    node="SigmoidBackwardBackward0",
)
# The logistic function whose derivative is not made of its result: near 1 nothing would be left of that.
pointwise("_gate", activations.sigmoid, lambda input: ops._logistic_density(input), node="SigmoidBackward0")
fused(
    "softplus",
    activations.softplus,
    activations.softplus_backward,
    lambda g, grad, input, beta, threshold: ops.where(
        input * beta > threshold, 0, g * grad * ops._logistic_density(input * beta) * beta
    ),
)
fused(
    "logsigmoid",
    activations.logsigmoid,
    activations.logsigmoid_backward,
    lambda g, grad, input: -(g * grad * ops._logistic_density(input)),
    node="LogSigmoidBackward0",
)


def _elu_curvature(g: Any, grad: Any, input: Any, alpha: float, scale: float, input_scale: float) -> Any:
    steep = alpha * scale * input_scale * input_scale
    return ops.where(input < 0, g * grad * (ops.exp(ops.where(input < 0, input, 0) * input_scale) * steep), 0)


def _elu_curvature_by_result(g: Any, grad: Any, result: Any, input_scale: float) -> Any:
    return ops.where(result < 0, g * grad * input_scale, 0)


# Scaled elu is selu, and with its slope adjusted celu; in place torch keeps the result.
for _name in ("elu", "celu"):
    fused(_name, activations.elu, activations.elu_backward, _elu_curvature, node=f"{_name.capitalize()}Backward0")
    fused(
        f"{_name}_written",
        activations.elu,
        activations.elu_backward_by_result,
        _elu_curvature_by_result,
        sees="out",
        node=f"{_name.capitalize()}Backward1",
    )


def _gelu_curvature(g: Any, grad: Any, input: Any) -> Any:
    density = ops._normal_density(input)
    # Far out nothing is left, though the square overflows.
    return g * grad * ops.where(density == 0, 0, density * (2 - input * input))


def _gelu_by_tanh_curvature(input: Any) -> Any:
    u = activations.twice_u(input)
    s, other = ops.sigmoid(u), ops.sigmoid(-u)
    slope = activations.twice_u_slope(input)
    steeper = math.sqrt(8 / math.pi) * 6 * 0.044715 * input
    share = s * other
    # Far out nothing is left, whatever overflows beside it.
    return ops.where(share == 0, 0, share * (2 * slope + input * ((other - s) * slope * slope + steeper)))


def _mish_curvature(g: Any, grad: Any, input: Any) -> Any:
    """tanh(softplus(x)) has the slope h = 4su² / (1 + u²)²: mish'' is 2h + xh'."""
    s, u = ops.sigmoid(input), ops.sigmoid(-input)
    below = u * u + 1
    slope = 4 * s * (u / below) * (u / below)
    return g * grad * slope * (input * (u - 2 * s + 4 * s * u * u / below) + 2)


def _silu_curvature(g: Any, grad: Any, input: Any) -> Any:
    s, u = ops.sigmoid(input), ops.sigmoid(-input)
    return g * grad * (s * u * (input * (u - s) + 2))


def _glu(g: Any, input: Any, dim: int) -> Any:
    a, b = (ops.slice(input, dim=dim, start=start, stop=stop, step=1) for start, stop in activations.halves(input, dim))
    gate = ops._gate(b)
    return ops.cat(g * gate, g * a * ops._logistic_density(b), dim=dim)


# Compositions whose two gradients cancel: the first has what is left of both, the second zeros, unless hooks look
# on. Of an infinite gradient they leave nan.
general(
    "_softsign",
    lambda x, below: x / below,
    lambda g, input: g * ops._softsign_slope(input) + (g - g),
    lambda g: ops.zeros_like(g),
    inputs=("input", "other"),
    node="DivBackward0",
    apart=(lambda g, other: g / other, lambda g, input, other: -g * (input / other / other)),
)
pointwise(
    "_softsign_slope",
    activations.softsign_slope,
    lambda input, out: ops.sgn(input) * -2 * out / (ops.abs(input) + 1),
)
general(
    "_tanhshrink",
    activations.tanhshrink,
    lambda g, other, input_array: g * ops._tanh_square(other, array=input_array) + (g - g),
    lambda g: ops.zeros_like(g),
    inputs=("input", "other"),
    node="SubBackward0",
    apart=(lambda g: g, lambda g: -g),
)
general("_tanh_square", activations.tanh_square, lambda g, input: 2 * g * input, inputs=("input",))
fused("silu", activations.silu, activations.silu_backward, _silu_curvature)
fused("mish", activations.mish, activations.mish_backward, _mish_curvature)
general("glu", activations.glu, _glu, inputs=("input",))
fused("gelu", activations.gelu, activations.gelu_backward, _gelu_curvature)
general(
    "gelu_by_tanh",
    activations.gelu_by_tanh,
    lambda g, input: g * ops._gelu_by_tanh_slope(input),
    inputs=("input",),
    node="GeluBackward0",
)
pointwise("_gelu_by_tanh_slope", activations.gelu_by_tanh_slope, _gelu_by_tanh_curvature)

# -- along dimensions ---------------------------------------------------------------------------------------------
for _name in ("softmax", "safe_softmax"):
    general(
        _name,
        getattr(activations, _name),
        lambda g, out, dims: ops.softmax_backward(g, out, dims=dims),
        inputs=("input",),
    )
general(
    "softmax_backward",
    activations.softmax_backward,
    lambda g, result, dims: ops.softmax_backward(g, result, dims=dims),
    lambda g, grad, result, dims: (
        g * grad
        - g * ops.sum(grad * result, dims=dims, keepdim=True)
        - grad * ops.sum(g * result, dims=dims, keepdim=True)
    ),
    inputs=("grad", "result"),
    node="SoftmaxBackwardDataBackward0",
)
general(
    "log_softmax",
    activations.log_softmax,
    lambda g, out, dims: ops.log_softmax_backward(g, out, dims=dims),
    inputs=("input",),
)
general(
    "log_softmax_backward",
    activations.log_softmax_backward,
    lambda g, result, dims: g - ops.sum(g * ops.exp(result), dims=dims, keepdim=True),
    lambda g, grad, result, dims: -(g * ops.exp(result) * ops.sum(grad, dims=dims, keepdim=True)),
    inputs=("grad", "result"),
    node="LogSoftmaxBackwardDataBackward0",
)
