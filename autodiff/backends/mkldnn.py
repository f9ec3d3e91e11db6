"""torch.backends.mkldnn: the library is not used here; its switches are kept."""

from __future__ import annotations

from autodiff.backends.absent import is_available

__all__ = ["allow_tf32", "deterministic", "enabled", "is_available"]

enabled = True
deterministic = False
allow_tf32 = True
