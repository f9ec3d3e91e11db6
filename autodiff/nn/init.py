"""torch.nn.init: tensors filled in place, outside any graph, with torch's stream of random numbers."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from autodiff._core import dtypes
from autodiff._core.modes import no_grad
from autodiff._core.registry import ops

_GAINS = {
    "linear": 1.0, "conv1d": 1.0, "conv2d": 1.0, "conv3d": 1.0, "conv_transpose1d": 1.0, "conv_transpose2d": 1.0,
    "conv_transpose3d": 1.0, "sigmoid": 1.0, "tanh": 5.0 / 3, "relu": math.sqrt(2.0), "selu": 3.0 / 4,
}  # fmt: skip


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """What a layer's deviation is to be multiplied by for this nonlinearity; `param` is leaky_relu's slope."""
    if nonlinearity == "leaky_relu":
        if param is not None and (isinstance(param, bool) or not isinstance(param, (int, float))):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in _GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    return 1 if _GAINS[nonlinearity] == 1 else _GAINS[nonlinearity]


def uniform_(tensor: Any, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Any:
    """Draw from U(a, b)."""
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Any, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Any:
    """Draw from N(mean, std²)."""
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


def trunc_normal_(
    tensor: Any, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Any = None
) -> Any:
    """Draw from N(mean, std²) between a and b: what falls outside is drawn again, as torch does it."""
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be "
            "incorrect.",
            stacklevel=2,
        )

    def below(x: float) -> float:
        return (1.0 + math.erf((x - mean) / std / math.sqrt(2.0))) / 2.0

    with no_grad():
        if below(b) - below(a) > 0.3:
            return _normals_between(tensor, mean, std, a, b, generator)
        return _uniforms_accepted(tensor, mean, std, a, b, generator)


def _normals_between(tensor: Any, mean: float, std: float, a: float, b: float, generator: Any) -> Any:
    """Normal numbers, those outside of the bounds replaced until none is."""
    low, high = tensor.new_tensor(a).item(), tensor.new_tensor(b).item()
    found = tensor.normal_(mean, std, generator=generator)
    while (outside := (found < low) | (found > high)).any():
        # All are drawn again, though few are taken: the stream is torch's.
        found = ops.where(outside, ops.empty_like(found).normal_(mean, std, generator=generator), found)
    return tensor if tensor is found else tensor.copy_(found)


def _uniforms_accepted(tensor: Any, mean: float, std: float, a: float, b: float, generator: Any) -> Any:
    """Uniform numbers, each accepted with the share that its density has of the highest between the bounds."""
    peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
    found = tensor.uniform_(a, b, generator=generator)
    offered = found.clone()
    refused = ops.ones_like(found, dtype=dtypes.bool_)
    while True:
        density = offered.sub_(mean).div_(std).pow_(2).mul_(-0.5).sub_(peak)
        refused = refused & ops.empty_like(found).uniform_(generator=generator).log_().gt(density)
        if not refused.any():
            return tensor if tensor is found else tensor.copy_(found)
        offered = ops.empty_like(found).uniform_(a, b, generator=generator)
        found = ops.where(refused, offered, found)


def constant_(tensor: Any, val: float) -> Any:
    """Fill with a number."""
    with no_grad():
        return tensor.fill_(val)


def ones_(tensor: Any) -> Any:
    """Fill with ones."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Any) -> Any:
    """Fill with zeros."""
    with no_grad():
        return tensor.zero_()


def eye_(tensor: Any) -> Any:
    """Make a matrix the identity. Raises ValueError for what is no matrix."""
    if tensor.ndimension() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    with no_grad():
        tensor.copy_(ops.eye(*tensor.shape, dtype=tensor.dtype))
    return tensor


