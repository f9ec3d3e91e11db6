"""Grades for notebooks: programs and experiments, counted by a rubric; knows no printer."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from parity.catalogue import CATALOGUE
from parity.compare import compare
from parity.compare.pipeline import weighed_alike
from parity.compare.verdict import Mismatch
from parity.diagnosis import MISTAKES, diagnose
from parity.engines.classes import load_any
from parity.engines.protocol import Raised
from parity.errors import EngineError, ProgramError, UsageError
from parity.planning import items, narrowed, pick_ops, plan
from parity.report.grade import Grade
from parity.running import Examiner

_CLASSES = tuple(sorted(mistake.number for mistake in MISTAKES))
_KEYS = ("class", "operators", "mistakes", "programs", "seconds", "points")


@dataclass(frozen=True, slots=True)
class Rubric:
    """What counts, and for how much: operators by name (none: all there are), mistakes by number."""

    #: The name of the class; empty: whichever shows a gradient.
    cls: str = ""
    operators: tuple[str, ...] = ()
    mistakes: tuple[int, ...] = _CLASSES
    #: Random programs, and the seconds that a notebook's programs may take.
    programs: int = 100
    seconds: float = 20.0
    #: What all operators, all right values and all right gradients are worth; and what each mistake costs.
    points: Mapping[str, float] = field(
        default_factory=lambda: {"operators": 20.0, "values": 30.0, "gradients": 50.0, "mistake": 5.0}
    )


def rubric(path: Path) -> Rubric:
    """The rubric in a TOML file; UsageError, with the key, for what it can't say."""
    try:
        record = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} is no rubric: {error}") from None
    if unknown := sorted(set(record) - set(_KEYS)):
        raise UsageError(f"{path}: there is no {unknown[0]!r} in a rubric; there are {', '.join(_KEYS)}")
    asked = Rubric()
    if "class" in record:
        asked = replace(asked, cls=_checked(path, record, "class", str))
    if "operators" in record:
        asked = replace(asked, operators=pick_ops(_each(path, record, "operators", str), CATALOGUE))
    if "mistakes" in record:
        numbers = _each(path, record, "mistakes", int)
        if foreign := [number for number in numbers if number not in _CLASSES]:
            raise UsageError(f"{path}: there is no mistake {foreign[0]}; they go from 1 to {_CLASSES[-1]}")
        asked = replace(asked, mistakes=tuple(numbers))
    if "programs" in record:
        asked = replace(asked, programs=_natural(path, record, "programs", int))
    if "seconds" in record:
        asked = replace(asked, seconds=_natural(path, record, "seconds", (int, float)))
    points = _checked(path, record, "points", dict) if "points" in record else {}
    for key, worth in points.items():
        if key not in asked.points or isinstance(worth, bool) or not isinstance(worth, (int, float)) or worth < 0:
            raise UsageError(f"{path}: points are {', '.join(asked.points)}, each 0 or more; got {key} = {worth!r}")
    return replace(asked, points={**asked.points, **points})


def _checked(path: Path, record: Mapping[str, Any], key: str, kind: Any) -> Any:
    if not isinstance(record[key], kind) or isinstance(record[key], bool):
        raise UsageError(f"{path}: {key} can't be {record[key]!r}")
    return record[key]


def _natural(path: Path, record: Mapping[str, Any], key: str, kind: Any) -> Any:
    number = _checked(path, record, key, kind)
    if number < 0:
        raise UsageError(f"{path}: {key} is 0 or more, got {number}")
    return number


def _each(path: Path, record: Mapping[str, Any], key: str, kind: type) -> list[Any]:
    listed: list[Any] = _checked(path, record, key, list)
    if any(not isinstance(entry, kind) or isinstance(entry, bool) for entry in listed):
        raise UsageError(f"{path}: {key} is a list of {kind.__name__}, got {listed!r}")
    return listed


def grade(target: str, asked: Rubric, reference: Any) -> Grade:
    """The grade of a notebook, or of the class of one that a target names; what can't be graded says why."""
    begun = time.monotonic()
    named = f"{target}:{asked.cls}" if asked.cls and ":" not in Path(target).name else target
    try:
        engine = load_any(named)
    except (UsageError, EngineError) as error:
        return Grade(target, error=" ".join(str(error).split()), seconds=_since(begun))
    try:
        found = _graded(target, asked, engine, reference)
    except (EngineError, ProgramError) as error:
        found = Grade(target, engine.name, error=" ".join(str(error).split()))
    finally:
        engine.close()
    return replace(found, seconds=_since(begun))


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 1)


def _graded(target: str, asked: Rubric, engine: Any, reference: Any) -> Grade:
    counted = asked.operators or tuple(op for op in sorted(CATALOGUE) if engine.supports(op))
    supported = tuple(op for op in counted if engine.supports(op))
    values, gradients, cut = _compared(asked, supported, engine, reference)
    findings = diagnose(engine)
    told = {True: [], False: []}  # type: dict[bool, list[str]]
    for finding in findings:
        if finding.number:
            counts = finding.kind == "mistake" and finding.number in asked.mistakes
            told[counts].append(f"{finding.number} {finding.name}")
    worth = asked.points
    shares = {
        "operators": (len(supported), len(counted)),
        "values": values,
        "gradients": gradients,
    }
    points = sum(worth[key] * right / whole for key, (right, whole) in shares.items() if whole)
    return Grade(
        notebook=target,
        cls=engine.name,
        asked=counted,
        supported=supported,
        values=values,
        gradients=gradients,
        mistakes=tuple(told[True]),
        others=tuple(told[False]),
        points=max(0.0, points - worth["mistake"] * len(told[True])),
        error=cut,
    )


def _compared(
    asked: Rubric, ops: tuple[str, ...], engine: Any, reference: Any
) -> tuple[tuple[int, int], tuple[int, int], str]:
    """Programs with right values, and of these those with right gradients; and what cut it short."""
    if not ops:
        return (0, 0), (0, 0), ""
    decided = narrowed(plan(engine.name, CATALOGUE, profile="notebook", ops=ops, max_examples=asked.programs), engine)
    examiner = Examiner(replace(decided, rounds=1), reference, engine)
    right = {"values": 0, "gradients": 0}
    whole = {"values": 0, "gradients": 0}
    todo = items(examiner.plan, CATALOGUE)
    until = time.monotonic() + asked.seconds
    for done, item in enumerate(todo):
        if time.monotonic() > until:
            count = f"{done} of {len(todo)} programs in {asked.seconds:g} s"
            return (right["values"], whole["values"]), (right["gradients"], whole["gradients"]), count
        drawn = examiner.draw(item)
        if drawn is None:
            continue
        program, run = drawn
        if engine.ones:
            program, run = weighed_alike(program), None
        verdict = compare(program, reference, engine, reference_run=run)
        if verdict.status == "unsupported":
            continue
        late = [mismatch for mismatch in verdict.mismatches if _of_gradients(mismatch)]
        early = len(verdict.mismatches) > len(late)
        whole["values"] += 1
        right["values"] += not early
        if program.cotangents and engine.abilities.gradients and not early:
            whole["gradients"] += 1
            right["gradients"] += not late
    return (right["values"], whole["values"]), (right["gradients"], whole["gradients"]), ""


def _of_gradients(mismatch: Mismatch) -> bool:
    raised = next((side for side in (mismatch.subject, mismatch.reference) if isinstance(side, Raised)), None)
    return mismatch.check in ("gradient", "none") or (raised is not None and raised.moment == "backward")
