"""torch.linalg, computed from the registry."""

from __future__ import annotations

from autodiff._surface import namespaces

globals().update(namespaces.names("linalg"))
