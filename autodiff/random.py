"""torch.random, computed from the registry; and who draws."""

from __future__ import annotations

from autodiff._functions.generator import Generator, default_generator  # noqa: F401
from autodiff._surface import namespaces as _namespaces

globals().update(_namespaces.names("random"))
