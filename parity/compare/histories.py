"""Two lives of one history side by side: the first moment that differs, and what differs in it; knows no operator.

Numbers are judged as programs' are: equal in the exact regime; else one rounding, or what nudging the reference
explains. There is no arbiter of histories, so a smaller difference than would make a program undecided decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from parity.acts import ACTS
from parity.catalogue import CATALOGUE
from parity.catalogue.nodes import NAMED
from parity.compare.jitter import treatment
from parity.compare.naming import named
from parity.compare.structure import same_family
from parity.compare.verdict import Check, Decided, Mismatch, Verdict
from parity.compare.yardstick import RUNS, UNSTABLE, allowed, deviation, rounding
from parity.engines.interpreter import writes
from parity.engines.jittered import Jittered
from parity.engines.living import BROKEN, Image, Life, Moment, State, live, restored, unlived
from parity.engines.protocol import Array, Raised, Run
from parity.program import Input, Program, Ref, references, substitute

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


#: Histories of so many steps at most, and one of so many others, are lived again by the subject.
_AGAIN = 5
#: So often is one that differs: what comes and goes is about nothing else.
_DOUBTED = 4
#: A name as torch's nodes bear; engines that call theirs otherwise are not held to it.
_NAME = re.compile(r"Backward\d*$|Backwards$|::")
#: The node of what has no derivative.
_NO_SECOND = "torch::autograd::NotImplemented"
#: Acts that give the tensor that they are given.
_SAME = frozenset(["requires_grad_", "detach_", "zero_", "fill_", "copy_"])
#: Acts that give gradients.
_GIVING = frozenset(["autograd.grad", "grad"])
#: Acts after which memory that was saved may hold something else, uncounted.
_BEHIND = frozenset(["data", "set_data"])
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

    `judged`: what is found of an operator's number by itself, where there is more to go by than in a history.
    """
    if missing := unlived(program, subject):
        return Verdict("unsupported", "structure", missing=missing)
    ours, theirs = live(program, reference), live(program, subject)
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

    def verdict(self) -> Verdict:
        undecided = ""
        sealed = differs = False
        for number, (a, b) in enumerate(zip(self.ours.moments, self.theirs.moments)):
            if sealed and not undecided and self._wrote(number):
                undecided = "a gradient of torch's is the memory of what was handed in, and was written"
            sealed = sealed or self._seals(number)
            if a == b:
                continue
            found = list(self._moment(number, a, b))
            op = self.program.steps[number].op
            told = [replace(m, step=number, op=op) for m in found if m is not None]
            hard = [self._named(m, told) for m in told]
            if hard:
                undecided = undecided or self._unpromised(number, a, hard[0])
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
        if alive := sorted(set(self.theirs.survivors) - set(self.ours.survivors)):
            return Verdict("differs", "structure", float("inf"), (self._kept_alive(alive),))
        count = len(self.program.steps)
        if unrepeatable := self._unrepeatable(1 if count <= _AGAIN or not count % _AGAIN else 0):
            return Verdict("differs", "structure", float("inf"), (unrepeatable,))
        return Verdict("agrees", "jitter" if self.worst else "bits", self.worst)

    def _unpromised(self, number: int, moment: Moment, first: Mismatch) -> str:
        """Why torch promises nothing of what differs; empty if it does."""
        if moment.racing and first.check == "value":
            return "the step reads what it writes, in an order that nobody promises"
        if any(state is not None and state.node == BROKEN for state in moment.states):
            return "torch trips over a check of its own inside"
        if first.where == len(self.program.inputs) + number and self._internals_show(number, moment):
            return "torch records, or refuses, what its kernels do inside for a leaf made in inference mode"
        if first.check in ("version", "value") and self._wrote_seed(number, first.where):
            return "torch writes into what was handed in, which is the memory of a gradient"
        if self.program.steps[number].op in ("backward", "autograd.grad") and self._reshaped(number):
            return "torch takes shapes from saved tensors, and from leaves, that `.data` gave another shape"
        if self.program.steps[number].op in _GIVING and self._node_of(first) == _NO_SECOND:
            return "torch records that it has no second derivative here"
        if first.check == "error" and self._overlaps_unlike(number, first):
            return "whether memory overlaps is asked of what lies dense alone, and it lies differently"
        if first.check in ("requires_grad", "leaf") and self._lent(number, first):
            return "a gradient of torch's is a view of what was handed in, or of another gradient"
        if first.check in ("value", "gradient") and self._inaccurate(number, first):
            return "torch is inaccurate here, or nobody can tell"
        if first.check in ("gradient", "value", "hook") and self._behind(number):
            return "what was saved was written or exchanged behind the tape's back"
        return ""

    def _internals_show(self, number: int, moment: Moment) -> bool:
        """Whether an operator is given, outside the mode, a tensor of inference mode that requires grad.

        Measured in torch 2.13 on such a leaf: sort gives CopyBackwards, cumsum of a number FillBackward3 (it has
        Cumsum), kthvalue refuses its own out=, exp and topk record nothing.
        """
        step = self.program.steps[number]
        if step.op in ACTS or "inference_mode" in step.modes:
            return False
        given = {(ref.index, ref.item) for ref in step.refs()}
        states = zip(self.ours.places, moment.states)
        return any(place in given and s is not None and s.version is None and s.requires_grad for place, s in states)

    def _lent(self, number: int, first: Mismatch) -> bool:
        """Whether the reference has a gradient that requires grad, though nothing made it and nobody asked that of it."""
        made = first.where - len(self.program.inputs)
        if made < 0 or self.program.steps[made].op not in _GIVING or self._node_of(first):
            return False
        places = zip(self.ours.places, self.ours.moments[number].states)
        state = next((s for place, s in places if place == (first.where, first.item)), None)
        asked = {(ref.index, ref.item) for ref in self.program.steps[number].refs()}
        return state is not None and state.requires_grad and (first.where, first.item) not in asked

    def _overlaps_unlike(self, number: int, first: Mismatch) -> bool:
        """Whether memory is shared, says one side, of tensors that lie otherwise in the other engine."""
        sides = (side for side in (first.reference, first.subject) if isinstance(side, Raised))
        given = self.program.steps[number].refs()
        return any("single memory location" in side.message for side in sides) and not all(
            self._lies_alike(ref.index, number - 1) for ref in given
        )

    def _inaccurate(self, number: int, first: Mismatch) -> bool:
        """Whether the step by itself, on the values that the reference had, is not held against the subject.

        Of a gradient: whether a step is, with its derivative, of which torch's is inaccurate.
        """
        if self.judged is None or self.program.regime == "exact":
            return False
        if first.check == "gradient":
            steps = [step for step in range(number) if self._computes(step)]
            return any(self.judged(self._alone(step, True)).inaccurate_reference for step in steps)
        own = first.where == len(self.program.inputs) + number
        return own and self._computes(number) and self.judged(self._alone(number, False)).status != "differs"

    def _computes(self, number: int) -> bool:
        """Whether a step is an operator that gives something new, and does."""
        step = self.program.steps[number]
        return step.op not in ACTS and not writes(step) and self.ours.moments[number].raised is None

    def _alone(self, number: int, derived: bool) -> Program:
        """The step as a program, each of its tensor arguments an input of its own; with its first result's gradient."""
        step = self.program.steps[number]
        inputs: list[Input] = []

        def leaf(part: Any) -> Any:
            if not isinstance(part, Ref):
                return part
            array = np.array(self._value_before(number, part))
            inputs.append(Input(array, derived and array.dtype.kind in "fc"))
            return Ref(len(inputs) - 1)

        args = substitute(step.args, leaf)
        kwargs = {key: substitute(value, leaf) for key, value in step.kwargs.items()}
        step = replace(step, args=args, kwargs=kwargs, modes=())
        results = [item for value, item in self.ours.places if value == len(self.program.inputs) + number]
        states = self.ours.moments[number].states
        outputs, weights = [], []
        for item in results[:1] if derived else []:
            state = states[self.ours.places.index((len(self.program.inputs) + number, item))]
            if state is not None and np.dtype(state.value[0]).kind in "fc":
                outputs.append(Ref(len(inputs), item))
                weights.append(np.ones(state.value[1], state.value[0]))
        return Program(tuple(inputs), (step,), tuple(outputs), tuple(weights), regime=self.program.regime)

    def _value_before(self, step: int, ref: Ref) -> Array:
        """The reference's value when a step began."""
        place = self.ours.places.index((ref.index, ref.item))
        state = self.ours.moments[step - 1].states[place] if step else None
        return self.program.inputs[ref.index].array if state is None else restored(state.value)

    def _node_of(self, mismatch: Mismatch) -> str | None:
        """What the reference's node of the tensor that differs is called."""
        places = zip(self.ours.places, self.ours.moments[mismatch.step or 0].states)
        return next((s and s.node for place, s in places if place == (mismatch.where, mismatch.item)), None)

    def _reshaped(self, number: int) -> bool:
        """Whether data of another shape was given to a tensor before this step.

        Measured in torch 2.13: a leaf takes a gradient of its former shape as its `.grad` where nobody else holds
        that, and refuses a copy of it; var_mean and max go by the shape of the tensor that they saved.
        """
        steps = [step for step in range(number) if self.program.steps[step].op == "set_data"]
        return any(a != b for step in steps for a, b in zip(self._shapes(step - 1), self._shapes(step)))

    def _shapes(self, step: int) -> list[tuple[int, ...] | None]:
        """The shapes of everything after a step; -1 is before the first."""
        if step < 0:
            return [leaf.array.shape for leaf in self.program.inputs]
        return [None if state is None else state.value[1] for state in self.ours.moments[step].states]

    def _behind(self, number: int) -> bool:
        """Whether torch has other numbers once all that is saved is copied, though it noticed no write."""
        steps = self.program.steps[: number + 1]
        if not any(step.op in _BEHIND for step in steps):
            return False
        copying = self.program.with_(steps=tuple(replace(s, modes=(*s.modes, "saved_tensors_hooks")) for s in steps))
        ours, copied = self.ours.moments[number], live(copying, self.reference).moments[number]
        grads = [[None if s is None else (s.value, s.grad) for s in m.states] for m in (ours, copied)]
        return grads[0] != grads[1] or ours.told != copied.told

    def _seals(self, step: int) -> bool:
        """Whether torch leaves a gradient in the memory of one that was handed in, or of another gradient."""
        if self.program.steps[step].op not in ("backward", "autograd.grad"):
            return False
        moment = self.ours.moments[step]
        shared = (share for state in moment.states if state is not None for share in state.grad_shares)
        return moment.shares in self._seeds or any(of_grad or value in self._seeds for value, _, of_grad in shared)

    def _wrote_seed(self, step: int, value: int) -> bool:
        """Whether torch's own backward pass wrote into this value, which was handed in."""
        if self.program.steps[step].op != "backward" or value not in self._seeds or not step:
            return False
        before, after = self.ours.moments[step - 1].states, self.ours.moments[step].states
        states = zip(self.ours.places, before, after)
        return any(s and t and s.version != t.version for (number, _), s, t in states if number == value)

    def _wrote(self, step: int) -> bool:
        """Whether torch counts a write into anything in this step."""
        before, after = self.ours.moments[step - 1].states, self.ours.moments[step].states
        return any(s and t and s.version != t.version for s, t in zip(before, after))

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
        return [live(self.program, self.subject) for _ in range(times)]

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
        yield from self._hooks(value, a, b)
        if a.shares != b.shares and not self._promises_nothing(step, a, b):
            says = "shares its memory with another value"
            yield self._plain("alias", value, a.shares, b.shares, f"the result {says}: {a.shares} against {b.shares}")
        if a.warned != b.warned and self.program.steps[step].op == "grad":
            yield self._plain(
                "warning", value, a.warned or "none", b.warned or "none", "one side warns, the other does not"
            )
        for place, (s, t) in enumerate(zip(a.states, b.states)):
            if s != t and s is not None and t is not None:
                yield from self._states(step, place, s, t)

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

    def _hooks(self, value: int, a: Moment, b: Moment) -> Iterator[Mismatch | None]:
        ours, theirs = ([label for label, _ in m.told] for m in (a, b))
        if ours != theirs:
            why = (
                "hooks are called in another order"
                if sorted(ours) == sorted(theirs)
                else "not the same hooks are called"
            )
            yield self._plain("hook", value, ", ".join(ours) or "none", ", ".join(theirs) or "none", why)
            return
        for (label, given), (_, other) in zip(a.told, b.told):
            for p, q in zip(given, other):
                if p != q and (p is None or q is None or not self._close(p, q)):
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
                    if a != b and _NAME.search(b) and self._promises_name(step, place):
                        yield self._plain("name", value, a, b, "its grad_fn has another name", item)
                    continue
            if a != b and (check != "layout" or self._promised_layout(value)):
                yield self._plain(check, value, a, b, reason, item)
        if s.grad is None or t.grad is None:
            if s.grad is not t.grad:
                a, b = ("None" if x is None else f"{np.dtype(x[0]).name}{list(x[1])}" for x in (s.grad, t.grad))
                yield self._plain("none", value, a, b, ".grad is there in one engine only", item)
        elif s.grad != t.grad:
            yield from self._image("gradient", step, place, s.grad, t.grad)
        if extra := set(t.grad_shares) - set(s.grad_shares):
            number, _, of_grad = min(extra)
            what = f"the .grad of value {number}" if of_grad else f"value {number}"
            yield self._plain("alias", value, "own memory", what, ".grad shares memory with something else", item)

    def _promises_name(self, step: int, place: int) -> bool:
        """Whether an engine with torch's names has to call this node as torch does: not in a derivative's own graph."""
        name = _node_at(self.ours.moments[step], place)
        while step and _node_at(self.ours.moments[step - 1], place) == name:
            step -= 1
        made = self.program.steps[step]
        if made.op == "requires_grad_":  # which gives the very tensor
            (same,) = made.refs()
            return self._promises_name(step, self.ours.places.index((same.index, same.item)))
        number, _ = self.ours.places[place]
        return made.op not in _GIVING and made.op not in NAMED and self._made_by(number) not in NAMED

    def _made_by(self, value: int) -> str:
        """The operator or act that made the tensor, past those that wrote into it."""
        step = value - len(self.program.inputs)
        while step >= 0 and (writes(self.program.steps[step]) or self.program.steps[step].op in _SAME):
            target = self.program.steps[step].kwargs.get("out") or next(self.program.steps[step].refs())
            step = target.index - len(self.program.inputs)
        return self.program.steps[step].op if step >= 0 else ""

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
        spread = np.zeros(x.shape)
        for life in self._jittered():
            state = life.moments[step].states[place] if place < len(life.moments[step].states) else None
            image = None if state is None else state.value if check == "value" else state.grad
            if image is not None and image[0] == x.dtype.str and image[1] == x.shape:
                np.maximum(spread, deviation(x, restored(image)), out=spread)
        with np.errstate(all="ignore"):
            room = allowed(x, spread)
        finite = np.isfinite(off) & (room > 0)
        self.worst = max(self.worst, float((off[finite] / room[finite]).max(initial=0.0)))
        return np.asarray(off <= room)

    def _jittered(self) -> list[Life]:
        if self._nudged is None:
            treatments = treatment(self.program, Run(self.names[0], aliases=self._aliases()))
            self._nudged = [live(self.program, Jittered(self.reference, treatments, number)) for number in range(RUNS)]
        return self._nudged

    def _aliases(self) -> list[int | None]:
        return [moment.shares for moment in self.ours.moments]

    def _grave(self, x: Array, y: Array, apart: Array) -> bool:
        """Whether the difference is more than would leave a program undecided."""
        with np.errstate(all="ignore"):
            off = deviation(x, y)[apart]
            size = np.abs(x[np.isfinite(x)]).max(initial=0.0)
        return bool((off > UNSTABLE[x.dtype.name] * max(size, float(np.finfo(x.dtype).tiny))).any())

    def _close(self, a: Image, b: Image) -> bool:
        """Whether what two hooks were given is the same up to a difference that decides nothing."""
        if a[:2] != b[:2]:
            return False
        x, y = restored(a), restored(b)
        apart = _apart(x, y)
        return not apart.any() or (x.dtype.kind in "fc" and not self._grave(x, y, apart))

    def _promises_nothing(self, step: int, a: Moment, b: Moment) -> bool:
        """Gradients may share memory with what was handed in, as torch's do; an engine need not.

        Nor is it promised whether what lies in one order here and in another there is copied.
        """
        op = self.program.steps[step].op
        if (op in CATALOGUE and "may_view" in CATALOGUE[op].tags) or op == "contiguous":
            given = next(iter(self.program.steps[step].refs()), None)
            if given is not None and not self._lies_alike(given.index, step):
                return True
        return a.shares in self._seeds or (self.program.steps[step].op in _GIVING and b.shares is None)

    @cached_property
    def _seeds(self) -> frozenset[int]:
        """Values that were handed in as gradients."""
        steps = [step for step in self.program.steps if step.op in ("backward", "autograd.grad")]
        return frozenset(ref.index for step in steps for ref in references(step.args[-1]))

    def _promised_layout(self, value: int, asked: frozenset[int] = frozenset()) -> bool:
        """Views lie as they must; how a new tensor lies is an engine's own affair, and then how its views lie.

        `asked`: values whose memory this one's was set to, on the way here; two may be set to each other's.
        """
        step = value - len(self.program.inputs)
        for other in self.program.steps[max(step + 1, 0) :]:
            target, *given = (ref.index for ref in other.refs()) if other.op == "set_data" else (None,)
            new = (source for source in given if source not in asked)
            if target == value and not all(self._promised_layout(source, asked | {value}) for source in new):
                return False
        if step < 0:
            return True
        moment = self.ours.moments[step]
        if moment.shares is None or self.program.steps[step].op in _GIVING:
            return False
        return self._lies_alike(moment.shares, step)

    def _lies_alike(self, value: int, now: int) -> bool:
        """Whether all of a value lay alike in both engines after this step, or when it was last there."""
        places = [place for place, (number, _) in enumerate(self.ours.places) if number == value]
        return bool(places) and all(self._alike_at(place, now) for place in places)

    def _alike_at(self, place: int, now: int) -> bool:
        for a, b in zip(reversed(self.ours.moments[: now + 1]), reversed(self.theirs.moments[: now + 1])):
            s, t = (m.states[place] if place < len(m.states) else None for m in (a, b))
            if s is not None and t is not None:
                return s.layout == t.layout
        return False

    def _plain(self, check: Check, where: int, a: Any, b: Any, reason: str, item: int | None = None) -> Mismatch:
        return Mismatch(check, where, item, (), a, b, None, None, "subject", reason)


def _node_at(moment: Moment, place: int) -> str | None:
    state = moment.states[place] if place < len(moment.states) else None
    return None if state is None else state.node


def _sense(message: str) -> str:
    text = message.lower()
    return next((sense for sense, pattern in _SENSES.items() if re.search(pattern, text)), "")


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


def _short(image: Image | None) -> str:
    if image is None:
        return "None"
    array = restored(image)
    return str(array.tolist()) if array.size <= 3 else f"{array.dtype.name}{list(array.shape)}"
