"""The comparison: whether two engines made the same of a program, and who is wrong if not."""

from parity.compare.pipeline import compare

__all__ = ["compare"]
