"""Mismatches in words: who is wrong, by how much, in one plain sentence."""

from __future__ import annotations

import math

from parity.compare.arbiter import Judgement
from parity.compare.pairs import Pair
from parity.compare.verdict import Mismatch, as_number


def mismatch(pair: Pair, judgement: Judgement, names: tuple[str, str]) -> Mismatch:
    """The mismatch at the element that was judged; `names` are the reference's and the subject's."""
    return Mismatch(
        check=pair.kind,
        where=pair.where,
        item=pair.item,
        element=judgement.element,
        reference=as_number(pair.reference[judgement.element]),
        subject=as_number(pair.subject[judgement.element]),
        allowed=judgement.allowed,
        truth=judgement.truth,
        blame=judgement.blame,
        reason=_reason(judgement, *names),
    )


def _reason(judgement: Judgement, reference: str, subject: str) -> str:
    if judgement.blame == "ill-conditioned":
        return f"nothing certain can be said here: {judgement.why}"
    if judgement.why:
        return judgement.why
    if judgement.blame == "convention":
        return f"{subject} differs from {reference}'s convention: both lie between the one-sided derivatives"
    ours, theirs = _amount(judgement.subject_error), _amount(judgement.reference_error)
    if judgement.blame == "reference":
        return f"{reference} is wrong: it is off by {theirs}, {subject} by {ours}"
    if judgement.blame == "both":
        return f"both are wrong: {subject} is off by {ours}, {reference} by {theirs}"
    times = f", {judgement.ratio:.3g} times what is allowed" if math.isfinite(judgement.ratio) else ""
    return f"{subject} is wrong: it is off by {ours}{times}; {reference} is off by {theirs}"


def _amount(error: float) -> str:
    return "nothing" if error == 0 else f"{error:.2g}"
