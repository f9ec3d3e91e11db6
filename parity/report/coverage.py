"""The catalogue as a table: operators, dtypes, orders, spellings, what an engine has, its scores; runs nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from parity.catalogue.excluded import KNOWN, REFUSED
from parity.catalogue.spec import OpSpec
from parity.tables.score import Score

_WIDTH = 80


def coverage_record(
    catalogue: Mapping[str, OpSpec], excluded: Mapping[str, str], subject: Any | None, scores: Sequence[Score] = ()
) -> Iterator[dict[str, Any]]:
    """One record an operator, one a left-out name, one a table."""
    for name, spec in catalogue.items():
        yield {
            "type": "operator",
            "op": name,
            "family": spec.family,
            "dtypes": spec.dtypes,
            "orders": spec.orders,
            "tags": sorted(spec.tags),
            "spellings": sorted(spec.spellings),
            **({"supported": supported(spec, subject)} if subject is not None else {}),
        }
    for name, reason in excluded.items():
        yield {"type": "excluded", "op": name, "reason": reason}
    for name, row in KNOWN.items():
        yield {"type": "known", "op": name, "checks": sorted(row.checks), "reason": row.reason}
    for words, reason in REFUSED.items():
        yield {"type": "known", "op": "", "checks": ["error"], "reason": reason, "words": words}
    for score in scores:
        yield score.record()


def coverage_text(
    catalogue: Mapping[str, OpSpec], excluded: Mapping[str, str], subject: Any | None, scores: Sequence[Score] = ()
) -> str:
    """The table for a person, family by family; what `subject` lacks is marked."""
    families: dict[str, list[OpSpec]] = {}
    for spec in catalogue.values():
        families.setdefault(spec.family, []).append(spec)
    width = max((len(name) for name in catalogue), default=0)
    lines = []
    for family, specs in sorted(families.items()):
        lines += ["", family]
        for spec in specs:
            lines.append(f"  {spec.name:{width}}  {spec.dtypes:6}  order {spec.orders}{_lacking(spec, subject)}")
    lines += ["", "left out"]
    lines += _listed(excluded)
    lines += ["", "differences that stay"]
    lines += _listed({name: row.reason for name, row in KNOWN.items()})
    lines += ["", "what torch refuses by mistake"]
    lines += _listed({f'"{words}"': reason for words, reason in REFUSED.items()})
    for score in scores:
        lines += ["", *score.lines()]
    lines.append("")
    total = len(catalogue)
    if subject is None:
        lines.append(f"{total} operators, {len(excluded)} left out with a reason")
    else:
        there = sum(bool(supported(spec, subject)) for spec in catalogue.values())
        lines.append(f"{subject.name} has {there} of {total} operators; {len(excluded)} are left out with a reason")
    lines.append("dtypes: b bool, u uint8, i int8-int64, h float16, f float32/64, c complex64/128")
    return "\n".join(lines[1:])


def supported(spec: OpSpec, subject: Any) -> list[str]:
    """The spellings of an operator that the engine has."""
    return [spelling for spelling in sorted(spec.spellings) if subject.supports(spec.name, spelling)]


def _listed(reasons: Mapping[str, str]) -> list[str]:
    return [
        line
        for what, reason in reasons.items()
        for line in textwrap.wrap(reason, _WIDTH, initial_indent=f"  {what}: ", subsequent_indent="    ")
    ]


def _lacking(spec: OpSpec, subject: Any | None) -> str:
    if subject is None:
        return ""
    there = supported(spec, subject)
    if not there:
        return "  unsupported"
    lacks = [spelling for spelling in sorted(spec.spellings) if spelling not in there]
    return f"  without {', '.join(lacks)}" if lacks else ""
