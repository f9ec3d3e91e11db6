"""Programs kept as files: `corpus/` for good, `.parity/` for what a run just found; knows no engine.

One JSON file a program, named by its id. A found failure's file also says, under "about", who differed and
where: `Program.loads` passes over it, so the file moves from `.parity/` to `corpus/` as it is.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parity.errors import ProgramError, UsageError
from parity.program import Program

COMMITTED = "corpus"
FOUND = ".parity"
#: The shortest id that is shown; more digits where four are not unique.
SHORTEST = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """One kept program: where it lies and what is known about it."""

    path: Path
    program: Program
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.path.stem


def committed(root: Path = Path()) -> list[Path]:
    """The files of `corpus/` in the order in which every run replays them: by name."""
    return sorted((root / COMMITTED).glob("*.json"))


def found(root: Path = Path()) -> list[Path]:
    """The files of `.parity/`, by name."""
    return sorted((root / FOUND).glob("*.json"))


def load(path: Path) -> Entry:
    """Read one file. Raises ProgramError, which names the file and the place, for what is no program."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ProgramError(f"{path}: not text: {error}") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    program = Program.loads(text, str(path))
    about = json.loads(text).get("about", {})
    return Entry(path, program, about if isinstance(about, dict) else {})


def keep(program: Program, about: Mapping[str, Any] | None = None, root: Path = Path()) -> Path:
    """Write a found program to `.parity/` and return its file; one that is there already is written anew.

    UsageError where nothing can be written.
    """
    path = root / FOUND / f"{program.id}.json"
    record = program.to_json() | ({"about": dict(about)} if about else {})
    # Two runs may find the same program at once: each replaces the file as a whole.
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        path.parent.mkdir(exist_ok=True)
        partial.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise UsageError(f"{path} cannot be written: {error.strerror}; what was kept before is untouched") from None
    return path


def kept(id: str, root: Path = Path()) -> dict[str, Any] | None:
    """A kept program as JSON, by its id; None if its file has gone."""
    try:
        return load(find(id, root)).program.to_json()
    except UsageError:
        return None


def find(name: str, root: Path = Path()) -> Path:
    """The file of a program by its path, its id or any prefix of the id that only one program has."""
    direct = root / name
    if direct.suffix == ".json" or os.sep in name:
        if not direct.is_file():
            raise UsageError(f"no program file {name}")
        return direct
    everything = committed(root) + found(root)
    # The same program in both places is one program: the committed file comes first.
    matching = {path.stem: path for path in reversed(everything) if path.stem.startswith(name)} if name else {}
    if len(matching) == 1:
        return matching.popitem()[1]
    if matching:
        raise UsageError(f"{name!r} could be any of {_listed(sorted(matching))}")
    if not everything:
        raise UsageError(f"no program {name!r}: {COMMITTED}/ and {FOUND}/ hold none")
    raise UsageError(f"no program {name!r}; there are {_listed(sorted({path.stem for path in everything}))}")


def shortest(id: str, root: Path = Path()) -> str:
    """The shortest prefix of `id` that names it alone among the kept programs."""
    others = {path.stem for path in committed(root) + found(root)} - {id}
    for length in range(SHORTEST, len(id)):
        if not any(other.startswith(id[:length]) for other in others):
            return id[:length]
    return id


def _listed(ids: list[str], limit: int = 8) -> str:
    more = f" and {len(ids) - limit} more" if len(ids) > limit else ""
    return ", ".join(ids[:limit]) + more
