"""What a run is to do: profiles, and the list of its programs, the same for the same seed; runs nothing."""

from __future__ import annotations

import difflib
import fnmatch
import hashlib
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from parity.catalogue.modules import MODULES
from parity.catalogue.spec import OpSpec
from parity.errors import UsageError
from parity.report.cells import dtypes_of
from parity.report.summary import Phase
from parity.strategies.dtypes import KIND
from parity.strategies.single import Kind, kinds, parts

#: What is drawn at random.
DrawnKind = Literal["programs", "histories", "modules"]


@dataclass(frozen=True, slots=True)
class Profile:
    """How thorough a run is: rounds of the operators, configurations of each class of torch.nn and torch.optim, random
    programs and histories, seconds (None: no limit)."""

    rounds: int
    modules: int
    programs: int
    histories: int
    seconds: float | None
    #: None: a new one each time, printed.
    seed: int | None = 0


PROFILES: Mapping[str, Profile] = {
    "dev": Profile(rounds=1, modules=1, programs=5000, histories=2000, seconds=70.0),
    "gate": Profile(rounds=1, modules=1, programs=4000, histories=2000, seconds=None),
    "notebook": Profile(rounds=3, modules=0, programs=1500, histories=0, seconds=13.0),
    "nightly": Profile(rounds=20, modules=50, programs=200_000, histories=200_000, seconds=3 * 3600.0, seed=None),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """A run, decided: nothing in it is left to chance or to the clock but `seconds`."""

    target: str
    profile: str
    seed: int
    ops: tuple[str, ...]
    #: Whether `ops` was asked for, or is the whole catalogue.
    chosen: bool
    dtypes: tuple[str, ...] | None
    rounds: int
    #: Configurations of each layer, loss, optimizer and scheduler.
    modules: int
    programs: int
    histories: int
    #: Whether `programs` was asked for, or is the profile's.
    counted: bool
    seconds: float | None
    jobs: int
    files: tuple[Path, ...] = ()
    #: What is said by hand about an engine that else is probed.
    options: tuple[tuple[str, str], ...] = ()
    #: The kinds of one-operator programs; None: all that make sense.
    kinds: tuple[Kind, ...] | None = None
    #: The Python whose process the engine runs in: "" for this one, None for no process of its own.
    python: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One program of a run: a file, an operator's case or a random program, by its number in the plan."""

    number: int
    phase: Phase
    label: str
    #: The operator, or the class, that it is about by itself.
    op: str = ""
    dtype: str = ""
    kind: Kind = "tame"
    #: Which of the kind's parts.
    part: int = 0
    #: Whether it is the first of its operator and dtype: all derivatives are asked for.
    first: bool = False
    path: Path | None = None


def plan(
    target: str,
    catalogue: Mapping[str, OpSpec],
    *,
    profile: str = "dev",
    seed: int | None = None,
    ops: Sequence[str] | None = None,
    dtypes: Sequence[str] | None = None,
    max_examples: int | None = None,
    seconds: float | None = None,
    jobs: int = 2,
    files: Iterable[Path] = (),
    kind: DrawnKind | None = None,
    options: Mapping[str, str] | None = None,
    python: str | None = None,
) -> Plan:
    """Settle what is to be run; UsageError for what does not exist.

    A number of programs that was asked for is run whole, whatever it takes, unless `seconds` is given too; it is the
    number of histories as well, and of configurations of each class where these are asked for. `kind` asks for one of
    the three alone; histories and configurations go without the operators one by one.
    """
    chosen = PROFILES.get(profile)
    if chosen is None:
        raise UsageError(unknown("profile", profile, PROFILES))
    if max_examples is not None and max_examples < 0:
        raise UsageError(f"max-examples is a number of programs, 0 or more; got {max_examples}")
    if seed is None:
        seed = random.SystemRandom().randrange(2**32) if chosen.seed is None else chosen.seed
    if seconds is None and max_examples is None:
        seconds = chosen.seconds
    return Plan(
        target=target,
        profile=profile,
        seed=seed,
        ops=pick_ops(ops, catalogue),
        chosen=ops is not None,
        dtypes=pick_dtypes(dtypes),
        rounds=chosen.rounds if kind in (None, "programs") else 0,
        modules=_configurations(chosen, kind, ops is not None, max_examples),
        programs=_count(chosen.programs, max_examples) if kind in (None, "programs") else 0,
        histories=_count(chosen.histories, max_examples) if kind in (None, "histories") else 0,
        counted=max_examples is not None,
        seconds=seconds,
        jobs=max(1, jobs),
        files=tuple(files),
        options=tuple((options or {}).items()),
        python=python,
    )


def _count(usual: int, asked: int | None) -> int:
    return usual if asked is None else asked


def _configurations(profile: Profile, kind: DrawnKind | None, some: bool, asked: int | None) -> int:
    """Of each class; none where some operators alone, or programs alone, were asked for."""
    if kind == "modules":
        return _count(profile.modules, asked)
    return 0 if kind is not None or some else profile.modules


def narrowed(plan: Plan, engine: Any) -> Plan:
    """The plan for an engine with a table of calls: of its operators and dtypes, without histories.

    It says itself which kinds of one-operator programs make sense: nobody's class promises anything at infinities, and
    scalars have but one shape.
    """
    ops = plan.ops if plan.chosen else tuple(op for op in plan.ops if engine.supports(op))
    dtypes = tuple(name for name in engine.dtypes if plan.dtypes is None or name in plan.dtypes)
    if not dtypes:
        there = f"{engine.name} is compared in {', '.join(engine.dtypes)}"
        raise UsageError(f"{there}, not in {', '.join(plan.dtypes or ())}")
    return replace(plan, ops=ops, dtypes=dtypes, modules=0, histories=0, kinds=engine.kinds)


def items(plan: Plan, catalogue: Mapping[str, OpSpec]) -> list[Item]:
    """The programs of a run in their order: corpus, operators, classes, random programs, histories."""
    found: list[Item] = []
    for path in plan.files:
        found.append(Item(len(found), "corpus", f"corpus {path.stem}", path=path))
    for turn in range(plan.rounds):
        for place, op in enumerate(plan.ops):
            dtypes = dtypes_of(catalogue[op], plan.dtypes)
            floats = [dtype for dtype in dtypes if KIND[dtype] == "f"]
            for dtype in dtypes:
                for kind in kinds(catalogue[op], dtype):
                    if plan.kinds is not None and kind not in plan.kinds:
                        continue
                    if kind == "large" and dtype != floats[(place + turn) % len(floats)]:
                        continue  # they cost ten times as much: one dtype a round
                    label = f"{op} {dtype} {kind}" + (f" {turn}" if turn else "")
                    first = kind == "tame" and not turn
                    for part in range(parts(catalogue[op], kind)):
                        title = f"{label} part {part}" if part else label
                        found.append(Item(len(found), "operators", title, op, dtype, kind, part, first=first))
    for turn in range(plan.modules):
        for name in MODULES:
            found.append(Item(len(found), "modules", f"{name} {turn}", name))
    for number in range(plan.programs):
        found.append(Item(len(found), "programs", f"program {number}"))
    for number in range(plan.histories):
        found.append(Item(len(found), "histories", f"history {number}"))
    return found


def seed_of(seed: int, label: str) -> int:
    """The seed of one program: its own, whatever else runs before it or beside it."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{label}".encode()).digest()[:8])


def pick_ops(names: Sequence[str] | None, catalogue: Mapping[str, OpSpec]) -> tuple[str, ...]:
    """The operators of these names or patterns (`nn.functional.*`), sorted; every one for None."""
    if names is None:
        return tuple(sorted(catalogue))
    picked: set[str] = set()
    for name in names:
        matching = fnmatch.filter(catalogue, name)
        if not matching:
            raise UsageError(unknown("operator", name, catalogue))
        picked.update(matching)
    return tuple(sorted(picked))


def pick_dtypes(names: Sequence[str] | None) -> tuple[str, ...] | None:
    for name in names or ():
        if name not in KIND:
            raise UsageError(unknown("dtype", name, KIND))
    return None if names is None else tuple(dict.fromkeys(names))


def unknown(what: str, given: str, known: Iterable[str], limit: int = 12) -> str:
    """One line: what was given, what comes close, what exists."""
    names = sorted(known)
    close = [name for name in names if name.rpartition(".")[2] == given] or difflib.get_close_matches(given, names, n=1)
    hint = f", did you mean {close[0]!r}?" if close else ";"
    more = f" and {len(names) - limit} more (parity coverage lists them)" if len(names) > limit else ""
    return f"unknown {what} {given!r}{hint} there are {', '.join(names[:limit])}{more}"
