"""Two lives of one history side by side: the first moment that differs, and what differs in it; knows no operator.

Numbers are judged as programs' are: equal in the exact regime; else one rounding, or what nudging the reference
explains. There is no arbiter of histories, though there is of their steps: a smaller difference than would make a
program undecided decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from parity.catalogue.nodes import SAVED
from parity.compare.jitter import treatment
from parity.compare.naming import named
from parity.compare.promises import Promises
from parity.compare.structure import same_family
from parity.compare.verdict import Check, Decided, Mismatch, Verdict
from parity.compare.yardstick import RUNS, UNSTABLE, allowed, deviation, rounding
from parity.engines.jittered import Jittered
from parity.engines.living import MISSING, Image, Life, Moment, State, live, restored, unlived
from parity.engines.protocol import Array, Raised, Run
from parity.program import Program

#: What an error is about: it has to be the same in both engines, whatever the words.
_SENSES = {
    "written": r"modified by an inplace operation",
    "flags": r"flags of leaf",
    "leaf": r"leaf variable",
    "freed": r"second time",
    "no grad": r"does not require grad",
    "unused": r"not have been used in the graph|unused",
    "seed": r"implicitly created only for scalar|mismatch in shape|must match the size|got .* shape",
    "inference": r"inference",
    "view": r"is a view and|view was created|viewed",
}


_live = partial(live, keeping=SAVED)
#: Histories of so many steps at most, and one of so many others, are lived again by the subject.
_AGAIN = 5
#: So often is one that differs: what comes and goes is about nothing else.
_DOUBTED = 4
#: A name as torch's nodes bear; engines that call theirs otherwise are not held to it.
_NAME = re.compile(r"Backward\d*$|Backwards$|::")
#: What is told of a state by itself: the check, the field, and the difference in words.
_FACTS: tuple[tuple[Check, str, str], ...] = (
    ("requires_grad", "requires_grad", "requires grad in one engine only"),
    ("leaf", "is_leaf", "is a leaf in one engine only"),
    ("version", "version", "does not count as written as often"),
    ("node", "node", "has a grad_fn in one engine only"),
    ("layout", "layout", "lies differently in memory"),
)


def compare_lives(
    program: Program, reference: Any, subject: Any, judged: Callable[[Program], Verdict] | None = None
) -> Verdict:
    """Live the history in both engines and judge the first difference.

    `judged`: what is found of an operator by itself, where there is more to go by than in a history.
    """
    if missing := unlived(program, subject):
        return Verdict("unsupported", "structure", missing=missing)
    ours, theirs = _live(program, reference), _live(program, subject)
    comparison = _Lives(program, reference, subject, ours, theirs, judged)
    return comparison.verdict()


@dataclass
class _Lives:
    program: Program
    reference: Any
    subject: Any
    ours: Life
    theirs: Life
    judged: Callable[[Program], Verdict] | None = None
    worst: float = 0.0
    _nudged: list[Life] | None = None

    @property
    def names(self) -> tuple[str, str]:
        return self.ours.engine, self.theirs.engine

    @cached_property
    def promises(self) -> Promises:
        return Promises(self.program, self.reference, self.ours, self.theirs, self.judged)

    def verdict(self) -> Verdict:
        undecided, promises = "", self.promises
        sealed = differs = False
        for number, (a, b) in enumerate(zip(self.ours.moments, self.theirs.moments)):
            if sealed and not undecided and promises.wrote(number):
                undecided = "a gradient of torch's is the memory of what was handed in, and was written"
            sealed = sealed or promises.seals(number)
            if a == b:
                continue
            found = list(self._moment(number, a, b))
            op = self.program.steps[number].op
            told = [replace(m, step=number, op=op) for m in found if m is not None]
            hard = [self._named(m, told) for m in told]
            if hard:
                undecided = undecided or promises.unpromised(number, a, hard[0])
            differs = differs or bool(found)
            if hard:
                if undecided:
                    break  # what follows from a number that cannot be judged cannot be judged either
                if unrepeatable := self._unrepeatable(_DOUBTED):
                    hard = [unrepeatable, *hard]
                decided: Decided = "bits" if hard[0].check in ("value", "gradient") else "structure"
                return Verdict("differs", decided, float("inf"), tuple(hard))
            if None in found:
                undecided = undecided or "a number differs by no more than would leave a program undecided"
        if undecided and differs:
            return Verdict("undecided", "jitter", self.worst, note=undecided)
        outliving = sorted(set(self.theirs.survivors) - set(self.ours.survivors))
        if alive := [value for value in outliving if not self.promises.held(value)]:
            return Verdict("differs", "structure", float("inf"), (self._kept_alive(alive),))
        count = len(self.program.steps)
        if unrepeatable := self._unrepeatable(1 if count <= _AGAIN or not count % _AGAIN else 0):
            return Verdict("differs", "structure", float("inf"), (unrepeatable,))
        return Verdict("agrees", "jitter" if self.worst else "bits", self.worst)

    def _unrepeatable(self, times: int) -> Mismatch | None:
        """The first step after which the subject, lived so many times more, has something else."""
        for step, moments in enumerate(zip(*(life.moments for life in self._again(times)))):
            if any(moment != self.theirs.moments[step] for moment in moments):
                where, op = len(self.program.inputs) + step, self.program.steps[step].op
                why = "lived again, the history has something else after this step"
                sides = ("the same", "another")
                return self._named(
                    Mismatch("repeat", where, None, (), *sides, None, None, "subject", why, op=op, step=step)
                )
        return None

    def _again(self, times: int) -> list[Life]:
        return [_live(self.program, self.subject) for _ in range(times)]

    def _named(self, mismatch: Mismatch, beside: Sequence[Mismatch] = ()) -> Mismatch:
        sides = (side for side in (mismatch.reference, mismatch.subject) if isinstance(side, Raised))
        sense = next(filter(None, (_sense(side.message) for side in sides)), "")
        own = len(self.program.inputs) + (mismatch.step or 0)
        aside = all(other.where != own for other in beside if other.check == mismatch.check)
        name = named(mismatch, self.program, sense, leaf=self._is_leaf(mismatch), aside=aside)
        return replace(mismatch, mechanism=name)

    def _is_leaf(self, mismatch: Mismatch) -> bool:
        """Whether the reference calls the tensor that differs a leaf."""
        states = self.ours.moments[mismatch.step].states if mismatch.step is not None else ()
        places = zip(self.ours.places, states)
        found = next((state for place, state in places if place == (mismatch.where, mismatch.item)), None)
        return found is None or found.is_leaf

    def _kept_alive(self, alive: list[int]) -> Mismatch:
        why = "is still there when nothing refers to it any more: only the garbage collector would free it"
        found = Mismatch("memory", alive[0], None, (), "freed", "kept", None, None, "subject", f"a tensor {why}")
        return self._named(replace(found, step=len(self.program.steps) - 1))

    def _moment(self, step: int, a: Moment, b: Moment) -> Iterator[Mismatch | None]:
        """The differences of one moment, the gravest first; None for a number that cannot be judged."""
        value = len(self.program.inputs) + step
        if error := self._error(step, a, b):
            yield error
            return
        if a.left != b.left:
            yield self._plain("none", value, a.left, b.left, f"the step leaves {a.left}, in {self.names[1]} {b.left}")
            return
        if a.recording != b.recording:
            on = {True: "on", False: "off"}
            why = "whether gradients are recorded after the step"
            yield self._plain("mode", value, on[a.recording], on[b.recording], why)
        yield from self._hooks(step, value, a, b)
        if a.shares != b.shares and self.promises.alias(step, a, b):
            says = "shares its memory with another value"
            yield self._plain("alias", value, a.shares, b.shares, f"the result {says}: {a.shares} against {b.shares}")
        if a.warned != b.warned and self.program.steps[step].op == "grad":
            yield self._plain(
                "warning", value, a.warned or "none", b.warned or "none", "one side warns, the other does not"
            )
        for place, (s, t) in enumerate(zip(a.states, b.states)):
            if s != t and s is not None and t is not None:
                yield from self._states(step, place, s, t)
        if a.kept != b.kept:
            yield from self._kept(a, b)

    def _error(self, step: int, a: Moment, b: Moment) -> Mismatch | None:
        ours, theirs = (None if m.raised is None else Raised(*m.raised, f"step {step}") for m in (a, b))
        if ours is None and theirs is None:
            return None
        value = len(self.program.inputs) + step
        if ours is not None and theirs is not None:
            if not same_family(ours.type, theirs.type):
                why = f"{self.names[0]} raises {ours.type}, {self.names[1]} raises {theirs.type}"
            elif (sense := _sense(ours.message)) and sense != _sense(theirs.message):
                why = f"the error is about something else: {self.names[0]} refuses for “{sense}”"
            else:
                return None
        else:
            name, other = self.names if theirs is None else self.names[::-1]
            why = f"{name} refuses the step, {other} does not"
        return Mismatch("error", value, None, (), ours, theirs, None, None, "subject", why)

    def _hooks(self, step: int, value: int, a: Moment, b: Moment) -> Iterator[Mismatch | None]:
        ours, theirs = ([label for label, _ in m.told] for m in (a, b))
        if ours != theirs:
            why = (
                "hooks are called in another order"
                if sorted(ours) == sorted(theirs)
                else "not the same hooks are called"
            )
            yield self._plain("hook", value, ", ".join(ours) or "none", ", ".join(theirs) or "none", why)
            return
        for number, ((label, given), (_, other)) in enumerate(zip(a.told, b.told)):
            for place, (p, q) in enumerate(zip(given, other)):
                if p != q and (p is None or q is None or not self._close(p, q, (step, number, place))):
                    yield self._plain("hook", value, _short(p), _short(q), f"{label} is given another gradient")
                    return
            if len(given) != len(other):
                yield self._plain("hook", value, len(given), len(other), f"{label} is given as many gradients")
                return

    def _states(self, step: int, place: int, s: State, t: State) -> Iterator[Mismatch | None]:
        value, item = self.ours.places[place]
        if s.value != t.value:
            yield from self._image("value", step, place, s.value, t.value)
        for check, name, reason in _FACTS:
            a, b = getattr(s, name), getattr(t, name)
            if check == "node":
                a, b = a or "none", b or "none"
                if (a == "none") is (b == "none"):
                    if a != b and _NAME.search(b) and self.promises.name(step, place):
                        yield self._plain("name", value, a, b, "its grad_fn has another name", item)
                    continue
            if a != b and (check != "layout" or self.promises.layout(value)):
                yield self._plain(check, value, a, b, reason, item)
        if s.grad is None or t.grad is None:
            if s.grad is not t.grad:
                a, b = ("None" if x is None else f"{np.dtype(x[0]).name}{list(x[1])}" for x in (s.grad, t.grad))
                yield self._plain("none", value, a, b, ".grad is there in one engine only", item)
        elif s.grad != t.grad:
            yield from self._image("gradient", step, place, s.grad, t.grad)
        extra = {share for share in set(t.grad_shares) - set(s.grad_shares) if share[0] not in self.ours.unseen}
        if extra:
            number, _, of_grad = min(extra)
            what = f"the .grad of value {number}" if of_grad else f"value {number}"
            yield self._plain("alias", value, "own memory", what, ".grad shares memory with something else", item)

    def _kept(self, a: Moment, b: Moment) -> Iterator[Mismatch | None]:
        """What nodes of one name keep; an engine that tells it of none is not held to it."""
        if all(whose == MISSING for moment in self.theirs.moments for _, _, whose in moment.kept):
            return
        theirs = {(place, name): whose for place, name, whose in b.kept}
        for place, name, ours in a.kept:
            other = theirs.get((place, name), ours)
            value, item = self.ours.places[place]
            if ours != other and self.promises.named_alike(a, b, place) and self.promises.kept(place, ours, other):
                yield self._plain("saved", value, ours, other, f"its node keeps something else as “{name}”", item)

    def _image(self, check: Check, step: int, place: int, a: Image, b: Image) -> Iterator[Mismatch | None]:
        value, item = self.ours.places[place]
        if a[0] != b[0]:
            yield self._plain(
                "dtype", value, np.dtype(a[0]).name, np.dtype(b[0]).name, f"a {check} has another dtype", item
            )
        elif a[1] != b[1]:
            yield self._plain("shape", value, a[1], b[1], f"a {check} has another shape", item)
        else:
            x, y = restored(a), restored(b)
            apart = _apart(x, y)
            if not apart.any():
                return
            if x.dtype.kind in "fc":
                apart &= ~self._within(check, step, place, x, y)
                if not apart.any():
                    return
                if not self._grave(x, y, apart):
                    yield None
                    return
            element = tuple(int(n) for n in np.argwhere(apart)[0])
            where = f"the .grad of value {value}" if check == "gradient" else f"value {value}"
            why = f"{where} is another one after this step" + _factor(x, y, apart)
            sides = (x[element].item(), y[element].item())
            yield Mismatch(check, value, item, element, *sides, 0.0, None, "subject", why)

    def _within(self, check: Check, step: int, place: int, x: Array, y: Array) -> Array:
        """Where the difference is one rounding, or what nudges of the reference explain."""
        with np.errstate(all="ignore"):
            off = deviation(x, y)
            fine = off <= rounding(x)
        if self.program.regime == "exact" or fine.all():
            return np.asarray(fine & (self.program.regime != "exact"))
        states = (m.states[place] if place < len(m.states) else None for m in self._nudged_moments(step))
        images = (None if s is None else s.value if check == "value" else s.grad for s in states)
        room = _room(x, images)
        finite = np.isfinite(off) & (room > 0)
        self.worst = max(self.worst, float((off[finite] / room[finite]).max(initial=0.0)))
        return np.asarray(off <= room)

    def _nudged_moments(self, step: int) -> Iterator[Moment]:
        return (life.moments[step] for life in self._jittered())

    def _jittered(self) -> list[Life]:
        if self._nudged is None:
            treatments = treatment(self.program, Run(self.names[0], aliases=self._aliases()))
            self._nudged = [_live(self.program, Jittered(self.reference, treatments, number)) for number in range(RUNS)]
        return self._nudged

    def _aliases(self) -> list[int | None]:
        return [moment.shares for moment in self.ours.moments]

    def _grave(self, x: Array, y: Array, apart: Array) -> bool:
        """Whether the difference is more than would leave a program undecided."""
        with np.errstate(all="ignore"):
            off = deviation(x, y)[apart]
            size = np.abs(x[np.isfinite(x)]).max(initial=0.0)
        return bool((off > UNSTABLE[x.dtype.name] * max(size, float(np.finfo(x.dtype).tiny))).any())

    def _close(self, a: Image, b: Image, told: tuple[int, int, int]) -> bool:
        """Whether what two hooks were given is the same up to a difference that decides nothing, or to nudges.

        `told`: the step, which of the calls in it, and which gradient.
        """
        if a[:2] != b[:2]:
            return False
        x, y = restored(a), restored(b)
        apart = _apart(x, y)
        if not apart.any() or x.dtype.kind not in "fc":
            return not apart.any()
        if self.program.regime != "exact" and self._grave(x, y, apart):
            step, number, place = told
            calls = (m.told[number][1] if number < len(m.told) else () for m in self._nudged_moments(step))
            room = _room(x, (given[place] if place < len(given) else None for given in calls))
            with np.errstate(all="ignore"):
                apart &= ~(deviation(x, y) <= room)
        return not self._grave(x, y, apart)

    def _plain(self, check: Check, where: int, a: Any, b: Any, reason: str, item: int | None = None) -> Mismatch:
        return Mismatch(check, where, item, (), a, b, None, None, "subject", reason)


def _sense(message: str) -> str:
    text = message.lower()
    return next((sense for sense, pattern in _SENSES.items() if re.search(pattern, text)), "")


def _room(x: Array, images: Iterable[Image | None]) -> Array:
    """How far another engine may be from x, by what nudged runs have in its place."""
    spread = np.zeros(x.shape)
    for image in images:
        if image is not None and image[0] == x.dtype.str and image[1] == x.shape:
            np.maximum(spread, deviation(x, restored(image)), out=spread)
    with np.errstate(all="ignore"):
        return allowed(x, spread)


def _apart(x: Array, y: Array) -> Array:
    """Where the numbers differ; nan is nan, and the sign of zero is nobody's promise in a history.

    A complex number with an infinite part is infinite, whatever the other part: adding it torch multiplies it by 1+0j.
    """
    differ = x != y
    if x.dtype.kind in "fc":
        differ &= ~(np.isnan(x) & np.isnan(y))
    if x.dtype.kind == "c":
        differ &= ~(np.isinf(x) & np.isinf(y) & (np.isnan(x) | np.isnan(y)))
    return np.asarray(differ)


def _factor(x: Array, y: Array, apart: Array) -> str:
    """ ": twice what it should be" and the like, where one number tells all elements."""
    if x.dtype.kind != "f":
        return ""
    with np.errstate(all="ignore"):
        ratios = y[apart] / x[apart]
    if not np.isfinite(ratios).all() or (ratios != ratios[0]).any():
        return ""
    told = {
        2.0: "twice what it should be",
        0.5: "half of what it should be",
        -1.0: "with the other sign",
        0.0: "nothing",
    }
    return f": {told[float(ratios[0])]}" if float(ratios[0]) in told else ""


def _short(image: Image | None) -> Any:
    if image is None:
        return "None"
    array = restored(image)
    return array.tolist() if array.size <= 3 else f"{array.dtype.name}{list(array.shape)}"
