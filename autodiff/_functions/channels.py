"""Normalisations of channels, which are dimension 1, with torch's signatures."""

from __future__ import annotations

import math

import numpy as np

from autodiff._core import dtypes
from autodiff._core.function import function
from autodiff._core.modes import no_grad
from autodiff._core.promotion import cast
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._functions.averaging import avg_pool2d, avg_pool3d
from autodiff._functions.conversion import contiguous
from autodiff._functions.normalize import widened
from autodiff._kernels.brain import BRAIN
from autodiff._kernels.layout import in_channels

Maybe = Tensor | None


def _check_vectors(count: int, **given: Maybe) -> None:
    for name, x in given.items():
        if x is not None and x._array.size != count:
            raise RuntimeError(f"{name} should contain {count} elements not {x._array.size}")


def _check_dtypes(input: Tensor, weight: Maybe, bias: Maybe, *running: Maybe) -> None:
    d = input._array.dtype
    if d.kind != "f":
        raise NotImplementedError(f"\"batch_norm\" not implemented for '{dtypes.title(d)}'")
    given = [x._array.dtype for x in (weight, bias, *running) if x is not None]
    if len({x.char for x in given}) > 1:
        other = next(x for x in given if x is not given[0])
        raise RuntimeError(f"expected scalar type {dtypes.title(given[0])} but found {dtypes.title(other)}")
    if given and given[0] is not d and not ((d.char == "e" or d is BRAIN) and given[0] is np.dtype(np.float32)):
        raise RuntimeError(
            "mixed dtype (CPU): all inputs must share same datatype."
            if d.itemsize > given[0].itemsize
            else f"mixed dtype (CPU): expect parameter to have scalar type of {dtypes.title(d)}"
        )


def _normalized(
    input: Tensor, weight: Maybe, bias: Maybe, mean: Maybe, var: Maybe, training: bool, momentum: float, eps: float
) -> Tensor:
    for name, x in (("running_mean", mean), ("running_var", var)):
        if x is None and not training:
            raise RuntimeError(f"{name} must be defined in evaluation mode")
    shape = input._array.shape
    if len(shape) < 2:
        raise RuntimeError(f"batch_norm: expected at least 2 dimensions, but got {list(shape)}")
    _check_vectors(shape[1], running_mean=mean, running_var=var, weight=weight, bias=bias)
    _check_dtypes(input, weight, bias, mean, var)
    if not training:
        return ops.batch_norm_by(input, weight, bias, mean, var, eps=eps)  # type: ignore[no-any-return]
    running = tuple([None if x is None else x._array for x in (mean, var)])
    return ops.batch_norm(input, weight, bias, eps=eps, running=running, momentum=momentum)  # type: ignore[no-any-return]


def _several(shape: tuple[int, ...]) -> None:
    count = shape[0] * math.prod(shape[2:])
    if count == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size torch.Size({list(shape)})"
        )


@function("nn.functional", name="batch_norm")
def batch_norm_function(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-05,
) -> Tensor:
    """Each channel with mean 0 and variance 1 over the samples, or by a mean and a variance learned before.

    In training these are moved towards the samples' own, by `momentum`.
    """
    if training:
        _several(input._array.shape)
    if (running_mean is None) is not (running_var is None):
        raise ValueError("running_mean and running_var must either both be None or neither be None")
    if eps < 0 or (training and eps == 0):
        wanted = "positive during training" if training else "non-negative"
        raise ValueError(f"batch_norm eps must be {wanted}, but got {eps}")
    return _normalized(input, weight, bias, running_mean, running_var, training, momentum, eps)


@function(method=False)
def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """nn.functional.batch_norm with its arguments in another order, all of them given."""
    return _normalized(input, weight, bias, running_mean, running_var, training, momentum, eps)


def _by_instance(
    input: Tensor, weight: Maybe, bias: Maybe, mean: Maybe, var: Maybe, own: bool, momentum: float, eps: float
) -> Tensor:
    if not own and (mean is None or var is None):
        raise RuntimeError("Expected running_mean and running_var to be defined when use_input_stats is false")
    shape = input._array.shape
    if len(shape) < 2:
        raise RuntimeError(f"instance_norm: expected at least 2 dimensions, but got {list(shape)}")
    samples, channels = shape[:2]
    spread = [None if x is None else ops.repeat(x, times=(samples,)) for x in (weight, bias, mean, var)]
    flat = ops.view(contiguous(input), shape=(1, samples * channels, *shape[2:]))
    found = _normalized(flat, *spread, own, momentum, eps)
    with no_grad():
        for held, moved in zip((mean, var), spread[2:]):
            if held is not None and own:
                held.copy_(ops.mean(ops.view(moved, shape=(samples, channels)), dims=(0,), keepdim=False))
    return ops.view(found, shape=shape)  # type: ignore[no-any-return]


