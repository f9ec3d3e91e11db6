"""A row about a class: configurations drawn, compared, shrunk where they differ, and told; knows no class."""

from __future__ import annotations

import hashlib
import inspect
import os
from dataclasses import dataclass
from typing import Any

from parity.catalogue.modules import MODULES, ModuleSpec
from parity.compare.configurations import Difference, Outcome, compare
from parity.configuration import Configuration
from parity.engines.building import Nudging
from parity.report.configuration import difference_record, difference_text
from parity.strategies.configuring import Choices, configuration, draw, smaller
from parity.strategies.source import Source


@dataclass(frozen=True, slots=True)
class Told:
    """A configuration that was compared; of one that differs, the smallest found, a report, a record."""

    outcome: Outcome
    configuration: Configuration
    report: str = ""
    record: dict[str, Any] | None = None

    @property
    def id(self) -> str:
        return str(self.record["id"]) if self.record else ""


def examined(
    name: str, source: Source, reference: Any, subject: Any, nudging: Nudging, *, seed: int = 0, explain: bool = True
) -> Told:
    """One configuration of a class; both engines are adapters of modules like torch."""
    spec = MODULES[name]
    choices = draw(source, spec)
    drawn = configuration(spec, choices)
    outcome = compare(drawn, reference.module, subject.module, nudging)
    if outcome.difference is None or not explain:
        return Told(outcome, drawn)
    small = _smallest(spec, choices, outcome.difference, reference, subject, nudging)
    shown = configuration(spec, small)
    found = compare(shown, reference.module, subject.module, nudging)
    difference = found.difference or outcome.difference
    where = stands(spec, subject)
    id = hashlib.sha256(f"{shown} {difference.check}".encode()).hexdigest()[:12]
    names = f"{reference.name} {reference.version}".strip(), subject.name
    report = difference_text(shown, difference, *names, where, len(choices.settings), seed)
    return Told(outcome, shown, report, difference_record(shown, difference, id, where))


def lacking(name: str, subject: Any) -> bool:
    """Whether the engine has no such class."""
    return not hasattr(subject, "module") or _class(MODULES[name], subject) is None


def stands(spec: ModuleSpec, subject: Any) -> str:
    """Where the class stands in the subject: file, line and name."""
    try:
        found = _class(spec, subject)
        path, line = inspect.getsourcefile(found), inspect.getsourcelines(found)[1]
    except (OSError, TypeError):
        return ""
    return f"{os.path.relpath(path or '')}:{line}   {spec.name}"


def _class(spec: ModuleSpec, subject: Any) -> Any:
    schedules = ("optim", "swa_utils" if spec.name == "SWALR" else "lr_scheduler")
    homes = {"optimizer": ("optim",), "scheduler": schedules, "distribution": ("distributions",)}.get(
        spec.kind, ("nn",)
    )
    found = subject.module
    for home in (*homes, spec.name):
        found = getattr(found, home, None)
    return found


def _smallest(
    spec: ModuleSpec, choices: Choices, difference: Difference, reference: Any, subject: Any, nudging: Nudging
) -> Choices:
    def shows(candidate: Choices) -> bool:
        found = compare(configuration(spec, candidate), reference.module, subject.module, nudging).difference
        return found is not None and found.check == difference.check

    return smaller(spec, choices, shows)
