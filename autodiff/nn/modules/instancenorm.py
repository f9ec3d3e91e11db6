"""torch.nn.modules.instancenorm: the name under which programs import what instance normalisations share."""

from __future__ import annotations

from autodiff.nn.modules.normalization import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d, _InstanceNorm

__all__ = ["InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "_InstanceNorm"]