@function("nn.functional", name="instance_norm")
def instance_norm_function(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-05,
) -> Tensor:
    """Each channel of each sample with mean 0 and variance 1, or by a mean and a variance learned before."""
    shape = input._array.shape
    if use_input_stats and math.prod(shape[2:]) == 1:
        raise ValueError(
            f"Expected more than 1 spatial element when training, got input size torch.Size({list(shape)})"
        )
    return _by_instance(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps)


@function(method=False)
def instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """nn.functional.instance_norm with its arguments in another order, all of them given."""
    return _by_instance(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps)


def _by_group(input: Tensor, groups: int, weight: Maybe, bias: Maybe, eps: float) -> Tensor:
    shape = input._array.shape
    if groups <= 0:
        raise RuntimeError(f"Expected num groups to be greater than 0, got {groups}")
    if shape[1] % groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(shape)} and num_groups={groups}"
        )
    for name, x in (("weight", weight), ("bias", bias)):
        if x is not None and x._array.shape != shape[1:2]:
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, but got {name} of "
                f"shape {list(x._array.shape)} and input of shape {list(shape)}"
            )
    d = input._array.dtype
    if d.kind != "f":
        raise NotImplementedError(f"\"GroupNormKernelImpl\" not implemented for '{dtypes.title(d)}'")
    if (wide := widened(input, weight, bias)) is not None:
        return cast(_by_group(wide, groups, weight, bias, eps), d)
    if any(x is not None and x._array.dtype is not d for x in (weight, bias)):
        raise RuntimeError("mixed dtype (CPU): all inputs must share same datatype.")
    if not in_channels(input._array):
        input = contiguous(input)
    weight, bias = (None if x is None else contiguous(x) for x in (weight, bias))
    return ops.group_norm(input, weight, bias, groups=groups, eps=eps)  # type: ignore[no-any-return]


@function("nn.functional", name="group_norm")
def group_norm_function(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-05
) -> Tensor:
    """Each group of channels of each sample with mean 0 and variance 1; then times weight plus bias by channel."""
    shape = input._array.shape
    if len(shape) < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {len(shape)}")
    if shape[0] * (shape[1] // num_groups) * math.prod(shape[2:]) == 1:
        raise ValueError(
            "Expected more than 1 value per channel when training, got input size "
            f"{[shape[0] * shape[1] // num_groups, num_groups, *shape[2:]]}"
        )
    return _by_group(input, num_groups, weight, bias, eps)


@function(method=False)
def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-05,
    cudnn_enabled: bool = True,
) -> Tensor:
    """Each group of channels of each sample with mean 0 and variance 1; then times weight plus bias by channel."""
    if input._array.ndim < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {input._array.ndim}")
    return _by_group(input, num_groups, weight, bias, eps)


@function("nn.functional")
def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """input over a power of k plus alpha times the mean of its squares over neighbouring channels."""
    shape = input._array.shape
    if len(shape) < 3:
        raise ValueError(f"Expected 3D or higher dimensionality {' ' * 25}input (got {len(shape)} dimensions)")
    if not input._array.size:
        return input
    squares = ops.mul(input, input)
    before, after = size // 2, (size - 1) // 2
    if len(shape) == 3:
        squares = ops.constant_pad_nd(
            ops.unsqueeze(squares, dim=1), before=(0, 0, before, 0), after=(0, 0, after, 0), value=0
        )
        means = ops.squeeze1(avg_pool2d(squares, (size, 1), 1), dims=(1,))
    else:
        squares = ops.view(squares, shape=(shape[0], 1, shape[1], shape[2], math.prod(shape[3:])))
        squares = ops.constant_pad_nd(squares, before=(0, 0, before, 0, 0), after=(0, 0, after, 0, 0), value=0)
        means = ops.view(ops.squeeze1(avg_pool3d(squares, (size, 1, 1), 1), dims=(1,)), shape=shape)
    return ops.div(input, ops.pow(ops.add(ops.mul(means, alpha), k), beta))  # type: ignore[no-any-return]
