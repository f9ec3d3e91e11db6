"""Every rule of an engine made wrong, one after another: does the plan of a run notice? Knows no rule by name.

`python -m parity.faults.rules [engine] [--factor 1.0001] [--ops ...]` prints a row a rule.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from parity.catalogue import CATALOGUE
from parity.compare import compare
from parity.compare.verdict import Verdict
from parity.engines import reference, resolve
from parity.engines.interpreter import execute
from parity.engines.protocol import Rule, Run
from parity.faults.planted import Change, Part, plus, times
from parity.planning import Item, items, plan
from parity.program import Program
from parity.report.coverage import supported
from parity.running import Examiner

Name = tuple[str, int | str]

#: Programs that a rule is given: one that these do not show is a blind spot.
PATIENCE = 150
#: Of each operator's own programs so many are among them, however many came before.
OWN = 6


@dataclass(slots=True)
class Case:
    """A program of the plan and what the reference made of it."""

    item: Item
    program: Program
    run: Run | None


@dataclass(slots=True)
class Reach:
    """The programs of a plan that call a rule in their backward passes."""

    rule: Rule
    #: The first so many, and the first few of each operator.
    cases: list[Case] = field(default_factory=list)
    #: All of them, by the operator whose they are; "" for random ones.
    of: Counter[str] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        return self.of.total()


@dataclass(frozen=True, slots=True)
class Found:
    """The first program that shows a fault: its number among those that reach the rule, and what differs there."""

    number: int
    case: Case
    verdict: Verdict


def name_of(rule: Rule) -> Name:
    return rule.op, rule.input


def called(rules: Iterable[Rule], subject: Any, cases: Iterable[Case]) -> Iterator[tuple[Case, set[Name]]]:
    """Each program with the rules that its gradients of all orders call."""
    seen: set[Name] = set()

    def counted(name: Name) -> Change:
        def change(formula: Part) -> Part:
            def counting(*args: Any) -> Any:
                seen.add(name)
                return formula(*args)

            return counting

        return change

    with ExitStack() as planted:
        for rule in rules:
            planted.enter_context(subject.replaced(rule.op, rule.input, counted(name_of(rule))))
        for case in cases:
            seen.clear()
            execute(case.program, subject)
            yield case, set(seen)


def census(examiner: Examiner, todo: Iterable[Item], patience: int = PATIENCE) -> dict[Name, Reach]:
    """Which programs of a plan reach which rule of the engine."""
    reaches = {name_of(rule): Reach(rule) for rule in examiner.subject.rules()}
    rules = [reach.rule for reach in reaches.values()]
    for case, names in called(rules, examiner.subject, drawn(examiner, todo)):
        for name in names:
            reach = reaches[name]
            reach.of[case.item.op] += 1
            if len(reach.cases) < patience or (case.item.op and reach.of[case.item.op] <= OWN):
                reach.cases.append(case)
    return reaches


def drawn(examiner: Examiner, todo: Iterable[Item]) -> Iterator[Case]:
    for item in todo:
        if item.op and not supported(CATALOGUE[item.op], examiner.subject):
            continue
        made = examiner.draw(item)
        if made is not None:
            yield Case(item, *made)


def hunt(reach: Reach, change: Change, engine: Any, subject: Any) -> Found | None:
    """The first program that differs while the rule is changed, and does not otherwise."""
    for number, case in enumerate(reach.cases, start=1):
        with subject.replaced(reach.rule.op, reach.rule.input, change):
            verdict = compare(case.program, engine, subject, reference_run=case.run)
        if verdict.status != "differs":
            continue
        if compare(case.program, engine, subject, reference_run=case.run).status != "differs":
            return Found(number, case, verdict)
    return None


def table(reaches: Mapping[Name, Reach], faults: Mapping[str, Change], engine: Any, subject: Any) -> Iterator[str]:
    """A row a rule: how many programs reach it, and which of these shows each fault."""
    yield f"{'rule':28} {'reached by':>10}  " + "  ".join(f"{label:28}" for label in faults)
    totals: dict[str, Counter[str]] = {label: Counter() for label in faults}
    for (op, input), reach in reaches.items():
        cells = []
        for label, change in faults.items():
            found = hunt(reach, change, engine, subject)
            outcome = "not reached" if not reach.count else "found" if found else "NOT FOUND"
            totals[label][outcome] += 1
            cells.append(f"after {found.number}: {found.case.item.label}" if found else outcome)
        yield f"{f'{op}, input {input}':28} {reach.count:10}  " + "  ".join(f"{cell:28}" for cell in cells)
    for label, counts in totals.items():
        yield f"{label}: " + ", ".join(f"{counts[what]} {what}" for what in ("found", "NOT FOUND", "not reached"))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", nargs="?", default="autodiff")
    parser.add_argument("--factor", type=float, help="plant this only; otherwise 1.0001, -1 and 0; plus 1 always")
    parser.add_argument("--ops", nargs="+", help="operators that the programs are made of; otherwise all")
    parser.add_argument("--rules", nargs="+", help="only these rules, by the engine's name of the operator")
    parser.add_argument("--programs", type=int, default=1000, help="random programs, beside those of the operators")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    subject = resolve(options.engine)
    factors = [1.0001, -1.0, 0.0] if options.factor is None else [options.factor]
    faults = {f"times {factor:g}": times(factor) for factor in factors} | {"plus 1": plus(1.0)}
    decided = plan(options.engine, CATALOGUE, seed=options.seed, ops=options.ops, max_examples=options.programs, jobs=1)
    with reference.settings() as engine:
        reaches = census(Examiner(decided, engine, subject), items(decided, CATALOGUE))
        chosen = {name: r for name, r in reaches.items() if options.rules is None or name[0] in options.rules}
        for line in table(chosen, faults, engine, subject):
            print(line, flush=True)


if __name__ == "__main__":
    main()
