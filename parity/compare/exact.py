"""Equality bit for bit, as the exact regime asks, and the sign of zero where it is promised."""

from __future__ import annotations

import numpy as np

from parity.catalogue import CATALOGUE
from parity.compare import specials
from parity.compare.pairs import Pair
from parity.engines.protocol import Array, Run
from parity.program import Program

_FRACTION, _SMALL = 2.0**12, 2.0**12


def differing(pair: Pair) -> Array:
    """Where the two sides are not the same number; nan equals nan, zero equals zero."""
    a, b = pair.reference, pair.subject
    if a.dtype.kind not in "fc":
        return np.asarray(a != b)
    both_nan = specials_agree = np.isnan(a) & np.isnan(b)
    if a.dtype.kind == "c":
        specials_agree = both_nan & ~specials.differing(a, b)
    return np.asarray((a != b) & ~specials_agree)


def dyadic(program: Program) -> bool:
    """Whether the program's floating inputs are small whole numbers and simple fractions of two."""
    for leaf in program.inputs:
        if leaf.array.dtype.kind in "fc":
            parts = leaf.array.real, leaf.array.imag
            for part in parts[: 1 + (leaf.array.dtype.kind == "c")]:
                with np.errstate(all="ignore"):
                    scaled = part.astype(np.float64) * _FRACTION
                if not ((np.abs(scaled) < _FRACTION * _SMALL) & (scaled == np.rint(scaled))).all():
                    return False
    return True


def zero_promised(program: Program, reference: Run, subject: Run, pair: Pair) -> Array | None:
    """Where a zero's sign differs that its operator promises; None if it promises nothing.

    Only where both engines handed the operator the same zeros: it does not answer for what it was given.
    """
    position = pair.where - len(program.inputs)
    if pair.kind != "value" or position < 0 or pair.reference.dtype.kind != "f":
        return None
    step = program.steps[position]
    row = CATALOGUE.get(step.op)
    if row is None or "signed_zero" not in row.tags:
        return None
    for ref in step.refs():
        a, b = reference.values[ref.index], subject.values[ref.index]
        if isinstance(a, tuple) and isinstance(b, tuple) and ref.item is not None:
            a, b = a[ref.item], b[ref.item]
        if not (isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.tobytes() == b.tobytes()):
            return None
    apart = specials.zeros_differing(pair.reference, pair.subject)
    return apart if apart.any() else None
