"""docs/operators.md: the catalogue as a page, and where an engine's rules stand; runs no program.

`python -m parity.report.operators autodiff` writes it, with `--check` it only compares.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from parity.catalogue import CATALOGUE
from parity.catalogue.excluded import EXCLUDED
from parity.catalogue.spec import Argument, OpSpec
from parity.engines import resolve
from parity.engines.protocol import Rules

PAGE = Path("docs/operators.md")
_KINDS = {"b": "bool", "u": "uint8", "i": "int8–64", "h": "float16", "f": "float32–64", "c": "complex"}
_HEAD = """\
# Operators

Written by `python -m parity.report.operators {target}` from the rows of `parity/catalogue/`: do not edit.

What torch promises: {count} operators in {families} families.

- An argument in brackets may be left out; one after `*` goes by its name.
- *dtypes* are those in which an operator is drawn; a pointwise operator raises for any other, in torch and here.
- *orders* is how many times torch can differentiate.
- *bits* says where results are compared bit for bit: on exact inputs only, or on any.
- *critical values* are an operator's own; each is also run at 0, −0, ±1, ±inf, nan, the ends of its domain, the
  largest and the smallest numbers, and the neighbours of all these.
"""


def page(catalogue: Mapping[str, OpSpec], excluded: Mapping[str, str], engine: object, target: str) -> str:
    """The whole page; an engine without rules has no last column."""
    families: dict[str, list[OpSpec]] = {}
    for row in catalogue.values():
        families.setdefault(row.family, []).append(row)
    lines = [_HEAD.format(target=target, count=len(catalogue), families=len(families))]
    for family, rows in sorted(families.items()):
        lines += [f"## {family}", "", *_table(rows, engine if isinstance(engine, Rules) else None), "", *_notes(rows)]
    lines += ["## Left out", "", *(f"- `{name}`: {reason}" for name, reason in sorted(excluded.items()))]
    return "\n".join(lines) + "\n"


def _table(rows: list[OpSpec], engine: Rules | None) -> Iterator[str]:
    yield "| operator | dtypes | orders | spellings | bits | critical values | rule |"
    yield "|---|---|---|---|---|---|---|"
    for row in rows:
        spellings = ", ".join(sorted(row.spellings))
        bits = "any input" if "rounded" in row.tags else "exact input" if "exact" in row.tags else ""
        critical = ", ".join(f"{value:g}" for value in row.critical)
        cells = (_signature(row), _dtypes(row.dtypes), str(row.orders), spellings, bits, critical, _place(row, engine))
        yield f"| {' | '.join(cells)} |"


def _notes(rows: list[OpSpec]) -> list[str]:
    """Surprising conventions of torch; rows that share one share the line."""
    by_note: dict[str, list[str]] = {}
    for row in rows:
        if row.note:
            by_note.setdefault(row.note, []).append(f"`{row.name}`")
    lines = [f"- {', '.join(names)}: {note}" for note, names in by_note.items()]
    return [*lines, ""] if lines else []


def _signature(row: OpSpec) -> str:
    place = [_argument(a) for a in row.arguments if not a.keyword]
    named = [_argument(a) for a in row.arguments if a.keyword]
    return f"`{row.name}({', '.join([*place, *(['*'] if named else []), *named])})`"


def _argument(a: Argument) -> str:
    return f"[{a.name}]" if a.optional else a.name


def _dtypes(kinds: str) -> str:
    return "all" if set(kinds) == set(_KINDS) else ", ".join(word for kind, word in _KINDS.items() if kind in kinds)


def _place(row: OpSpec, engine: Rules | None) -> str:
    """The file of the first rule, from the package on: a line would be stale after every edit."""
    if engine is None or not row.orders:
        return ""
    found = engine.rule(row.name, 0)
    if found is None:
        return ""
    parts = Path(found.file).parts
    return f"`{'/'.join(parts[-3:])}`"


def main(argv: list[str]) -> int:
    """Write or check the page in the current directory; 1 if it is stale."""
    check = "--check" in argv
    (target,) = [word for word in argv if word != "--check"] or ["autodiff"]
    text = page(CATALOGUE, EXCLUDED, resolve(target), target)
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{'stale' if check else 'written'}: {PAGE}")
    if not check:
        PAGE.write_text(text, encoding="utf-8")
    return int(check)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
