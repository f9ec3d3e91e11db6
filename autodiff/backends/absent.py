"""What the modules of backends for libraries that are not used here have in common: they are not available."""

from __future__ import annotations


def is_available() -> bool:
    """Whether the library is used: NumPy and SciPy do the work here."""
    return False
