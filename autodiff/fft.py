"""torch.fft, computed from the registry."""

from __future__ import annotations

from autodiff._surface import namespaces as _namespaces

globals().update(_namespaces.names("fft"))
