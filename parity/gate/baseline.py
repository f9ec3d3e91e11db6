"""`parity-baseline.json`: what may differ for now, and why; read and written. Knows no rule and no engine.

An entry is (operator, dtype, check), never a line number, so that it survives every change but the one that mends it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

from parity.errors import UsageError
from parity.reading import Reader
from parity.report.cells import Key
from parity.report.document import Report, json_number, read_json, replace_file

FILE = "parity-baseline.json"
FORMAT, VERSION = "parity-baseline", 1
Status: TypeAlias = Literal["known", "flaky", "unsupported"]
LISTS: tuple[Status, ...] = ("known", "flaky", "unsupported")
#: Deviations below this share of what is allowed are not recorded: whatever they become, it is little.
RECORDED = 0.05


def whole(op: str) -> Key:
    """The name of all cells of an operator together: of one that is not there at all."""
    return Key(op, "*", "*")


@dataclass(frozen=True, slots=True)
class Entry:
    """One cell that may differ, or that need not be there."""

    key: Key
    status: Status
    #: The largest deviation when it was recorded, in units of what was allowed; inf where no number says it.
    worst: float = 0.0
    reason: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a team has agreed upon; `recorded` is False where there is no file yet."""

    target: str
    catalogue: str = ""
    cells_total: int = 0
    profile: str = ""
    seed: int = 0
    #: Cells in which something was compared.
    compared: int = 0
    entries: Mapping[Key, Entry] = field(default_factory=dict)
    #: Deviations of cells that pass.
    accuracy: Mapping[Key, float] = field(default_factory=dict)
    recorded: bool = True

    def entry(self, key: Key) -> Entry | None:
        """What is agreed upon for a cell, by itself or with its whole operator."""
        return self.entries.get(key) or self.entries.get(whole(key.op))

    def covers(self, key: Key) -> bool:
        """Whether a difference there is agreed upon."""
        entry = self.entry(key)
        return entry is not None and entry.status != "unsupported"

    def comparable(self, report: Report) -> bool:
        """Whether the report is of the very programs that this was recorded from."""
        return not report.partial and (report.profile, report.seed) == (self.profile, self.seed)

    def dumps(self) -> str:
        lists = {
            status: [_entry(entry) for key, entry in sorted(self.entries.items()) if entry.status == status]
            for status in LISTS
        }
        head: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION,
            "target": self.target,
            "catalogue": {"version": self.catalogue, "cells": self.cells_total},
            "run": {"profile": self.profile, "seed": self.seed},
            "compared": self.compared,
        }
        lines = [f' "{key}": {json.dumps(value)}' for key, value in head.items()]
        for status, rows in lists.items():
            inside = ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in rows)
            lines.append(f' "{status}": [\n{inside}\n ]' if rows else f' "{status}": []')
        figures = ",\n".join(f'  "{key}": {json_number(worst)}' for key, worst in sorted(self.accuracy.items()))
        lines.append(f' "accuracy": {{\n{figures}\n }}' if figures else ' "accuracy": {}')
        return "{\n" + ",\n".join(lines) + "\n}\n"

    def write(self, path: Path) -> None:
        replace_file(path, self.dumps())


def _entry(entry: Entry) -> dict[str, Any]:
    op, dtype, check = entry.key
    told = {"op": op, "dtype": dtype, "check": check, "worst": json_number(entry.worst)}
    return {**told, "reason": entry.reason, "link": entry.link}


def load(path: Path, target: str) -> Baseline:
    """The baseline in a file, an empty one if there is none. UsageError or ProgramError for what is no baseline."""
    if not path.exists():
        return Baseline(target, recorded=False)
    baseline = _Baselines(str(path)).baseline(read_json(path))
    if baseline.target != target:
        raise UsageError(f"{path} is the baseline of {baseline.target}, not of {target}: give another with --baseline")
    return baseline


class _Baselines(Reader):
    def baseline(self, record: Any) -> Baseline:
        self.document(record, FORMAT, VERSION)
        run = self.field(record, "run", self.kind(dict))
        catalogue = self.field(record, "catalogue", self.kind(dict))
        entries: dict[Key, Entry] = {}
        for status in LISTS:
            for entry in self.field(record, status, self.each(partial(self.entry, status)), ()):
                if entry.key in entries:
                    self.path = [status]
                    raise self.fail(f"{entry.key} has two entries")
                entries[entry.key] = entry
        return Baseline(
            target=self.field(record, "target", self.kind(str)),
            catalogue=self.field(catalogue, "version", self.kind(str)),
            cells_total=self.field(catalogue, "cells", self.natural),
            profile=self.field(run, "profile", self.kind(str)),
            seed=self.field(run, "seed", self.kind(int)),
            compared=self.field(record, "compared", self.natural),
            entries=entries,
            accuracy=self.field(record, "accuracy", self.figures, {}),
        )

    def entry(self, status: Status, record: Any) -> Entry:
        key = Key(*(self.field(record, name, self.kind(str)) for name in Key._fields))
        return Entry(
            key=key,
            status=status,
            worst=self.field(record, "worst", self.number, 0.0),
            reason=self.field(record, "reason", self.kind(str), "").strip(),
            link=self.field(record, "link", self.kind(str), ""),
        )

    def figures(self, record: Any) -> dict[Key, float]:
        found = {}
        for name, value in self.kind(dict)(record).items():
            parts = name.split(" ")
            if len(parts) != len(Key._fields):
                raise self.fail(f"expected operator, dtype and check, got {name!r}")
            found[Key(*parts)] = self.at(name, value, self.number)
        return found
