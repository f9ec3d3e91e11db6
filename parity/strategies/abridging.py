"""Makes a failing history short: fewer steps, regions and inputs, plainer acts, simpler numbers; knows no operator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np

from parity.acts import ACTS
from parity.engines.living import Life, live, restored
from parity.engines.protocol import Run
from parity.program import Input, Program, Ref, Step, substitute
from parity.strategies.shrinking import BUDGET, plainer, simpler, smaller
from parity.strategies.surgery import pruned, with_input, with_step

#: The candidates of programs never look at the run.
_NO_RUN, _NO_LIFE = Run(""), Life("")


def abridge(program: Program, fails: Callable[[Program], bool], reference: Any, *, budget: int = BUDGET) -> Program:
    """The shortest history found for which `fails` still holds; the one given if nothing shorter fails.

    A candidate in which a step is refused that was not, or for another reason, is given up: it would be about its own
    nonsense.
    """
    abridger = _Abridger(program, fails, reference, budget)
    while True:
        before = abridger.program
        for candidates in (_cut, _without, _rerouted, _given, _plain, _smaller):
            abridger.exhaust(candidates)
        if abridger.program is before or abridger.asked >= budget:
            return abridger.program


def cut_short(program: Program, fails: Callable[[Program], bool], *, budget: int = BUDGET) -> Program:
    """What is left when steps are left out as long as it fails: nothing is run here, where that would be the end."""
    tried: set[str] = set()
    again = True
    while again:
        again = False
        for candidate in chain(*(ways(program, _NO_LIFE) for ways in (_cut, _without, _rerouted))):
            mark = candidate.dumps()
            if mark not in tried and candidate.steps and len(tried) < budget:
                tried.add(mark)
                if again := fails(candidate):
                    program = candidate
                    break
    return program


class _Abridger:
    def __init__(self, program: Program, fails: Callable[[Program], bool], reference: Any, budget: int) -> None:
        self.fails, self.reference, self.budget = fails, reference, budget
        self.asked = 0
        self.program = program
        self.life = live(program, reference)
        self.refusals = _refusals(program, self.life)
        self.nothing = _uses_nothing(program, self.life)
        self._tried: set[str] = {program.dumps()}

    def exhaust(self, candidates: Callable[[Program, Life], Iterator[Program]]) -> None:
        """Take the first candidate that fails, and start over from it, until none does."""
        while self.asked < self.budget:
            for candidate in candidates(self.program, self.life):
                if self._attempt(candidate):
                    break
            else:
                return

    def _attempt(self, candidate: Program) -> bool:
        mark = candidate.dumps()
        if mark in self._tried or self.asked >= self.budget or not candidate.steps:
            return False
        self._tried.add(mark)
        life = live(candidate, self.reference)
        if not _refusals(candidate, life) <= self.refusals or (_uses_nothing(candidate, life) and not self.nothing):
            return False
        self.asked += 1
        if not self.fails(candidate):
            return False
        self.program, self.life = candidate, life
        return True


def _refusals(program: Program, life: Life) -> set[tuple[str, str, str]]:
    """Which steps are refused, and for what: the first words of a message tell its kind."""
    return {
        (step.op, *(moment.raised[0], moment.raised[1][:24]))
        for step, moment in zip(program.steps, life.moments)
        if moment.raised is not None
    }


def _uses_nothing(program: Program, life: Life) -> bool:
    """Whether a step is given what one left that was refused."""
    refused = {len(program.inputs) + n for n, moment in enumerate(life.moments) if moment.raised is not None}
    return any(ref.index in refused for step in program.steps for ref in step.refs())


def _cut(program: Program, life: Life) -> Iterator[Program]:
    """Without its end."""
    count = len(program.steps)
    length = count // 2
    while 0 < length < count:
        yield pruned(program.with_(steps=program.steps[:length]))
        length += max(1, (count - length) // 2)


def _without(program: Program, life: Life) -> Iterator[Program]:
    """Without some steps: a run of them, then each by itself, with whatever is made of it."""
    count = len(program.steps)
    for size in (count // 2, count // 4):
        for start in range(0, count, max(size, 1)):
            if size > 1:
                yield pruned(_dropped(program, set(range(start, min(start + size, count)))))
    for number in reversed(range(count)):
        yield pruned(_dropped(program, {number}))


def _dropped(program: Program, gone: set[int]) -> Program:
    """Without these steps and all that refers to them."""
    inputs = len(program.inputs)
    gone = set(gone)
    for number, step in enumerate(program.steps):
        if any(ref.index - inputs in gone for ref in step.refs()):
            gone.add(number)
    return _kept(program, gone, {})


def _rerouted(program: Program, life: Life) -> Iterator[Program]:
    """Without a step, where what it was made of takes its place."""
    inputs = len(program.inputs)
    for number in reversed(range(len(program.steps))):
        index = inputs + number
        if not any(ref.index == index for step in program.steps[number + 1 :] for ref in step.refs()):
            continue
        for ref in dict.fromkeys(program.steps[number].refs()):
            yield pruned(_kept(program, {number}, {index: ref}))


def _kept(program: Program, gone: set[int], instead: dict[int, Ref]) -> Program:
    """Without the steps that are gone; references to those of `instead` go to what stands there."""
    inputs = len(program.inputs)
    numbers = list(range(inputs))
    left = inputs
    for number in range(len(program.steps)):
        numbers.append(left)
        left += number not in gone

    def renumbered(leaf: Any) -> Any:
        if not isinstance(leaf, Ref):
            return leaf
        leaf = instead.get(leaf.index, leaf)
        return Ref(numbers[leaf.index], leaf.item)

    return program.with_(
        steps=tuple(_renamed(step, renumbered) for number, step in enumerate(program.steps) if number not in gone)
    )


def _given(program: Program, life: Life) -> Iterator[Program]:
    """A step replaced by an input that holds what it gave."""
    inputs = len(program.inputs)
    places = {place: n for n, place in enumerate(life.places)}
    for number, moment in enumerate(life.moments):
        place = places.get((inputs + number, None))
        if place is None or program.steps[number].op in ("backward", "hook") or moment.shares is not None:
            continue
        state = moment.states[place]
        if state is None:
            continue
        leaf = Input(np.array(restored(state.value)), state.requires_grad)

        def shifted(part: Any, index: int = inputs + number) -> Any:
            if not isinstance(part, Ref):
                return part
            if part.index == index:
                return Ref(inputs, part.item)
            return Ref(part.index + (inputs <= part.index < index), part.item)

        steps = tuple(_renamed(step, shifted) for n, step in enumerate(program.steps) if n != number)
        yield pruned(program.with_(inputs=(*program.inputs, leaf), steps=steps))


def _plain(program: Program, life: Life) -> Iterator[Program]:
    """No regions, plainer hooks, one root instead of several; then as programs are made plainer."""
    for number, step in enumerate(program.steps):
        for place in range(len(step.modes)):
            modes = (*step.modes[:place], *step.modes[place + 1 :])
            yield with_step(program, number, replace(step, modes=modes))
        if step.op == "hook":
            for kind in ("seen", "node_seen", "before_seen"):
                yield with_step(program, number, replace(step, args=(*step.args[:2], kind)))
        if step.op in ("backward", "autograd.grad"):
            yield from _fewer(program, number, step)
    for candidate in plainer(program, _NO_RUN):
        if all(a.spelling == b.spelling or a.op not in ACTS for a, b in zip(program.steps, candidate.steps)):
            yield candidate


def _fewer(program: Program, number: int, step: Step) -> Iterator[Program]:
    """A backward pass from fewer roots, or to fewer inputs."""
    roots, seeds = step.args[0], step.args[-1]
    for place in range(len(roots)) if len(roots) > 1 else ():
        rest = [*roots[:place], *roots[place + 1 :]]
        weights = [*seeds[:place], *seeds[place + 1 :]]
        yield pruned(with_step(program, number, replace(step, args=(rest, *step.args[1:-1], weights))))
    if step.op == "autograd.grad":
        for place in range(len(step.args[1]) if len(step.args[1]) > 1 else 0):
            wanted = [*step.args[1][:place], *step.args[1][place + 1 :]]
            yield pruned(with_step(program, number, replace(step, args=(roots, wanted, seeds))))


def _smaller(program: Program, life: Life) -> Iterator[Program]:
    """Smaller inputs with simpler numbers, of which fewer require grad."""
    for number, leaf in enumerate(program.inputs):
        if leaf.requires_grad:
            yield with_input(program, number, replace(leaf, requires_grad=False))
    yield from smaller(program, _NO_RUN)
    yield from simpler(program, _NO_RUN)


def _renamed(step: Step, change: Callable[[Any], Any]) -> Step:
    args = substitute(step.args, change)
    return replace(step, args=args, kwargs={key: substitute(value, change) for key, value in step.kwargs.items()})
