"""Activations made of straight pieces, each one node."""

from __future__ import annotations

from typing import Any

from autodiff._core.kinds import fused, general, pointwise
from autodiff._core.registry import ops
from autodiff._kernels import rectifiers

pointwise(
    "relu", rectifiers.relu, lambda g, out: ops._relu_backward(g, out), computes="", refuses="bc", spellings="inplace"
)
pointwise(
    "_relu_backward",
    rectifiers.relu_backward,
    lambda g, other: ops._relu_backward(g, other),
    lambda g: ops.zeros_like(g),
    node="ThresholdBackwardBackward0",
)
fused("hardtanh", rectifiers.hardtanh, rectifiers.hardtanh_backward)
fused("softshrink", rectifiers.softshrink, rectifiers.shrink_backward)
fused("hardshrink", rectifiers.hardshrink, rectifiers.shrink_backward)
fused("threshold", rectifiers.threshold, rectifiers.threshold_backward)
# torch calls the node of threshold_ another; it too saves a copy of the input.
fused("threshold_written", rectifiers.threshold, rectifiers.threshold_backward, node="ThresholdBackward1")
fused(
    "hardswish",
    rectifiers.hardswish,
    rectifiers.hardswish_backward,
    lambda g, grad, input: ops.where(ops.logical_and(input > -3, input < 3), g * grad * (1 / 3), 0),
)


def _no_second(g: Any) -> Any:
    raise RuntimeError("derivative for aten::hardsigmoid_backward is not implemented")


general(
    "hardsigmoid",
    rectifiers.hardsigmoid,
    lambda g, input: ops._hardsigmoid_backward(g, input),
    inputs=("input",),
    diagonal=True,
)
general("_hardsigmoid_backward", rectifiers.hardsigmoid_backward, _no_second, _no_second, inputs=("grad", "input"))

# In place torch keeps the result: its sign is the input's.
for _name, _sees, _number in (("leaky_relu", "input", 0), ("leaky_relu_written", "out", 1)):
    fused(
        _name,
        rectifiers.leaky_relu,
        rectifiers.leaky_relu_backward if _sees == "input" else rectifiers.leaky_relu_backward_by_result,
        sees=_sees,
        node=f"LeakyReluBackward{_number}",
    )
for _name, _sees, _number in (("rrelu_with_noise", "input", 0), ("rrelu_with_noise_written", "out", 1)):
    fused(
        _name,
        rectifiers.rrelu,
        rectifiers.rrelu_backward if _sees == "input" else rectifiers.rrelu_backward_by_result,
        sees=_sees,
        inputs=("input", "noise"),
        node=f"RreluWithNoiseBackward{_number}",
    )
# In second order torch counts 0 to the right side.
general(
    "prelu_kernel",
    rectifiers.prelu,
    lambda g, input, weight: ops._prelu_backward(g, input, weight),
    lambda g, input, weight: ops._prelu_weight_backward(g, input, weight),
    inputs=("input", "weight"),
)
general(
    "_prelu_weight_backward",
    rectifiers.prelu_weight_backward,
    lambda g, input: ops.where(input >= 0, 0, g * input),
    lambda g, grad, input: ops.where(input >= 0, 0, g * grad),
    lambda g, weight: ops.zeros_like(g),
    inputs=("grad", "input", "weight"),
    node="PreluKernelBackwardBackward0",
)
general(
    "_prelu_backward",
    rectifiers.prelu_backward,
    lambda g, input, weight: ops.where(input >= 0, g, g * weight),
    lambda g: ops.zeros_like(g),
    lambda g, grad, input: ops.where(input >= 0, 0, g * grad),
    inputs=("grad", "input", "weight"),
    node="PreluKernelBackwardBackward0",
)
