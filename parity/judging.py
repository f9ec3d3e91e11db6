"""One program judged: compared, and where it differs shrunk, located and written down; knows no operator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from parity.blaming import innermost
from parity.catalogue.excluded import known, spread
from parity.compare import compare
from parity.compare.localize import localize
from parity.compare.mechanism import mechanism
from parity.compare.refining import refined
from parity.compare.rules import rule_behind
from parity.compare.verdict import Failure, Mismatch, Sight, Verdict
from parity.engines.protocol import Rule, Run
from parity.program import Program
from parity.strategies.abridging import abridge
from parity.strategies.shrinking import shrink

#: Steps of histories that give gradients.
_BACKWARD = frozenset(["backward", "autograd.backward", "autograd.grad"])
#: So often a program is asked again, whose difference comes and goes.
_DOUBTED = 4


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came out for one program; `failure` is there if the two engines differ."""

    program: Program
    verdict: Verdict
    failure: Failure | None = None

    @property
    def key(self) -> tuple[str, str]:
        """The check and the operator held responsible: failures that share it count as one bug."""
        first = self.verdict.mismatches[0] if self.failure is None else self.failure.verdict.mismatches[0]
        return first.check, first.op


def judge(
    program: Program,
    reference: Any,
    subject: Any,
    *,
    reference_run: Run | None = None,
    shrinking: bool = True,
    seed: int | None = None,
) -> Judgement:
    """Compare the program on both engines; a difference is shrunk and blamed before it is returned."""
    verdict = compare(program, reference, subject, reference_run=reference_run)
    if verdict.status != "differs":
        return Judgement(program, verdict)
    verdict = beyond_known(program, verdict, reference, subject)
    if verdict.status == "known":
        return Judgement(program, verdict)
    failure = explain(program, verdict, reference, subject, shrinking=shrinking, seed=seed)
    if reason := covered(failure.verdict.mismatches, program):
        return Judgement(program, replace(verdict, status="known", note=reason))
    return Judgement(program, verdict, failure)


def beyond_known(program: Program, verdict: Verdict, reference: Any, subject: Any) -> Verdict:
    """The verdict on what differs beyond the differences that stay; "known" if that is nothing.

    What a known difference does not explain is judged again without it: it must not hide behind it. Histories are
    asked only when they are short: what a long one happens to hold says nothing about its difference.
    """
    if program.history:
        return verdict
    first, passing, reason = verdict, frozenset[Sight](), ""
    while verdict.status == "differs":
        reasons = [covered([located(program, reference, subject, m)], program) for m in verdict.mismatches]
        if not all(reasons):
            left = tuple(m for m, known in zip(verdict.mismatches, reasons) if not known)
            return replace(verdict, mismatches=left)
        reason = reason or reasons[0]
        seen = passing | {m.sight for m in verdict.mismatches}
        if seen == passing:
            break
        passing = seen
        verdict = compare(program, reference, subject, passing=passing)
    return replace(first, status="known", note=reason)


def located(program: Program, reference: Any, subject: Any, mismatch: Mismatch) -> Mismatch:
    """The mismatch with the operator that is responsible; in a history that is the step after which it shows."""
    return mismatch if program.history else localize(program, reference, subject, mismatch)


def covered(mismatches: Sequence[Mismatch], program: Program) -> str:
    """Why all of these differences stay; empty if one of them is not known."""
    ops = {step.op for step in program.steps}
    reasons = [_known(m, program) or spread(ops, m.check, m.reference, m.truth) for m in mismatches]
    return reasons[0] if reasons and all(reasons) else ""


def _known(m: Mismatch, program: Program) -> str:
    """Why the difference stays: for its operator, or, of a gradient that a step of a history gives, one before it."""
    check, ops = m.check, [m.op]
    if program.history and m.op in _BACKWARD and check in ("value", "gradient"):
        check, ops = "gradient", [step.op for step in program.steps[: m.step]]
    given = {op: [step.kwargs for step in program.steps if step.op == op] for op in ops}
    return next(filter(None, (known(op, check, m.reference, m.subject, m.truth, given[op]) for op in ops)), "")


def explain(
    program: Program,
    verdict: Verdict,
    reference: Any,
    subject: Any,
    *,
    shrinking: bool = True,
    seed: int | None = None,
) -> Failure:
    """The failure behind a verdict that says "differs": its smallest program, and who is to blame.

    Only checks that fail in `verdict` count while shrinking, and only they are reported.
    """
    checks = {mismatch.check for mismatch in verdict.mismatches}

    comes_and_goes = "repeat" in checks

    def judged(candidate: Program) -> Verdict | None:
        for _ in range(_DOUBTED if comes_and_goes else 1):
            found = compare(candidate, reference, subject)
            if found.status == "differs":  # a known difference that shrinking came across explains nothing
                found = beyond_known(candidate, found, reference, subject)
            if found.status == "differs":
                break
        kept = tuple(mismatch for mismatch in found.mismatches if mismatch.check in checks)
        return replace(found, mismatches=kept) if kept and found.status == "differs" else None

    small, found = program, verdict
    if shrinking:
        shorter = abridge if program.history else shrink
        small = shorter(program, lambda candidate: judged(candidate) is not None, reference)
        again = verdict if small == program else judged(small)
        # One that differs no more says that the difference comes and goes: the first one is kept.
        small, found = (program, verdict) if again is None else (small, again)
    mismatches = tuple(located(small, reference, subject, mismatch) for mismatch in found.mismatches)
    rule, through = None, ""
    if mismatches and small.history:
        mismatches = (refined(mismatches[0], small, reference, subject), *mismatches[1:])
    elif mismatches:
        first = mechanism(small, reference, subject, mismatches[0])
        if inner := innermost(small, reference, subject, first):
            behind, called = inner
            through = called_input(first)
            first = replace(first, op=called.op, input=called.input)
            rule = rule_behind(behind, reference, subject, called)
        else:
            rule = rule_behind(small, reference, subject, first)
        mismatches = (first, *mismatches[1:])
    return Failure(
        program=small,
        verdict=replace(found, mismatches=mismatches),
        original_steps=len(program.steps),
        subject=subject.name,
        subject_version=subject.version,
        reference=reference.name,
        reference_version=reference.version,
        seed=seed,
        rule=shown(rule) if rule else "",
        served_by=f"{rule.op}, input {rule.input}" if rule and rule.input != -1 else "",
        through=through,
    )


def called_input(mismatch: Mismatch) -> str:
    """An operator and its input, as reports name them."""
    return mismatch.op + (f", input {mismatch.input}" if mismatch.input is not None else "")


def shown(rule: Rule) -> str:
    """Where a rule stands: `file:line`, short below this directory."""
    path, here = Path(rule.file), Path.cwd()
    return f"{path.relative_to(here) if path.is_relative_to(here) else path}:{rule.line}"


def about(failure: Failure) -> dict[str, Any]:
    """What a kept failure's file says besides the program."""
    first = failure.verdict.mismatches[0]
    return {
        "engine": failure.subject,
        "check": first.check,
        "op": first.op,
        "input": first.input,
        "reason": first.reason,
        "seed": failure.seed,
        "versions": {
            failure.subject: failure.subject_version,
            failure.reference: failure.reference_version,
        },
    }
