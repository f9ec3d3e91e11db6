"""The comparison of one program in two engines, from cheap to dear; knows the six steps and their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, islice
from typing import Any

import numpy as np

from parity.catalogue import CATALOGUE
from parity.compare import exact, led, specials, structure
from parity.compare.alone import alone
from parity.compare.arbiter import Arbiter, Judgement
from parity.compare.confirming import confirmed, confirmed_life
from parity.compare.histories import compare_lives
from parity.compare.jitter import Jumps, nudge, treatment
from parity.compare.narrowed import lonely
from parity.compare.neighbours import widened
from parity.compare.pairs import Pair, unequal, unrivalled
from parity.compare.verdict import Mismatch, Sight, Verdict
from parity.compare.wording import mismatch
from parity.compare.yardstick import (
    FLOOR,
    MORE,
    MULTIPLE,
    RUNS,
    UNSTABLE,
    allowed,
    deviation,
    rounding,
    unsettled,
    unstable,
)
from parity.engines.decorators import Traced
from parity.engines.interpreter import execute, missing
from parity.engines.protocol import UNSUPPORTED, Array, Run
from parity.program import Program, Ref

#: Elements of a gradient that only the subject has which are held against the truth.
UNRIVALLED = 8
_RANDOM = frozenset(name for name, row in CATALOGUE.items() if "random" in row.tags)


def compare(
    program: Program,
    reference: Any,
    subject: Any,
    *,
    reference_run: Run | None = None,
    subject_run: Run | None = None,
    confirm: bool = True,
    passing: AbstractSet[Sight] = frozenset(),
) -> Verdict:
    """Run the program in both engines, unless their runs are handed over, and judge the difference.

    With `confirm`, an alarm in the smooth regime stands only if neighbouring inputs alarm too. Elements that differ
    as in `passing`, and that the truth does not decide, are passed over.
    """
    if program.history:
        verdict = compare_lives(program, reference, subject, lambda alone: compare(alone, reference, subject))
        if verdict.status != "differs" or not confirm or program.regime != "smooth":
            return verdict

        def lives_differ(neighbour: Program) -> bool:
            return compare(neighbour, reference, subject, confirm=False).status == "differs"

        return confirmed_life(verdict, program, lives_differ)
    if getattr(subject, "ones", False) and not uniform(program):
        program, reference_run, subject_run = weighed_alike(program), None, None
    ours = execute(program, reference) if reference_run is None else reference_run
    theirs = execute(program, subject) if subject_run is None else subject_run
    if not getattr(subject, "nones", True):
        theirs = replace(theirs, gradients=structure.conventional(ours.gradients, theirs.gradients))
    lacking = missing(program, subject) if theirs.error is not None else ()
    if theirs.error is not None and theirs.error.type == UNSUPPORTED:
        lacking = lacking or (theirs.error.message,)
    if lacking:
        return Verdict("unsupported", "structure", missing=lacking)
    verdict = Comparison(program, reference, subject, ours, theirs, passing).verdict()
    if verdict.status == "agrees" and structure.lacks_derivative(theirs.error) and ours.error is None:
        order = "first" if theirs.error is not None and theirs.error.moment == "backward" else "second"
        return replace(verdict, status="unsupported", missing=(f"a {order} derivative",))
    if verdict.status == "differs" and confirm and program.regime == "smooth" and not _by_structure(verdict, subject):

        def differs(neighbour: Program) -> bool:
            return compare(neighbour, reference, subject, confirm=False, passing=passing).status == "differs"

        return confirmed(verdict, program, reference, ours, differs)
    return verdict


def uniform(program: Program) -> bool:
    """Whether every backward pass starts from ones, as `backward()` without a gradient does."""
    return all((cotangent == 1).all() for cotangent in program.cotangents)


def weighed_alike(program: Program) -> Program:
    """The program with backward passes that start from ones, for an engine that has no others."""
    return program.with_(cotangents=tuple(np.ones_like(cotangent) for cotangent in program.cotangents))


def _by_structure(verdict: Verdict, subject: Any) -> bool:
    """Whether it differs in what does not hang on the inputs' values; nor may a process end on any."""
    ended = getattr(subject, "ended", ())
    return all(
        m.check in ("dtype", "none", "requires_grad", "alias", "touched") or getattr(m.subject, "type", "") in ended
        for m in verdict.mismatches
    )


