"""Normalisation over a layer, over groups of channels, over a batch or an instance."""

from __future__ import annotations

from typing import Any, ClassVar

from autodiff._core import dtypes
from autodiff._core.registry import ops
from autodiff.nn import functional, init
from autodiff.nn.modules.linear import optional
from autodiff.nn.modules.module import Module


class LayerNorm(Module):
    """Zero mean and unit variance over the last dims, then an affine map of each number (Ba et al., 2016)."""

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        optional(self, "weight", self.normalized_shape, elementwise_affine, device=device, dtype=dtype)
        optional(self, "bias", self.normalized_shape, elementwise_affine and bias, device=device, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Make the affine map the identity."""
        _identity(self)

    def forward(self, input: Any) -> Any:
        return functional.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Divided by the root of the mean square over the last dims (Zhang and Sennrich, 2019)."""

    def __init__(
        self,
        normalized_shape: Any,
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        optional(self, "weight", self.normalized_shape, elementwise_affine, device=device, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Fill the weight with ones."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, x: Any) -> Any:
        return functional.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


def _shape(given: Any) -> tuple[int, ...]:
    return (given,) if isinstance(given, int) else tuple(given)


def _identity(module: Any) -> None:
    if module.weight is not None:
        init.ones_(module.weight)
    if module.bias is not None:
        init.zeros_(module.bias)


class GroupNorm(Module):
    """Zero mean and unit variance over each group of channels (Wu and He, 2018)."""

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        optional(self, "weight", num_channels, affine, device=device, dtype=dtype)
        optional(self, "bias", num_channels, affine and bias, device=device, dtype=dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Make the affine map the identity."""
        _identity(self)

    def forward(self, input: Any) -> Any:
        return functional.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        sizes = f"{self.num_groups}, {self.num_channels}"
        return f"{sizes}, eps={self.eps}, affine={self.affine}, bias={self.bias is not None}"


class _NormBase(Module):
    """What batch and instance normalisation share: an affine map, and statistics that follow what was seen."""

    _version = 2
    #: How many dims an input may have, and torch's words for one of another number.
    inputs: ClassVar[tuple[tuple[int, ...], str]]

    def _set_up(
        self, num_features: int, eps: float, momentum: float | None, affine: bool, tracks: bool, bias: bool, **of: Any
    ) -> None:
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, tracks
        optional(self, "weight", num_features, affine, **of)
        optional(self, "bias", num_features, affine and bias, **of)
        self.register_buffer("running_mean", ops.zeros(num_features, **of) if tracks else None)
        self.register_buffer("running_var", ops.ones(num_features, **of) if tracks else None)
        seen = ops.tensor(0, dtype=dtypes.int64) if tracks else None
        self.register_buffer("num_batches_tracked", seen)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget what was seen."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Forget what was seen, and make the affine map the identity."""
        self.reset_running_stats()
        _identity(self)

    def _check_input_dim(self, input: Any) -> None:
        allowed, words = self.inputs
        if input.dim() not in allowed:
            raise ValueError(f"expected {words} input (got {input.dim()}D input)")

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: Any, *rest: Any) -> None:
        """States of before version 2 have no count of batches."""
        key = prefix + "num_batches_tracked"
        if local_metadata.get("version") in (None, 1) and self.track_running_stats and key not in state_dict:
            state_dict[key] = self.num_batches_tracked
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


class _BatchNorm(_NormBase):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self._set_up(num_features, eps, momentum, affine, track_running_stats, bias, device=device, dtype=dtype)

    def forward(self, input: Any) -> Any:
        self._check_input_dim(input)
        share = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:  # then all batches count alike
                share = 1.0 / float(self.num_batches_tracked)
        follows = not self.training or self.track_running_stats
        return functional.batch_norm(
            input,
            self.running_mean if follows else None,
            self.running_var if follows else None,
            self.weight,
            self.bias,
            self.training or (self.running_mean is None and self.running_var is None),
            share,
            self.eps,
        )


class BatchNorm1d(_BatchNorm):
    """Zero mean and unit variance of each channel over a batch (Ioffe and Szegedy, 2015); (N, C) or (N, C, L)."""

    inputs = ((2, 3), "2D or 3D")


class BatchNorm2d(_BatchNorm):
    """Zero mean and unit variance of each channel over a batch; (N, C, H, W)."""

    inputs = ((4,), "4D")


class BatchNorm3d(_BatchNorm):
    """Zero mean and unit variance of each channel over a batch; (N, C, D, H, W)."""

    inputs = ((5,), "5D")


class _InstanceNorm(_NormBase):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self._set_up(num_features, eps, momentum, affine, track_running_stats, bias, device=device, dtype=dtype)

    def forward(self, input: Any) -> Any:
        self._check_input_dim(input)
        alone = input.dim() == min(self.inputs[0])
        normal = functional.instance_norm(
            input.unsqueeze(0) if alone else input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
        return normal.squeeze(0) if alone else normal


class InstanceNorm1d(_InstanceNorm):
    """Zero mean and unit variance of each channel of each sample (Ulyanov et al., 2016); (N, C, L) or (C, L)."""

    inputs = ((2, 3), "2D or 3D")


class InstanceNorm2d(_InstanceNorm):
    """Zero mean and unit variance of each channel of each sample; (N, C, H, W) or (C, H, W)."""

    inputs = ((3, 4), "3D or 4D")


class InstanceNorm3d(_InstanceNorm):
    """Zero mean and unit variance of each channel of each sample; (N, C, D, H, W) or (C, D, H, W)."""

    inputs = ((4, 5), "4D or 5D")
