"""Convolutions: one form, linear in each of input, weight and result, and so its own gradients of every order."""

from __future__ import annotations

from typing import Any

from autodiff._core.kinds import beside, general
from autodiff._core.registry import ops
from autodiff._kernels import convolution

Sizes = tuple[int, ...]


beside("_beside", "input", "weight", node="ConvolutionBackwardBackward0")


def _to_bias(g: Any, input: Any, weight: Any) -> Any:
    """One number for each channel."""
    return ops._beside(ops.sum(g, dims=(0, *range(2, len(g.shape))), keepdim=False), g, input, weight)


def _to_input(g: Any, input: Any, weight: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    found = ops._convolve_back(
        g, ops.conj(weight), None, sizes=input.shape[2:], stride=stride, padding=padding, dilation=dilation,
        groups=groups,
    )  # fmt: skip
    return ops._beside(found, g, input, weight)


def _to_weight(g: Any, input: Any, weight: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    return ops._beside(_by_weight(g, input, weight.shape, stride, padding, dilation, groups), g, input, weight)


def _by_weight(g: Any, input: Any, weight_shape: Sizes, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    convolution.check(input.shape, weight_shape, groups)
    return ops.correlate(
        g, ops.conj(input), kernel=weight_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    )


general(
    "convolve",
    convolution.convolve,
    _to_input,
    _to_weight,
    _to_bias,
    inputs=("input", "weight", "bias"),
    node="ConvolutionBackward0",
)


def _back_to_input(g: Any, input: Any, weight: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    found = ops._convolve(
        g, ops.conj(weight), None, sizes=input.shape[2:], stride=stride, padding=padding, dilation=dilation,
        groups=groups,
    )  # fmt: skip
    return ops._beside(found, g, input, weight)


def _back_to_weight(g: Any, input: Any, weight: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    return ops._beside(_back_by_weight(g, input, weight.shape, stride, padding, dilation, groups), g, input, weight)


def _back_by_weight(
    g: Any, input: Any, weight_shape: Sizes, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    convolution.check(input.shape, weight_shape, groups, True)
    return ops.correlate(
        ops.conj(input), g, kernel=weight_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    )


general(
    "convolve_back",
    convolution.convolve_back,
    _back_to_input,
    _back_to_weight,
    _to_bias,
    inputs=("input", "weight", "bias"),
    node="ConvolutionBackward0",
)


def _by_result(g: Any, input: Any, result_shape: Sizes, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    return ops.convolve(
        ops.conj(input), g, None, sizes=result_shape[2:], stride=stride, padding=padding, dilation=dilation,
        groups=groups,
    )  # fmt: skip


def _by_input(g: Any, result: Any, input_shape: Sizes, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    return ops.convolve_back(
        ops.conj(result), g, None, sizes=input_shape[2:], stride=stride, padding=padding, dilation=dilation,
        groups=groups,
    )  # fmt: skip


def _plainly(turned: str) -> Any:
    """The gradient of a gradient by what it was made of: torch makes it of nothing beside."""

    def rule(g: Any, weight: Any, input_shape: Sizes, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
        return getattr(ops, turned)(
            g, ops.conj(weight), None, sizes=input_shape[2:], stride=stride, padding=padding, dilation=dilation,
            groups=groups,
        )  # fmt: skip

    return rule


for _name, _kernel, _turned, _to_kernel in (
    ("_convolve", convolution.convolve, "convolve_back", _by_weight),
    ("_convolve_back", convolution.convolve_back, "convolve", _back_by_weight),
):
    general(
        _name,
        _kernel,
        _plainly(_turned),
        _to_kernel,
        None,
        inputs=("input", "weight", "bias"),
        node="ConvolutionBackward0",
    )
general(
    "correlate",
    convolution.correlate,
    _by_result,
    _by_input,
    inputs=("result", "input"),
    node="ConvolutionBackwardBackward0",
)
