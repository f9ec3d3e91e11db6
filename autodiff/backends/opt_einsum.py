"""torch.backends.opt_einsum: the library is not used here."""

from __future__ import annotations

from autodiff.backends.absent import is_available

__all__ = ["is_available"]
