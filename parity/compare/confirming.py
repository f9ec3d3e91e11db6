"""The last step before an alarm: whether it stands at neighbouring inputs, and is not the reference's good luck."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from parity.compare.arbiter import Arbiter
from parity.compare.jitter import treatment
from parity.compare.neighbours import neighbours
from parity.compare.pairs import Pair
from parity.compare.verdict import Mismatch, Verdict
from parity.compare.yardstick import MULTIPLE
from parity.engines.interpreter import execute
from parity.engines.protocol import Array, Run
from parity.program import Input, Program, Ref, Step, substitute

#: Of so many neighbouring programs, so many must alarm for an alarm to stand.
NEIGHBOURS, CONFIRMING = 3, 2
#: Numbers of a history that are nearer than this may be what is left where numbers of about 1 cancelled.
SLIGHT = 1e-3
#: Of so many programs with a nudge behind each step the truth is asked.
NUDGED = 4


def confirmed(
    verdict: Verdict, program: Program, reference: Any, run: Run, differs: Callable[[Program], bool]
) -> Verdict:
    """The verdict if it stands; `run` is the reference's, and `differs` says whether another program alarms."""
    if not _stands(program, differs):
        return replace(verdict, status="undecided", decided="confirm", note=_VANISHES)
    alarm = verdict.mismatches[0]
    lucky = _LUCK if _by_luck(alarm, program, reference) else ""
    lucky = lucky or (_NUDGES if _within_nudges(alarm, program, run, reference) else "")
    return replace(verdict, status="undecided" if lucky else verdict.status, decided="confirm", note=lucky)


def confirmed_life(verdict: Verdict, program: Program, differs: Callable[[Program], bool]) -> Verdict:
    """The verdict on a history if it stands.

    Asked is only where all that differs are numbers as small as what cancelling leaves: what a history is for is no
    matter of the inputs' values.
    """
    if not all(_slight(m) for m in verdict.mismatches) or _stands(program, differs):
        return verdict
    return replace(verdict, status="undecided", decided="confirm", note=_VANISHES)


def _stands(program: Program, differs: Callable[[Program], bool]) -> bool:
    alarms = 0
    for tried, neighbour in enumerate(neighbours(program, NEIGHBOURS), start=1):
        alarms += differs(neighbour)
        if alarms == CONFIRMING or tried - alarms > NEIGHBOURS - CONFIRMING:
            break
    return alarms == CONFIRMING


def _slight(m: Mismatch) -> bool:
    """Whether both sides are numbers, or lists of them, less than `SLIGHT` apart."""
    try:
        apart = np.abs(np.asarray(m.reference, complex) - np.asarray(m.subject, complex))
    except (TypeError, ValueError):
        return False
    return m.check in ("value", "gradient", "hook") and bool((apart < SLIGHT).all())


_VANISHES = "the alarm vanishes at neighbouring inputs"
_LUCK = "at neighbouring inputs the reference is as far from the truth"
_NUDGES = "the truth moves as far if each step's result is off by one rounding, though the reference does not"


def _by_luck(alarm: Mismatch, program: Program, reference: Any) -> bool:
    """Whether the subject is no further off than the reference's error at neighbouring inputs allows.

    How accurate the reference is shows in more than one point: what cancels in its formula leaves an error that is
    nothing at some, by chance.
    """
    for neighbour in neighbours(program, NEIGHBOURS):
        run = execute(neighbour, reference)
        if (pair := _pair(alarm)) is None:
            return False
        found = pair.of(neighbour, run)
        if found is None or run.error is not None or not np.isfinite(found[alarm.element]):
            continue
        if _allows(alarm, pair, found, neighbour, run):
            return True
    return False


def _within_nudges(alarm: Mismatch, program: Program, run: Run, reference: Any) -> bool:
    """Whether the truth of the program with a nudge behind each step is as far away as the subject.

    The reference's own nudged runs do not tell where one of its factors has become 0: then nothing moves.
    """
    if (pair := _pair(alarm)) is None or pair.kind == "value":
        return False
    truth = np.broadcast_to(alarm.truth or 0.0, [place + 1 for place in alarm.element])
    return any(
        _allows(alarm, pair, truth, nudged, execute(nudged, reference))
        for nudged in (_nudged(program, run, number) for number in range(NUDGED))
    )


def _nudged(program: Program, run: Run, number: int) -> Program:
    """The program with each result multiplied by 1 ± eps before it is read, where the reference's runs do so too."""
    random = np.random.default_rng(number)
    start = len(program.inputs)
    nudges = {}
    for index, how in enumerate(treatment(program, run), start):
        value = run.values[index]
        if how == "all" and isinstance(value, np.ndarray) and value.dtype.kind in "fc":
            signs = random.integers(0, 2, value.shape) * 2 - 1
            nudges[index] = Input((1 + signs * np.finfo(value.dtype).eps).astype(value.dtype))
    places = {index: start + place for place, index in enumerate(nudges)}
    steps: list[Step] = []
    now = {index: index for index in range(start)}

    def renumbered(leaf: Any) -> Any:
        return Ref(now[leaf.index], leaf.item) if isinstance(leaf, Ref) else leaf

    for index, step in enumerate(program.steps, start):
        kwargs = {name: substitute(value, renumbered) for name, value in step.kwargs.items()}
        steps.append(replace(step, args=substitute(step.args, renumbered), kwargs=kwargs))
        now[index] = start + len(nudges) + len(steps) - 1
        if index in nudges:
            steps.append(Step("mul", (Ref(now[index]), Ref(places[index]))))
            now[index] += 1
    outputs = tuple(renumbered(ref) for ref in program.outputs)
    return program.with_(inputs=(*program.inputs, *nudges.values()), steps=tuple(steps), outputs=outputs)


def _pair(alarm: Mismatch) -> Pair | None:
    """What the alarm is about, without its numbers; None unless a truth says how far off it is."""
    if alarm.truth is None or alarm.check not in ("value", "gradient", "second"):
        return None
    return Pair(alarm.check, alarm.where, alarm.item, *2 * (np.zeros(0),))


def _allows(alarm: Mismatch, pair: Pair, found: Array, program: Program, run: Run) -> bool:
    pair.reference = pair.subject = found
    error = Arbiter(program, run).error(pair, alarm.element, alarm.allowed or 0.0)
    return bool(abs(alarm.subject - (alarm.truth or 0.0)) <= MULTIPLE * error)
