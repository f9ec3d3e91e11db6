"""torch.backends.cpu: what the CPU can do, as far as anybody here asks."""

from __future__ import annotations


def get_cpu_capability() -> str:
    """The vector instructions that kernels of this package's own are written for: none, NumPy has its own."""
    return "DEFAULT"
