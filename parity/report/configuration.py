"""The report of a class that differs: for a person, and as a record; draws and runs nothing."""

from __future__ import annotations

from typing import Any

from parity.compare.configurations import Difference
from parity.configuration import Configuration, told

_HOMES = {"optimizer": "optim", "scheduler": "optim.lr_scheduler", "distribution": "distributions"}


def difference_text(
    configuration: Configuration,
    difference: Difference,
    reference: str,
    subject: str,
    stands: str,
    before: int,
    seed: int,
) -> str:
    """Under 20 lines; `stands` is where the class stands in the subject, `before` its settings before shrinking."""
    asked = configuration
    settings = len(asked.settings)
    head = f"{asked.kind.upper()} DIFFERS   {subject} vs {reference}      shrunk from {before} settings to {settings}"
    given = f"optimizer, {told(asked.settings)}" if asked.kind == "scheduler" else told(asked.settings)
    if asked.kind == "optimizer":
        own = f", second group: {told(asked.group)}" if asked.group else ""
        given = f"params{', ' if asked.settings else ''}{given}{own}"
    led = f"{len(asked.steps)} step{'s' * (len(asked.steps) != 1)}"
    if asked.kind in ("layer", "loss"):
        led = ", ".join("training" if step else "evaluation" for step in asked.steps)
    fed = ", ".join(map(str, asked.feeds))
    allowed = f"     allowed {difference.allowed}" if difference.allowed else ""
    lines = [
        head,
        "",
        f"    lib.manual_seed({asked.seed})",
        f"    lib.{_HOMES.get(asked.kind, 'nn')}.{asked.name}({given})",
        *([f"    fed              {fed}"] if fed else []),
        f"    led through      {led}, in {asked.dtype}",
        "",
        f"    {difference.check:<17}{difference.what}",
        f"    {reference:<17}{difference.reference}",
        f"    {subject:<17}{difference.subject}{allowed}",
        *([f"    stands           {stands}"] if stands else []),
        f"    again            parity run {subject.split()[0]} --kind modules --seed {seed}",
    ]
    return "\n".join(lines)


def difference_record(configuration: Configuration, difference: Difference, id: str, stands: str) -> dict[str, Any]:
    """The same as JSON holds it, in the form of other failures as far as it has one."""
    found = {
        "check": difference.check,
        "where": 0,
        "reference": difference.reference,
        "subject": difference.subject,
        "allowed": difference.allowed,
        "reason": difference.what,
        "op": configuration.name,
        "mechanism": "",
    }
    return {
        "id": id,
        "verdict": {"status": "differs", "decided": "structure", "worst": "inf", "mismatches": [found]},
        "configuration": str(configuration),
        "seed": configuration.seed,
        "rule": stands,
    }
