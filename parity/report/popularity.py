"""How much of what programs call an engine has: a list of names with their uses, counted and told; runs nothing."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parity.catalogue.outside import OUTSIDE, Outside, outside
from parity.engines.names import Standing
from parity.errors import ProgramError, UsageError
from parity.reading import Reader

_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Name:
    """A name of torch's, as programs write it: in how many files, and how often in all."""

    api: str
    files: int
    uses: int


def listed(path: Path) -> tuple[Name, ...]:
    """The names of a list, the most used first: `top` and `by_group`, of which one name may be in both.

    A receiver that the survey could not tell (`Tensor?.view`) is taken for a tensor. UsageError, with the place, for
    a file that is none.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UsageError(f"{path} is no list of names: {error}") from None
    reader = Reader(str(path))

    def name(row: Any) -> Name:
        api = reader.field(row, "api", reader.kind(str)).replace("Tensor?.", "Tensor.")
        return Name(api, *(reader.field(row, key, reader.natural) for key in ("files", "uses")))

    try:
        rows = [*reader.field(record, "top", reader.each(name))]
        groups = reader.field(record, "by_group", reader.mapping(reader.each(name)), {})
    except ProgramError as error:
        raise UsageError(str(error)) from None
    found = {row.api: row for row in [*rows, *(row for group in groups.values() for row in group)]}
    return tuple(sorted(found.values(), key=lambda row: (-row.uses, row.api)))


@dataclass(frozen=True, slots=True)
class Popularity:
    """A list's names, parted by what an engine does with them."""

    there: tuple[Name, ...]
    #: In scope, and not there, or there and of no use: what the engine says of each.
    lacking: tuple[tuple[Name, Standing], ...]
    outside: tuple[tuple[Name, Outside], ...]

    def shares(self) -> tuple[float, float, float]:
        """Of the uses of all names, of the uses in scope, and of the names in scope: the parts that are there."""
        have, lack = _uses(self.there), _uses(name for name, _ in self.lacking)
        every = have + lack + _uses(name for name, _ in self.outside)
        return _share(have, every), _share(have, have + lack), _share(len(self.there), len(self.there + self.lacking))


def reckoned(names: Sequence[Name], standing: Callable[[str], Standing]) -> Popularity:
    """Which of the names are there; a name out of scope is not asked for."""
    groups = {name: group for name in names if (group := outside(name.api)) is not None}
    asked = {name: standing(name.api) for name in names if name not in groups}
    return Popularity(
        tuple(name for name, found in asked.items() if found == "there"),
        tuple((name, found) for name, found in asked.items() if found != "there"),
        tuple(groups.items()),
    )


def popularity_record(found: Popularity) -> Iterator[dict[str, Any]]:
    """One record a name, then the shares."""
    for name in found.there:
        yield {"type": "name", "api": name.api, "uses": name.uses, "files": name.files, "standing": "there"}
    for name, standing in found.lacking:
        yield {"type": "name", "api": name.api, "uses": name.uses, "files": name.files, "standing": standing}
    for name, group in found.outside:
        told = {"standing": "outside", "reason": group.reason}
        yield {"type": "name", "api": name.api, "uses": name.uses, "files": name.files} | told
    every, uses, names = found.shares()
    yield {"type": "popularity", "uses": every, "uses_in_scope": uses, "names_in_scope": names}


def popularity_text(found: Popularity, engine: str) -> str:
    """The shares, what is missing by weight, and what is out of scope by its reason."""
    every, uses, names = found.shares()
    scope = len(found.there) + len(found.lacking)
    lines = [
        f"{engine} has {100 * uses:.2f} % of the uses and {100 * names:.1f} % of the names in scope "
        f"({len(found.there)} of {scope})",
        f"of all uses, those out of scope among them, {100 * every:.2f} %",
    ]
    if found.lacking:
        lines += ["", "missing, by weight", "    uses   files"]
    for name, standing in found.lacking:
        note = "   there, but only refuses" if standing == "refuses" else ""
        lines.append(f"{name.uses:8,} {name.files:7,}   {name.api}{note}")
    for group in OUTSIDE:
        held = [name for name, its in found.outside if its is group]
        if held:
            head = f"out of scope: {group.title} ({len(held)} names, {_uses(held):,} uses)"
            lines += ["", head, *textwrap.wrap(group.reason, _WIDTH - 2, initial_indent="  ", subsequent_indent="  ")]
            told = ", ".join(f"{name.api} {name.uses:,}" for name in held)
            lines += textwrap.wrap(told, _WIDTH - 4, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(lines)


def _uses(names: Any) -> int:
    return sum(name.uses for name in names)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
