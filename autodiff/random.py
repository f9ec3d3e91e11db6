"""torch.random, computed from the registry; and who draws."""

from __future__ import annotations

from autodiff._functions.generator import Generator, default_generator  # noqa: F401
from autodiff._surface import namespaces as _namespaces

#: Whose numbers these are, bit for bit; harnesses ask for it.
STREAM = "torch"
globals().update(_namespaces.names("random"))
