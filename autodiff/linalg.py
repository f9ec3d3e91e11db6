"""torch.linalg, computed from the registry."""

from __future__ import annotations

from autodiff._core.errors import LinAlgError  # noqa: F401
from autodiff._surface import namespaces as _namespaces

globals().update(_namespaces.names("linalg"))