@dataclass
class Comparison:
    """Steps 1 to 5 on two runs of one program, `ours` the reference's and `theirs` the subject's."""

    program: Program
    reference: Any
    subject: Any
    ours: Run
    theirs: Run
    passing: AbstractSet[Sight] = frozenset()
    #: The worst so far of values, of gradients and of second derivatives, in units of what was allowed.
    deviations: dict[str, float] = field(default_factory=dict)
    #: Spread and deviation of the array that nudges have moved and that deviates most, both in roundings.
    moved: tuple[float, float] | None = None

    @property
    def worst(self) -> float:
        return max(self.deviations.values(), default=0.0)

    def verdict(self) -> Verdict:
        return replace(self._verdict(), deviations=self.deviations, moved=self.moved)

    def _verdict(self) -> Verdict:
        shaped = tuple(structure.differences(self.program, self.ours, self.theirs))
        if not shaped:
            verdict = self._judged()
            if verdict.status == "differs" and self._led_by_zeros(verdict.mismatches[0]):
                return replace(verdict, status="undecided", note=led.SIGNED)
            if verdict.status == "differs" and self._led_by_the_reference(verdict.mismatches[0]):
                return replace(verdict, status="undecided", note=led.WRONG)
            return verdict
        if len(shaped) == 1 and shaped[0].check == "error":
            engines = self.reference, self.subject
            if led.to_raise(self.program, self.ours, self.theirs, *engines):
                verdict = self._judged()
                agrees = verdict.status == "agrees"
                return replace(verdict, status="undecided", mismatches=shaped, note=led.RAISED) if agrees else verdict
        if self._led_to_count(shaped):
            return Verdict("undecided", "structure", self.worst, shaped, note=led.COUNTED)
        return Verdict("differs", "structure", float("inf"), shaped)

    def _led_to_count(self, shaped: Sequence[Mismatch]) -> bool:
        """Whether the first difference is how many numbers there are, of values that are right in both engines."""
        if shaped[0].check != "shape":
            return False
        before = led.to_count(self.program, shaped[0].where, self.ours, self.subject)
        return before is not None and compare(before, self.reference, self.subject, confirm=False).status == "agrees"

    def _led_by_zeros(self, found: Mismatch) -> bool:
        """Whether the operator that differs, and what is before it, are right in both engines by themselves."""
        if found.check != "value":
            return False
        parts = led.by_zeros(self.program, found.where, self.ours, self.theirs)
        verdicts = [compare(part, self.reference, self.subject, confirm=False) for part in parts]
        return bool(verdicts) and all(verdict.status == "agrees" for verdict in verdicts)

    def _led_by_the_reference(self, found: Mismatch) -> bool:
        """Whether the operator that differs is right in both engines by itself, and the reference wrong before it."""
        if found.check != "value":
            return False
        singles = led.by_values(self.program, found.where, self.ours, self.theirs)
        if not singles:
            return False
        earlier = led.before(self.program, found.where - len(self.program.inputs))
        verdict = compare(earlier, self.reference, self.subject, confirm=False)
        if verdict.status != "agrees" or not verdict.inaccurate_reference:
            return False
        return all(compare(s, self.reference, self.subject, confirm=False).status == "agrees" for s in singles)

    def _judged(self) -> Verdict:
        """Steps 2 to 5, where the structure is the same."""
        follows = hasattr(self.subject, "seed")
        if any(step.op in _RANDOM or (step.seed is not None and not follows) for step in self.program.steps):
            return Verdict("agrees", "structure", note="of random values only the distribution is promised")
        if structure.lacks_derivative(self.ours.error) and (extra := self._unrivalled()):
            return extra
        pairs = list(unequal(self.program, self.ours, self.theirs))
        if not pairs:
            return Verdict("agrees", "bits")
        verdict = self._exactly(pairs) if self.program.regime == "exact" else self._smoothly(pairs)
        return verdict if verdict.status == "differs" else self._zeros(pairs) or verdict

    def _exactly(self, pairs: Sequence[Pair]) -> Verdict:
        arbiter = Arbiter(self.program, self.ours)
        found: list[Mismatch] = []
        explained: list[Mismatch] = []
        for pair in pairs:
            apart = exact.differing(pair)
            special = specials.differing(pair.reference, pair.subject)
            judgements = chain(
                self._specials(arbiter, pair, special),
                arbiter.judge_exactly(pair, apart & ~special, self._names),
            )
            for judgement in judgements:
                if self._alarms(pair, judgement):
                    found.append(mismatch(pair, judgement, self._names))
                    break
                if judgement.inaccurate_reference and not explained:
                    explained.append(mismatch(pair, judgement, self._names))
        if found:
            return Verdict("differs", "bits", float("inf"), tuple(found))
        return self._agrees(explained) if explained else Verdict("agrees", "bits")

    def _zeros(self, pairs: Sequence[Pair]) -> Verdict | None:
        """Signs of zero, which no yardstick sees, where nothing else differs and the engine has such signs."""
        if not getattr(self.subject, "signed_zeros", True):
            return None
        for pair in pairs:
            apart = exact.zero_promised(self.program, self.ours, self.theirs, pair)
            if apart is not None:
                why = f"the sign of a zero is promised here: {self._names[1]} gives the other one"
                judgement = Judgement(_first(apart), "subject", 0.0, why=why)
                found = mismatch(pair, judgement, self._names)
                return Verdict("differs", "structure", float("inf"), (found,))
        return None

    def _smoothly(self, pairs: Sequence[Pair]) -> Verdict:
        pairs = [pair for pair in pairs if not self._within_rounding(pair)]
        if not pairs:
            return Verdict("agrees", "bits", self.worst)
        # What becomes of an infinite cotangent and a slope that rounds to 0 is chance.
        finite = all(np.isfinite(cotangent).all() for cotangent in self.program.cotangents)
        if finite and lonely(self.program) and not any(pair.discrete for pair in pairs):
            return self._one_by_one(pairs)
        jumps, treatments = Jumps(), treatment(self.program, self.ours)
        doubtful = pairs
        for number in range(MORE):
            if number >= RUNS and not any(self._unmoved(pair) for pair in doubtful):
                break
            nudge(self.program, self.reference, self.ours, treatments, pairs, number, jumps)
            doubtful = [pair for pair in pairs if self._doubtful(pair).any()]
            if not doubtful:
                return Verdict("agrees", "jitter", self.worst)
        stable = [p for p in doubtful if not jumps.blur(p) and not (p.spread is not None and _unstable(p))]
        verdict = self._arbitrated(stable)
        if verdict.status != "differs":
            # What nudges leave alone can be judged though all else be noise: where it is nan, and where infinite.
            blurred = [p for p in doubtful if not p.discrete and not jumps.blur(p) and _unstable(p)]
            # But not behind a value that is noise by itself.
            noisy = [p.where for p in pairs if p.kind == "value" and _unstable(p) and not _special(p)]
            blurred = [p for p in blurred if not noisy or (p.kind == "value" and p.where <= min(noisy))]
            alarm = self._special_ones(blurred)
            if alarm is not None:
                # Sooner than say that nothing but noise moves it: look whether more nudges do.
                for number in range(RUNS, MORE):
                    nudge(self.program, self.reference, self.ours, treatments, blurred, number, jumps)
                alarm = self._special_ones([pair for pair in blurred if not jumps.blur(pair)])
            verdict = alarm or verdict
        if verdict.status != "differs" and len(stable) < len(doubtful):
            return replace(verdict, status="undecided", decided="unstable", note=_BLURRED)
        return verdict

    def _one_by_one(self, pairs: Sequence[Pair]) -> Verdict:
        """Steps 3 to 5 of elements that do not meet: what makes one undecided says nothing of the others."""
        jumps, treatments = Jumps(), treatment(self.program, self.ours)
        for pair in pairs:
            pair.apart = True
        verdict = Verdict("agrees", "jitter", self.worst)
        for number in range(MORE):
            nudge(self.program, self.reference, self.ours, treatments, pairs, number, jumps)
            if jumps.value is not None:
                return Verdict("undecided", "unstable", self.worst, note=_BLURRED)
            if not any(self._doubtful(pair).any() for pair in pairs):
                break
        else:
            verdict = self._arbitrated(pairs)
        if verdict.status == "agrees" and any(_lost(pair).any() for pair in pairs):
            return replace(verdict, status="undecided", decided="unstable", note=_LOST)
        return verdict

    def _special_ones(self, pairs: Sequence[Pair]) -> Verdict | None:
        arbiter = Arbiter(self.program, self.ours)
        for pair in pairs:
            for judgement in self._specials(arbiter, pair, specials.differing(pair.reference, pair.subject)):
                if self._alarms(pair, judgement):
                    return self._differs(pair, judgement)
        return None

    def _arbitrated(self, pairs: Sequence[Pair]) -> Verdict:
        arbiter = Arbiter(self.program, self.ours)
        uncertain: list[Mismatch] = []
        explained: list[Mismatch] = []
        for pair in pairs:
            special = specials.differing(pair.reference, pair.subject)
            if pair.apart:
                special &= self._doubtful(pair)
            judgements = chain(
                self._specials(arbiter, pair, special),
                arbiter.judge(pair, self._doubtful(pair) & ~special),
            )
            for judgement in judgements:
                if judgement.blame == "ill-conditioned" and self._integral(pair):
                    sides = (pair.reference[judgement.element], pair.subject[judgement.element])
                    given = ", ".join(f"{name} has {side}" for name, side in zip(self._names, sides))
                    why = f"whole numbers only, so nothing rounds: {given}"
                    return self._differs(pair, replace(judgement, blame="subject", allowed=0.0, ratio=1.0, why=why))
                if judgement.blame == "ill-conditioned" and self._given(pair, judgement.element):
                    sides = (pair.reference[judgement.element], pair.subject[judgement.element])
                    given = ", ".join(f"{name} has {side}" for name, side in zip(self._names, sides))
                    why = f"a special value is given, so nothing rounds: {given}"
                    return self._differs(pair, replace(judgement, blame="subject", allowed=0.0, ratio=1.0, why=why))
                if self._no_convention(pair, judgement):
                    judgement = replace(judgement, blame="ill-conditioned", why=_AT_A_KINK)
                if judgement.blame == "ill-conditioned":
                    uncertain.append(mismatch(pair, judgement, self._names))
                    if pair.apart:
                        continue  # the others can be judged all the same
                    break
                if pair.apart and pair.kind == "second" and judgement.truth is None:
                    continue  # what is left of one at a pole hangs on the formula
                self._note(pair, judgement.ratio)
                if self._alarms(pair, judgement):
                    return self._differs(pair, judgement)
                if judgement.inaccurate_reference and not explained:
                    explained.append(mismatch(pair, judgement, self._names))
        if uncertain:
            note = uncertain[0].reason
            return Verdict("undecided", "truth", self.worst, tuple(uncertain[:1]), note=note)
        return self._agrees(explained)

    def _agrees(self, explained: Sequence[Mismatch]) -> Verdict:
        """Agreement that the truth decided; `explained` is where only the reference's own error made room."""
        inaccurate = self._inaccurate() if explained else ()
        wrong = tuple(m for m in explained if m.blame == "reference")
        return Verdict("agrees", "truth", self.worst, wrong, inaccurate)

    def _no_convention(self, pair: Pair, judgement: Judgement) -> bool:
        """Whether the engines are so near each other at a kink that it is no other convention, and the reference is
        inaccurate in a step by itself: there the truth cannot tell by how much.
        """
        if judgement.blame != "convention" or judgement.truth is None or len(self.program.steps) == 1:
            return False
        apart = deviation(pair.reference, pair.subject)[judgement.element]
        size = np.abs(pair.reference, dtype=apart.dtype).max(where=np.isfinite(pair.reference), initial=0.0)
        return bool(apart <= UNSTABLE[pair.reference.dtype.name] * size) and bool(self._inaccurate())

    def _alarms(self, pair: Pair, judgement: Judgement) -> bool:
        if judgement.passes:
            return False
        undecided = judgement.truth is None and bool(self.passing)
        return not (undecided and mismatch(pair, judgement, self._names).sight in self.passing)

    def _specials(self, arbiter: Arbiter, pair: Pair, differing: Array) -> Iterator[Judgement]:
        """As the arbiter judges; where it leaves a convention, the reference has to keep to it itself."""
        for judgement in arbiter.judge_specials(pair, differing, self._names):
            if judgement.blame == "convention":
                place, wide = judgement.element, pair.of(self.program, self._in_double)
                if wide is not None and specials.alike(wide[place], pair.subject[place]):
                    why = f"{self._names[0]} disagrees with itself: in double precision it has {wide[place]} here"
                    settled = replace(judgement, blame="reference", ratio=0.0, inaccurate_reference=True, why=why)
                    judgement = settled
            yield judgement

    @cached_property
    def _in_double(self) -> Run:
        return execute(widened(self.program), self.reference)

    def _differs(self, pair: Pair, judgement: Judgement) -> Verdict:
        found = mismatch(pair, judgement, self._names)
        return Verdict("differs", "truth", max(self.worst, judgement.ratio), (found,))

    def _unrivalled(self) -> Verdict | None:
        """An order of derivative that only the subject has, against the truth alone.

        Nobody says how stable it is, so it may err by as much as would make it undecided.
        """
        arbiter = Arbiter(self.program, self.ours)
        overwritten = structure.written(self.program, self.ours)
        for pair in unrivalled(self.program, self.ours, self.theirs):
            if pair.where in overwritten:
                continue  # what a gradient of something overwritten means is a convention
            finite = np.isfinite(pair.subject)
            # What cancels to nothing was made of parts as large as the cotangents.
            seeds = max((np.abs(c).max(initial=0.0) for c in self.program.cotangents), default=0.0)
            size = max(np.abs(pair.subject[finite]).max(initial=0.0), FLOOR * seeds)
            share = UNSTABLE[pair.subject.dtype.name] * size
            pair.spread = np.full(pair.subject.shape, share / MULTIPLE)
            for judgement in islice(arbiter.judge(pair, finite), UNRIVALLED):
                if judgement.legal:
                    continue
                off = judgement.subject_error > float(rounding(pair.subject)[judgement.element]) + share
                if off and not arbiter.meets_special(pair, judgement.element):
                    return self._alone_wrong(pair, replace(judgement, blame="subject", allowed=float(share)))
        return None

    def _alone_wrong(self, pair: Pair, judgement: Judgement) -> Verdict:
        reference, subject = self._names
        off = f"{subject} is wrong: it is off by {judgement.subject_error:.2g}"
        why = f"{off}; {reference} has no derivative of this order"
        found = mismatch(pair, replace(judgement, why=why), self._names)
        return Verdict("differs", "truth", float("inf"), (replace(found, reference="no derivative"),))

    def _integral(self, pair: Pair) -> bool:
        """Whether the value, and everything before it, is made of integers and truth values."""
        before = self.ours.values[: pair.where + 1]
        parts = chain.from_iterable(value if isinstance(value, tuple) else (value,) for value in before)
        return pair.kind == "value" and all(part is not None and part.dtype.kind in "biu" for part in parts)

    def _given(self, pair: Pair, element: tuple[int, ...]) -> bool:
        """Whether it is of given elements alone, one of which is nan or infinite, and no nudge but its own moves it."""
        place = pair.where - len(self.program.inputs)
        still = pair.discrete or pair.spread is None or pair.spread[element] <= 2 * rounding(pair.reference)[element]
        if not (still and pair.kind == "value" and place >= 0 and lonely(self.program)):
            return False
        taken = [each.index for each in self.program.steps[place].args if isinstance(each, Ref)]
        given = [self.program.inputs[at] for at in taken if at < len(self.program.inputs)]
        return len(given) == len(taken) and any(not np.isfinite(leaf.array[element]) for leaf in given)

    def _within_rounding(self, pair: Pair) -> bool:
        if pair.discrete:
            return False
        apart, u = deviation(pair.reference, pair.subject), rounding(pair.reference)
        if not (apart <= u).all():
            return False
        self._note(pair, float((apart / u).max(initial=0.0)))
        return True

    def _unmoved(self, pair: Pair) -> bool:
        """Whether the numbers in which it is doubtful have not moved: nudges may cancel but for a rounding."""
        if pair.discrete or pair.spread is None or (pair.spread > rounding(pair.reference)).any():
            return False
        return bool((self._doubtful(pair) & np.isfinite(pair.reference) & np.isfinite(pair.subject)).any())

    def _doubtful(self, pair: Pair) -> Array:
        """Where the jitter does not explain the difference; of elements by themselves those that it does not blur."""
        if pair.discrete:
            return np.asarray(pair.reference != pair.subject)
        assert pair.spread is not None
        apart, room = deviation(pair.reference, pair.subject), allowed(pair.reference, pair.spread, pair.apart)
        doubtful = ~(apart <= room)
        if pair.apart:
            doubtful &= ~_blurred(pair)
        if not doubtful.any():
            self._note(pair, float((apart / room).max(initial=0.0)))
        self._note_moved(pair, apart)
        return np.asarray(doubtful)

    def _note(self, pair: Pair, worst: float) -> None:
        self.deviations[pair.kind] = max(self.deviations.get(pair.kind, 0.0), worst)

    def _note_moved(self, pair: Pair, apart: Array) -> None:
        assert pair.spread is not None
        u = rounding(pair.reference)
        deviation = float((apart / u).max(initial=0.0))
        if self.moved is None or deviation >= self.moved[1]:
            self.moved = float((pair.spread / u).max(initial=0.0)), deviation

    @property
    def _names(self) -> tuple[str, str]:
        return self.ours.engine, self.theirs.engine

    def _inaccurate(self) -> tuple[str, ...]:
        """The operators that are inaccurate in the reference by themselves, each judged alone."""
        if len(self.program.steps) == 1:
            return (self.program.steps[0].op,)
        traced = execute(self.program, Traced(self.reference))
        found: dict[str, None] = {}
        for position, step in enumerate(self.program.steps):
            single = alone(self.program, traced, position)
            if single is not None and len(single.steps) == 1 and step.op not in found:
                verdict = compare(single, self.reference, self.subject, confirm=False)
                found.update(dict.fromkeys(verdict.inaccurate_reference))
        return tuple(found)


_AT_A_KINK = "the reference is inaccurate by itself, which a kink hides from the truth"
_BLURRED = "nudges of one rounding move the result too far to judge it"
#: Why elements that are judged one by one may be undecided.
_LOST = "nudges of one rounding move some elements too far to judge them; the others agree"


def _unstable(pair: Pair) -> bool:
    return not pair.discrete and pair.spread is not None and unstable(pair.reference, pair.spread)


def _blurred(pair: Pair) -> Array:
    """Elements judged one by one that nudges move too far."""
    assert pair.spread is not None
    blurred = unsettled(pair.reference, pair.spread)
    return blurred if pair.jumped is None else blurred | pair.jumped


def _lost(pair: Pair) -> Array:
    """Those of them that differ."""
    return np.asarray(_blurred(pair) & ~(deviation(pair.reference, pair.subject) <= rounding(pair.reference)))


def _special(pair: Pair) -> bool:
    return bool(specials.differing(pair.reference, pair.subject).any())


def _first(mask: Array) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(mask)), mask.shape))
