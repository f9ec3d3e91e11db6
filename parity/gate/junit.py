"""A judged report as JUnit XML: a case for each cell, under the names that pytest has for them; knows no engine."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from parity.catalogue import CATALOGUE
from parity.gate.rules import Judged, Problem
from parity.report.cells import Key

#: Characters that XML cannot hold, however they are written.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(judged: Judged) -> str:
    """The whole document."""
    report = judged.report
    suite = ElementTree.Element("testsuite", name="parity", time=f"{report.seconds:.1f}", timestamp=report.created[:-1])
    problems: dict[Key, list[Problem]] = {}
    for problem in judged.problems:
        for key in problem.keys or (Key("", "", problem.kind),):
            problems.setdefault(key, []).append(problem)
    counts = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}

    def case(key: Key, excuse: str = "") -> None:
        row = CATALOGUE.get(key.op)
        inside = "-".join(part for part in (key.dtype, key.check) if part)
        element = ElementTree.SubElement(
            suite, "testcase", classname=f"parity.{row.family if row else 'run'}", name=f"{key.op}[{inside}]", time="0"
        )
        counts["tests"] += 1
        told = problems.pop(key, [])
        for problem in told[:1]:
            failure = ElementTree.SubElement(element, "failure", type=problem.kind, message=_clean(problem.text))
            failure.text = _clean("\n\n".join(p.finding.text if p.finding else p.text for p in told))
        if told:
            counts["failures"] += 1
        elif excuse:
            ElementTree.SubElement(element, "skipped", message=_clean(excuse))
            counts["skipped"] += 1

    for cell in report.cells:
        excused = cell.status not in ("passes", "differs", "crash")
        case(cell.key, f"{cell.status}: {cell.reason}".rstrip(": ") if excused else "")
    for key in sorted(problems):
        case(key)
    for name, count in counts.items():
        suite.set(name, str(count))
    whole = ElementTree.Element("testsuites")
    whole.append(suite)
    ElementTree.indent(whole, " ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(whole, encoding="unicode") + "\n"


def _clean(text: str) -> str:
    return _ILLEGAL.sub("?", text)
