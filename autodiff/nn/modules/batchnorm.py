"""torch.nn.modules.batchnorm: the name under which programs import what batch normalisations share."""

from __future__ import annotations

from autodiff.nn.modules.normalization import BatchNorm1d, BatchNorm2d, BatchNorm3d, _BatchNorm, _NormBase

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "_BatchNorm", "_NormBase"]
