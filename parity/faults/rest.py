"""What the rest of a run would show of a change: histories, and configurations of classes.

Those count on which the engine, as it is, agrees. Knows no mutant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from parity import corpus
from parity.catalogue.modules import MODULES
from parity.compare import compare, configurations
from parity.configuration import Configuration
from parity.configured import lacking
from parity.engines import reference as torch_reference
from parity.engines.building import Life
from parity.engines.living import live
from parity.faults.rules import Case
from parity.faults.selftest import histories
from parity.planning import seed_of
from parity.strategies import configuring
from parity.strategies.source import Seeded

#: Configurations of each class.
CONFIGURATIONS = 1


@dataclass(frozen=True)
class Lived:
    """A history."""

    case: Case
    reference: Any

    @property
    def label(self) -> str:
        return self.case.item.label

    def answer(self, subject: Any) -> object:
        return live(self.case.program, subject)

    def worse(self, subject: Any) -> str:
        """How it differs; empty if it does not."""
        verdict = compare(self.case.program, self.reference, subject)
        return f"{verdict.mismatches[0].check} in {self.label}" if verdict.status == "differs" else ""


@dataclass(frozen=True)
class Configured:
    """A configuration of a class, and what it is led through."""

    configuration: Configuration
    label: str
    reference: Any

    def answer(self, subject: Any) -> object:
        return Life(subject.module, self.configuration).lived()

    def worse(self, subject: Any) -> str:
        """How it differs; empty if it does not."""
        difference = self._outcome(subject).difference
        return f"{difference.check} in {self.label}" if difference else ""

    def agrees(self, subject: Any) -> bool:
        return self._outcome(subject).status == "agrees"

    def _outcome(self, subject: Any) -> configurations.Outcome:
        return configurations.compare(
            self.configuration, self.reference.module, subject.module, torch_reference.nudging
        )


def lives(engine: Any, subject: Any, *, seed: int) -> list[Lived]:
    """The random histories of a run with that seed, and those of the corpus."""
    return [Lived(case, engine) for case in histories(engine, subject, seed=seed, files=corpus.committed())]


def lives_of(op: str, engine: Any, subject: Any, *, count: int, seed: int) -> list[Lived]:
    """So many histories in which this operator is the only one."""
    return [Lived(case, engine) for case in histories(engine, subject, count=count, seed=seed, ops=[op])]


def classes(engine: Any, subject: Any, *, seed: int) -> list[Configured]:
    """So many configurations of each class of a run with that seed."""
    return list(_classes(engine, subject, seed))


def _classes(engine: Any, subject: Any, seed: int) -> Iterator[Configured]:
    for turn in range(CONFIGURATIONS):
        for name, spec in MODULES.items():
            if lacking(name, subject):
                continue
            label = f"{name} {turn}"
            choices = configuring.draw(Seeded(seed_of(seed, label)), spec)
            made = Configured(configuring.configuration(spec, choices), label, engine)
            if made.agrees(subject):
                yield made
