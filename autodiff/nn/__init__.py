"""torch.nn."""

from __future__ import annotations

from autodiff.nn import functional

__all__ = ["functional"]
