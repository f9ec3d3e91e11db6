"""How often a draft turns to what is unusual, for a search that looks for something rare; knows no program."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Leaning:
    """Probabilities of a draft: as a rule these."""

    #: A leaf whose memory is not contiguous.
    layouts: float = 0.15
    #: A second operand of another shape that broadcasts.
    broadcasting: float = 0.4
    #: A second operand that is a leaf of its own.
    fresh: float = 0.25
    #: An operand of another dtype.
    mixing: float = 0.12
    #: An operator that a good part of a program's steps are calls of; empty: none.
    op: str = ""


EVEN = Leaning()
#: How many of the steps are calls of the operator that is leaned to.
OFTEN = 0.3
