"""Whether nan, infinities and, where it is promised, the sign of zero stand in the same places."""

from __future__ import annotations

import numpy as np

from parity.engines.protocol import Array


def differing(reference: Array, subject: Array) -> Array:
    """Where one side is special and the other is not, or is another; nan's sign and payload never count."""
    if reference.dtype.kind not in "fc":
        return np.zeros(reference.shape, bool)
    if reference.dtype.kind == "c":
        return differing(reference.real, subject.real) | differing(reference.imag, subject.imag)
    special = ~(np.isfinite(reference) & np.isfinite(subject))
    same = (reference == subject) | (np.isnan(reference) & np.isnan(subject))
    return np.asarray(special & ~same)


def zeros_differing(reference: Array, subject: Array) -> Array:
    """Where both sides are zero, of different signs."""
    if reference.dtype.kind != "f":
        return np.zeros(reference.shape, bool)
    zeros = (reference == 0) & (subject == 0)
    return np.asarray(zeros & (np.signbit(reference) != np.signbit(subject)))


def alike(a: np.generic, b: np.generic) -> bool:
    """Whether both are nan, the same infinity, or finite and about the same."""
    if np.isfinite(a) and np.isfinite(b):
        return bool(np.isclose(a, b, rtol=1e-2, atol=1e-4))
    return bool(a == b or (np.isnan(a) and np.isnan(b)))
