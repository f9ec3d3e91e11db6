"""What a comparison concludes; plain data that every printer reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from parity.catalogue.excluded import sort
from parity.program import Program

#: "known": differs as a row of catalogue/excluded.py says and why; no reason to fail.
Status = Literal["agrees", "undecided", "differs", "known", "unsupported"]
#: The step of the comparison at which it was decided, from cheap to dear.
Decided = Literal["structure", "bits", "jitter", "unstable", "truth", "confirm"]
Check = Literal[
    "value", "gradient", "second", "dtype", "shape", "none", "requires_grad", "error", "alias", "touched",
    # of histories only
    "leaf", "version", "node", "name", "saved", "layout", "hook", "warning", "mode", "memory", "repeat",
]  # fmt: skip
#: Parts of the tape that no operator owns; see `parity.compare.mechanism`.
Mechanism = Literal["accumulation", "broadcasting", "views", "versions", "writing", "unreached", ""]
#: A check, what of the program it looked at, and what sort of number each side has there: "nan", "inf", "0", "finite".
Sight = tuple[Check, int, int | None, str, str]
Blame = Literal["subject", "reference", "both", "convention", "ill-conditioned", ""]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One difference: where it stands, both sides, what was allowed, who is wrong."""

    check: Check
    #: Number of the value (value checks) or of the input (gradient checks).
    where: int
    #: Output of a step that has several.
    item: int | None
    #: Multi-index of the worst element; () for 0-dim and for checks of structure.
    element: tuple[int, ...]
    reference: Any
    subject: Any
    #: Largest difference allowed at that element; 0 in the exact regime; None for checks of structure.
    allowed: float | None
    truth: float | complex | None
    blame: Blame
    #: One sentence for a person: "autodiff differs from torch's convention: a tie shares its gradient".
    reason: str
    #: The operator that localisation holds responsible, and its input (None for a value); empty if unknown.
    op: str = ""
    input: int | None = None
    #: The part of the tape without which the engines agree; empty if an operator itself is to blame.
    #: In a history: what went wrong, by `parity.compare.naming`.
    mechanism: str = ""
    #: In a history: the number of the step after which it shows.
    step: int | None = None

    @property
    def sight(self) -> Sight:
        """What it has in common with other elements of its array that differ for the same reason."""
        return self.check, self.where, self.item, sort(self.reference), sort(self.subject)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one program."""

    status: Status
    decided: Decided
    #: Worst deviation in units of what was allowed.
    worst: float = 0.0
    mismatches: tuple[Mismatch, ...] = ()
    #: Operators at which only the reference's own error made room.
    inaccurate_reference: tuple[str, ...] = ()
    #: What the subject lacks, if `status` is "unsupported".
    missing: tuple[str, ...] = ()
    note: str = ""
    #: The worst deviation of values, of gradients and of second derivatives, where there was any.
    deviations: Mapping[str, float] = field(default_factory=dict)
    #: How far nudges move the reference, and how far the subject is from it, in roundings; None: bits tell enough.
    moved: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A mismatch as it is kept: the shrunk program, the verdict on it, and the program it came from."""

    program: Program
    verdict: Verdict
    original_steps: int
    subject: str
    subject_version: str
    reference: str
    reference_version: str
    seed: int | None = None
    #: "file:line" of the rule or kernel held responsible, where the engine can say.
    rule: str = ""
    #: The operator and input whose rule that is, as the engine calls them.
    served_by: str = ""
    #: The operator that shows it in this program, where another one, which it calls, is to blame.
    through: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.program.id


def as_number(value: np.generic | complex | float) -> complex | float:
    """A NumPy scalar as the Python number that it prints as."""
    return value.item() if isinstance(value, np.generic) else value
