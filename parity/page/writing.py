"""The page as text: its template filled in with what it says; reads no report and writes no file."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from parity.page import contents
from parity.report.difference import difference
from parity.report.document import Report

_HERE = Path(__file__).parent
_OUTCOMES = ("agrees", "known", "differs", "undecided", "unsupported")


def page(report: Report, others: Sequence[Report] = ()) -> str:
    """One HTML document, complete in itself.

    Of the `others` those about the same engine are its past: the newest one before tells what changed, all of them
    draw the trend. Those about other engines stand beside it.
    """
    stored = sorted([other for other in others if other.target == report.target], key=lambda other: other.created)
    beside = [report, *(other for other in others if other.target != report.target)]
    told = contents.findings(report)
    tables = [(table, *contents.heat(table)) for table in contents.matrix(report)]
    changed = difference(stored[-1], report) if stored else None
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("page.html.j2").render(
        report=report,
        style=Markup(_file("page.css")),
        code=Markup(_file("page.js")),
        letters=contents.LETTERS,
        meanings=contents.MEANINGS,
        counts=contents.counted(report.cells, report.cells_total),
        facts=contents.facts(report),
        families=contents.families(report),
        dtypes=contents.dtypes(),
        checks=contents.CHECKS,
        outcomes=_OUTCOMES,
        inaccurate=sorted(report.inaccurate_reference.items(), key=lambda pair: -pair[1]),
        throughput=contents.throughput(report),
        growth=contents.growth(report),
        found_growth=contents.found_growth(report),
        heats=tables,
        told=told,
        scripts=_packed({t.finding.id: t.script for t in told if t.script}),
        beside=beside,
        engines=contents.engines(beside),
        difference=changed,
        stored=[*stored, report],
        trend=contents.trend([*stored, report]),
        link=_link,
        tabs=[
            ("operators", "Operators", report.cells_total),
            ("programs", "Programs and histories", sum(row.get("planned", 0) for row in report.phases.values())),
            ("coverage", "Coverage", None),
            ("findings", "Findings", len(told)),
            ("engines", "Engines", len(beside)),
            ("difference", "Difference", len(changed.changes) if changed else None),
            ("trend", "Trend", len(stored) + 1),
        ],
    )


def _file(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _packed(texts: dict[str, str]) -> str:
    return base64.b64encode(zlib.compress(json.dumps(texts).encode(), 9)).decode()


def _link(reason: str, link: str) -> Markup:
    """A reason, with where it is discussed; anything but a web address stays text."""
    if not link:
        return escape(reason)
    if not link.startswith(("https://", "http://")):
        return escape(f"{reason} ({link})")
    return Markup('<a href="{}">{}</a>').format(link, reason or link)