def dirac_(tensor: Any, groups: int = 1) -> Any:
    """Make the weight of a convolution one that keeps as many channels as it can; ValueError for others."""
    if tensor.ndimension() not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    out_channels, in_channels, *kernel = tensor.shape
    if out_channels % groups:
        raise ValueError("dim 0 must be divisible by groups")
    per_group = out_channels // groups
    centre = tuple(n // 2 for n in kernel)
    with no_grad():
        tensor.zero_()
        for group in range(groups):
            for d in range(min(per_group, in_channels)):
                tensor[(group * per_group + d, d, *centre)] = 1
    return tensor


def _calculate_fan_in_and_fan_out(tensor: Any) -> tuple[int, int]:
    """How many inputs and outputs meet in a weight: its dims 1 and 0 times the size of a convolution's kernel."""
    if tensor.dim() < 2:
        raise ValueError("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
    field = math.prod(tensor.shape[2:])
    return tensor.size(1) * field, tensor.size(0) * field


def _fan(tensor: Any, mode: str) -> int:
    mode = mode.lower()
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return fan_in if mode == "fan_in" else fan_out


def xavier_uniform_(tensor: Any, gain: float = 1.0, generator: Any = None) -> Any:
    """Draw from U(-a, a), a = gain √(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010)."""
    deviation = gain * math.sqrt(2.0 / float(sum(_calculate_fan_in_and_fan_out(tensor))))
    bound = math.sqrt(3.0) * deviation
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Any, gain: float = 1.0, generator: Any = None) -> Any:
    """Draw from N(0, 2 gain² / (fan_in + fan_out)) (Glorot and Bengio, 2010)."""
    deviation = gain * math.sqrt(2.0 / float(sum(_calculate_fan_in_and_fan_out(tensor))))
    return normal_(tensor, 0.0, deviation, generator)


def kaiming_uniform_(
    tensor: Any, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Any:
    """Draw from U(-b, b), b = gain √(3 / fan) (He et al., 2015)."""
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    bound = math.sqrt(3.0) * (calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode)))
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Any, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Any:
    """Draw from N(0, gain² / fan) (He et al., 2015)."""
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    return normal_(tensor, 0.0, calculate_gain(nonlinearity, a) / math.sqrt(_fan(tensor, mode)), generator)


def orthogonal_(tensor: Any, gain: float = 1, generator: Any = None) -> Any:
    """Make it, as a matrix of its first dim against the rest, orthogonal by rows or columns (Saxe et al., 2013)."""
    if tensor.ndimension() < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if not tensor.numel():
        return tensor
    rows = tensor.size(0)
    columns = tensor.numel() // rows
    drawn = tensor.new_empty((rows, columns)).normal_(0, 1, generator=generator)
    if rows < columns:
        drawn.t_()
    q, r = getattr(ops, "linalg.qr")(drawn)
    # The signs of R's diagonal make Q uniform.
    q *= r.diag(0).sign()
    if rows < columns:
        q.t_()
    with no_grad():
        tensor.view_as(q).copy_(q)
        tensor.mul_(gain)
    return tensor


def sparse_(tensor: Any, sparsity: float, std: float = 0.01, generator: Any = None) -> Any:
    """Draw a matrix from N(0, std²), and make this share of every column 0 (Martens, 2010)."""
    if tensor.ndimension() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, columns = tensor.shape
    with no_grad():
        tensor.normal_(0, std, generator=generator)
        for column in range(columns):
            zeros = ops.randperm(rows)[: math.ceil(sparsity * rows)]
            tensor[zeros, column] = 0
    return tensor


def _deprecated(new: Callable[..., Any]) -> Callable[..., Any]:
    old = new.__name__[:-1]

    def public(*args: Any, **kwargs: Any) -> Any:
        warnings.warn(
            f"`nn.init.{old}` is now deprecated in favor of `nn.init.{new.__name__}`.", FutureWarning, stacklevel=2
        )
        return new(*args, **kwargs)

    public.__name__ = old
    public.__doc__ = f"The old name of `{new.__name__}`."
    return public


uniform, normal, constant, eye, dirac, sparse, orthogonal = map(
    _deprecated, (uniform_, normal_, constant_, eye_, dirac_, sparse_, orthogonal_)
)
xavier_uniform, xavier_normal = map(_deprecated, (xavier_uniform_, xavier_normal_))
kaiming_uniform, kaiming_normal = map(_deprecated, (kaiming_uniform_, kaiming_normal_))
