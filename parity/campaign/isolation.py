"""Programs that end or hang the process they run in: tried in forks, made small there, told as failures.

Needs `os.fork`, and a process that runs no threads of its own.
"""

from __future__ import annotations

import faulthandler
import json
import os
import select
import signal
import tempfile
import time
from collections.abc import Callable
from typing import Any, Literal

from parity.compare import compare
from parity.compare.verdict import Failure, Mismatch, Verdict
from parity.engines.protocol import Raised
from parity.program import Program, decoded
from parity.strategies.abridging import abridge, cut_short
from parity.strategies.draft import Draft
from parity.strategies.shrinking import shrink

Fate = Literal["", "crash", "hang"]
#: How often a program may be tried while it is made small, how long each time, and for how long in all: in units of
#: the seconds that a program may take.
_TRIES, _SHORT, _ALL = 120, 0.1, 4.0
_RAISED = {"crash": "Crash", "hang": "TimeoutError"}


def fate(task: Callable[[], Any], seconds: float) -> tuple[Fate, str]:
    """What becomes of a process that does it, and in words; what it returns or raises does not matter."""
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        try:
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 2)
            faulthandler.disable()  # it may write elsewhere
            signal.alarm(int(2 * seconds) + 5)  # whoever waits for it may be gone by then
            task()
        finally:
            os._exit(0)
    os.close(theirs)
    try:
        ended, _, _ = select.select([ours], [], [], seconds)
    finally:
        os.close(ours)
    if not ended:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return "hang", f"the process did not end within {seconds:g} s"
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return ("crash", told(code)) if code else ("", "")


def told(code: int | None) -> str:
    """How a process ended, by its exit code."""
    if code is None or code >= 0:
        return f"the process ended with exit code {code}"
    names = {number.value: number.name for number in signal.Signals}
    return f"the process was ended by signal {-code} ({names.get(-code, 'unknown')})"


def ending(program: Program, reference: Any, subject: Any, seconds: float) -> tuple[Fate, str]:
    """What the comparison of a program does to its process."""
    return fate(lambda: compare(program, reference, subject), seconds)


def drawing(draw: Callable[[], Any], seconds: float) -> tuple[Fate, str, Program]:
    """What drawing a program does to a process, in words, and if it ends or hangs it the program as far as it was."""
    with tempfile.TemporaryFile() as diary:
        place = diary.fileno()

        def note(program: Program) -> None:
            os.truncate(place, os.pwrite(place, json.dumps(program.to_json()).encode(), 0))

        def task() -> None:
            Draft.diary = note
            draw()

        end, how = fate(task, seconds)
        text = diary.read()
    return end, how, decoded(json.loads(text), "what was being drawn") if text else Program((), (), ())


def explained(
    program: Program,
    end: Fate,
    how: str,
    reference: Any,
    subject: Any,
    *,
    patience: float,
    seed: int | None,
    drawn: bool = True,
) -> Failure:
    """The failure behind a program that ends or hangs its process, made small in forks.

    One that could not be `drawn` to its end has been run by the reference alone.
    """
    until = time.monotonic() + _ALL * patience
    short = max(1.0, _SHORT * patience)
    # If it ends the reference alone, too, that one is to blame.
    alone = not drawn or ending(program, reference, reference, short)[0] == end
    against = reference if alone else subject

    def same(candidate: Program) -> bool:
        return time.monotonic() < until and ending(candidate, reference, against, short)[0] == end

    small = program
    if alone and same(bare := program.with_(outputs=(), cotangents=(), second=())):
        small = cut_short(bare, same, budget=_TRIES)
    elif not alone and same(program):
        shorter = abridge if program.history else shrink
        small = shorter(program, same, reference, budget=_TRIES)
    last = small.steps[-1].op if len(small.steps) == 1 else _culprit(small, same)
    return told_as_it_is(
        small, end, how, reference, subject, op=last, steps=len(program.steps), seed=seed, reference_too=alone
    )  # fmt: skip


def told_as_it_is(
    program: Program,
    end: Fate,
    how: str,
    reference: Any,
    subject: Any,
    *,
    op: str = "",
    steps: int | None = None,
    seed: int | None = None,
    reference_too: bool = False,
) -> Failure:
    """The failure of a program without trying anything; `steps` are those that it had at first."""
    raised = Raised(_RAISED[end], how, "program")
    mismatch = Mismatch(
        check="error",
        where=-1,
        item=None,
        element=(),
        reference=raised if reference_too else None,
        subject=raised,
        allowed=None,
        truth=None,
        blame="reference" if reference_too else "subject",
        reason=how,
        op=op,
    )
    return Failure(
        program=program,
        verdict=Verdict("differs", "structure", float("inf"), (mismatch,)),
        original_steps=len(program.steps) if steps is None else steps,
        subject=subject.name,
        subject_version=subject.version,
        reference=reference.name,
        reference_version=reference.version,
        seed=seed,
    )


def _culprit(program: Program, same: Callable[[Program], bool]) -> str:
    """The operator or act of the first step after which it happens; empty if it takes a backward pass at the end."""
    for count in range(1, len(program.steps) + 1):
        if same(program.with_(steps=program.steps[:count], outputs=(), cotangents=(), second=())):
            return program.steps[count - 1].op
    return ""
