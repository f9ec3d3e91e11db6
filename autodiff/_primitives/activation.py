"""Activations that are one node."""

from __future__ import annotations

import math
from typing import Any

from autodiff._core.kinds import general, pointwise
from autodiff._core.registry import ops
from autodiff._kernels import activations

pointwise(
    "relu", activations.relu, lambda g, out: ops._relu_backward(g, out), computes="", refuses="bc", spellings="inplace"
)
pointwise(
    "_relu_backward",
    activations.relu_backward,
    lambda g, other: ops._relu_backward(g, other),
    lambda g: ops.zeros_like(g),
    node="ThresholdBackwardBackward0",
)
general(
    "softplus",
    activations.softplus,
    lambda g, input, beta, threshold: ops.where(input * beta > threshold, g, g * ops.sigmoid(input * beta)),
    inputs=("input",),
)


def _gelu(g: Any, input: Any) -> Any:
    return g * (ops.ndtr(input) + input * ops._half_gauss(input) * (1 / math.sqrt(2 * math.pi)))


def _gelu_by_tanh(g: Any, input: Any) -> Any:
    u = activations.twice_u(input)
    s = ops.sigmoid(u)
    slope = math.sqrt(8 / math.pi) * (1 + 3 * 0.044715 * (input * input))
    # sigmoid(-u), not 1 - s, which loses what is left of it for large u.
    return g * (s + input * (s * ops.sigmoid(-u)) * slope)


def _silu(g: Any, input: Any) -> Any:
    s = ops.sigmoid(input)
    return g * (s * (1 + input * (1 - s)))


general("gelu", activations.gelu, _gelu, inputs=("input",))
general("gelu_by_tanh", activations.gelu_by_tanh, _gelu_by_tanh, inputs=("input",), node="GeluBackward0")
general("silu", activations.silu, _silu, inputs=("input",))
general(
    "leaky_relu",
    activations.leaky_relu,
    lambda g, input, slope: ops.where(input > 0, g, g * slope),
    inputs=("input",),
)

# -- along dimensions ---------------------------------------------------------------------------------------------
general("softmax", activations.softmax, lambda g, out, dims: ops.softmax_backward(g, out, dims=dims), inputs=("input",))
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
