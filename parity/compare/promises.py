"""What torch promises of a history, and what an engine need not do as torch does it; knows no operator."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from parity.acts import ACTS
from parity.catalogue import CATALOGUE
from parity.catalogue.excluded import mistaken
from parity.catalogue.nodes import NAMED
from parity.compare.alone import alone
from parity.compare.verdict import Mismatch, Verdict
from parity.engines.interpreter import writes
from parity.engines.living import (
    BROKEN,
    FREED,
    HELD,
    MISSING,
    NOTHING,
    OWN,
    REFUSED,
    UNSEEN,
    Life,
    Moment,
    State,
    live,
    restored,
)
from parity.engines.protocol import Raised, Run, Value
from parity.program import Program, Ref, Step, references

#: What a refusal says that is about how a tensor lies.
_OF_STRIDES = re.compile(r"stride|contiguous")
#: Acts that give the tensor that they are given.
_SAME = frozenset(["requires_grad_", "detach_", "zero_", "fill_", "copy_"])
#: The node of what has no derivative.
_NO_SECOND = "torch::autograd::NotImplemented"
#: What a refusal says that is about memory which is read and written, of what lies dense.
_OF_OVERLAP = re.compile(r"single memory location")
#: What torch says of what was saved and taken out of its graph.
_DETACHED = "has been detached in-place"
#: Acts that give gradients.
_GIVING = frozenset(["autograd.grad", "grad"])
#: Operators that show memory as another dtype.
_TURNING = frozenset(["view_as_real", "view_as_complex", "real", "imag"])
#: Acts after which memory that was saved may hold something else, uncounted.
_BEHIND = frozenset(["data", "set_data"])


def _multiplied_infinity(first: Mismatch) -> bool:
    """Whether a complex number is not one in the reference, and infinite in the subject."""
    theirs, ours = first.reference, first.subject
    return np.iscomplexobj(theirs) and bool(np.isnan(theirs)) and bool(np.isinf(ours))


@dataclass
class Promises:
    """What of a difference between two lives of one history torch promises; the reference is torch, or in its stead."""

    program: Program
    reference: Any
    ours: Life
    theirs: Life
    #: What is found of one operator by itself, where there is more to go by than in a history.
    judged: Callable[[Program], Verdict] | None = None

    def unpromised(self, number: int, moment: Moment, first: Mismatch) -> str:
        """Why torch promises nothing of what differs; empty if it does."""
        if moment.racing and first.check == "value":
            return "the step reads what it writes, in an order that nobody promises"
        if moment.raised is not None and (mistake := mistaken(moment.raised[1])):
            return mistake
        if any(state is not None and state.node == BROKEN for state in moment.states):
            return "torch trips over a check of its own inside"
        if first.where == len(self.program.inputs) + number and self._internals_show(number, moment):
            return "torch records, or refuses, what its kernels do inside for a leaf made in inference mode"
        if first.check in ("version", "value") and self._wrote_seed(number, first.where):
            return "torch writes into what was handed in, which is the memory of a gradient"
        if self._of_one_memory(number, first):
            return "gradients of torch's and what was handed in may be one tensor, or one memory and its writes"
        if first.check == "shape" and not self._same_operands(number):
            return "the shape hangs on numbers that agree but for their rounding"
        if self._lay_apart(number):
            return "what is copied in one engine, as it lies, is a view in the other"
        if first.check in ("name", "error", "gradient", "requires_grad") and self._turned_and_moved(number):
            return "torch finds what is seen as another dtype in its first geometry again, whose gradient it refuses"
        if self._converted_and_detached(number, first):
            return "what is computed in another dtype may be kept in that one, which nobody has detached"
        if first.check == "version" and self._nothing_given(number, first):
            return "an empty gradient may be handed over or copied, by strides that lead nowhere"
        if first.check == "error" and self._about_strides(number, first):
            return "what is refused lies otherwise in the other engine, which is nobody's promise"
        if first.check == "hook" and self._hangs_on_another_node(first):
            return "the hook hangs on a node that torch has in another operator's place, with gradients of its own"
        if self.program.steps[number].op in ("backward", "autograd.grad") and self._reshaped(number):
            return "torch takes shapes from saved tensors, and from leaves, that `.data` gave another shape"
        if self.program.steps[number].op in _GIVING and self._node_of(first) == _NO_SECOND:
            return "torch records that it has no second derivative here"
        if first.check in ("requires_grad", "leaf") and self._lent(number, first):
            return "a gradient of torch's is a view of what was handed in, or of another gradient"
        if first.check == "gradient" and (_multiplied_infinity(first) or self._seen_as_complex(first)):
            return "torch multiplies complex gradients by 1 when it adds them, and an infinity becomes nan"
        if first.check in ("value", "gradient", "hook") and self._inaccurate(number, first):
            return "torch is inaccurate here, or nobody can tell"
        if first.check in ("gradient", "value", "hook") and self._behind(number):
            return "what was saved was written or exchanged behind the tape's back"
        return ""

    def _of_one_memory(self, number: int, first: Mismatch) -> bool:
        """Whether what differs is a gradient, or a view of one, and the step acts on another one that it came with."""
        given = next(self.program.steps[number].refs(), None)
        own = len(self.program.inputs) + number
        if given is None or (first.where, first.item) in ((given.index, given.item), (own, None)):
            return False
        giver, other = self._giver(first.where), self._giver(given.index)
        if first.check == "version" and self._gives(giver):
            return True
        if not self._gives(other):
            return False
        return first.where in self._seeds or (giver == other and self.ours.moments[other].entwined)

    def _gives(self, step: int) -> bool:
        return step >= 0 and self.program.steps[step].op in _GIVING

    def _giver(self, value: int) -> int:
        """The step of which a tensor, or what it is a view of, came; -1 for an input."""
        while (step := value - len(self.program.inputs)) >= 0:
            shares = self.ours.moments[step].shares
            if shares is None or self.program.steps[step].op in _GIVING:
                return step
            value = shares
        return -1

    def _same_operands(self, number: int) -> bool:
        """Whether what the step is given has the very same bits in both engines."""
        before = slice(number - 1, number)
        given = {(ref.index, ref.item) for ref in self.program.steps[number].refs()}
        return all(
            s is None or t is None or s.value == t.value
            for ours, theirs in zip(self.ours.moments[before], self.theirs.moments[before])
            for place, s, t in zip(self.ours.places, ours.states, theirs.states)
            if place in given
        )

    def _about_strides(self, number: int, first: Mismatch) -> bool:
        """Whether one engine refuses for the strides of what the step is given, which lies otherwise in the other.

        So it may for memory that is shared, which is asked of what lies dense alone, and of all its strides: those of
        dimensions of size 1 are nobody's promise.
        """
        refused = [side.message for side in (first.reference, first.subject) if isinstance(side, Raised)]
        given = {ref.index for ref in self.program.steps[number].refs()}
        overlap = any(_OF_OVERLAP.search(text) for text in refused)
        shapes = zip(self.ours.places, self._shapes(number - 1))
        if overlap and any(1 in (shape or ()) for (value, _), shape in shapes if value in given):
            return True
        about = overlap or any(_OF_STRIDES.search(text) for text in refused)
        return about and not all(self._lies_alike(value, number - 1) for value in given)

    def _converted_and_detached(self, number: int, first: Mismatch) -> bool:
        """Whether torch alone knows that what an operator of several dtypes saved has left its graph since.

        It refuses what was detached in place, and gives gradients of what requires no grad any more none themselves.
        """
        steps = self.program.steps[:number]
        if first.check == "error":
            by = "detach_"
            if first.subject is not None or _DETACHED not in getattr(first.reference, "message", ""):
                return False
        elif first.check == "requires_grad" and self._gives(first.where - len(self.program.inputs)):
            by = "requires_grad_"
        else:
            return False
        detached = {ref for step in steps if step.op == by for ref in step.refs()}
        return any(
            step.op not in ACTS and detached.intersection(step.refs()) and len(self._dtypes(step.refs(), n)) > 1
            for n, step in enumerate(steps)
        )

    def _nothing_given(self, number: int, first: Mismatch) -> bool:
        """Whether it is a gradient that has no elements."""
        state = self._state_of(number, first)
        return state is not None and 0 in state.value[1] and self._gives(self._giver(first.where))

    def _dtypes(self, refs: Iterable[Ref], number: int) -> set[str]:
        """The dtypes of these values after the step."""
        given = {(ref.index, ref.item) for ref in refs}
        states = zip(self.ours.places, self.ours.moments[number].states)
        return {state.value[0] for place, state in states if place in given and state is not None}

    def _seen_as_complex(self, first: Mismatch) -> bool:
        """Whether a real number, seen as complex, is none in the reference alone, where something is infinite."""
        seen = any(step.op == "view_as_complex" for step in self.program.steps)
        infinite = any(leaf.array.dtype.kind in "fc" and np.isinf(leaf.array).any() for leaf in self.program.inputs)
        alone = np.isrealobj(first.reference) and np.isnan(first.reference) and not np.isnan(first.subject)
        return bool(seen and infinite and alone)

    def _turned_and_moved(self, number: int) -> bool:
        """Whether what is seen as another dtype than its base was given another geometry in place.

        Measured in torch 2.13: `t = view_as_real(z); t.transpose_(0, 1); t.mul_(2)` has a ViewAsRealBackward0 again,
        and its gradient has the shape that t had before: "invalid gradient at index 0". Nor can
        `t = view_as_complex(x); x.transpose_(0, 1); x.add_(w)` find t's node again.
        """
        steps = self.program.steps
        for step in steps[: number + 1]:
            if step.spelling == "inplace" and step.op in CATALOGUE and "view" in CATALOGUE[step.op].tags:
                base = next(step.refs()).index
                if any(s.op in _TURNING and next(s.refs()).index == base for s in steps[:number]):
                    return True
                value = base - len(self.program.inputs)
                while value >= 0:
                    if steps[value].op in _TURNING:
                        return True
                    value = next((ref.index for ref in steps[value].refs()), 0) - len(self.program.inputs)
        return False

    def _lay_apart(self, number: int) -> bool:
        """Whether some step up to this one gave a view in one engine only, because what it was given lay otherwise."""
        sides = zip(self.ours.moments[: number + 1], self.theirs.moments)
        return any(a.shares != b.shares and self._copies_as_it_lies(step) for step, (a, b) in enumerate(sides))

    def _internals_show(self, number: int, moment: Moment) -> bool:
        """Whether an operator is given, outside the mode, a tensor of inference mode that requires grad.

        Measured in torch 2.13 on such a leaf: sort gives CopyBackwards, cumsum of a number FillBackward3 (it has
        Cumsum), kthvalue refuses its own out=, exp and topk record nothing.
        """
        step = self.program.steps[number]
        if "inference_mode" in step.modes:
            return False
        given = {(ref.index, ref.item) for ref in step.refs()}
        states = zip(self.ours.places, moment.states)
        return any(place in given and s is not None and s.version is None and s.requires_grad for place, s in states)

    def _state_of(self, number: int, mismatch: Mismatch) -> State | None:
        """The reference's tensor that differs, after a step."""
        places = zip(self.ours.places, self.ours.moments[number].states)
        return next((state for place, state in places if place == (mismatch.where, mismatch.item)), None)

    def _node_of(self, mismatch: Mismatch) -> str | None:
        state = self._state_of(mismatch.step or 0, mismatch)
        return None if state is None else state.node

    def _lent(self, number: int, first: Mismatch) -> bool:
        """Whether a gradient of the reference's requires grad, though nothing made it and nobody asked that of it."""
        made = first.where - len(self.program.inputs)
        if made < 0 or self.program.steps[made].op not in _GIVING or self._node_of(first):
            return False
        state = self._state_of(number, first)
        asked = {(ref.index, ref.item) for ref in self.program.steps[number].refs()}
        return state is not None and state.requires_grad and (first.where, first.item) not in asked

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

    def _inaccurate(self, number: int, first: Mismatch) -> bool:
        """Whether the step by itself, on the values that the reference had, is not held against the subject.

        Of a gradient, also of one that was given or that a hook was told: whether some step before it is one of which
        torch's derivative is inaccurate, or of which by itself nobody can tell.
        """
        if self.judged is None or self.program.regime == "exact":
            return False
        if first.check == "hook" and not self._told_other_numbers(number):
            return False
        if first.check != "value" or self._gives(self._giver(first.where)):
            steps = [step for n in range(number) if (step := self._alone(n)) is not None]
            verdicts = (self.judged(step) for step in steps)
            return any(
                verdict.inaccurate_reference or verdict.status == "undecided" or _wherever(verdict)
                for verdict in verdicts
            )
        own = first.where == len(self.program.inputs) + number
        step = self._alone(number) if own or self._wrote_other_numbers(number) else None
        return step is not None and self.judged(step.with_(outputs=(), cotangents=())).status != "differs"

    def _alone(self, number: int) -> Program | None:
        """The step as a program of its own; None for what is no operator, or gave nothing."""
        step, moments = self.program.steps[number], self.ours.moments
        if step.op in ACTS or moments[number].raised is not None:
            return None
        run = Run(self.ours.engine)
        for value in range(len(self.program.inputs) + number + 1):
            own = value == len(self.program.inputs) + number
            array, needs = self._held(value, moments[number if own or not number else number - 1])
            before = not number and value < len(self.program.inputs)
            run.values.append(self.program.inputs[value].array if before else array)
            run.requires_grad.append(needs)
        bare = self.program.with_(steps=tuple(replace(s, modes=()) for s in self.program.steps), history=False)
        return alone(bare, run, number, traced=False)

    def _wrote_other_numbers(self, number: int) -> bool:
        """Whether what the step writes to, of the same numbers before, has other ones in the other engine now."""
        step = self.program.steps[number]
        if not writes(step) or not self._same_operands(number):
            return False
        target = next(step.refs())
        place = self.ours.places.index((target.index, target.item))
        ours, theirs = (
            (state := life.moments[number].states[place]) and state.value for life in (self.ours, self.theirs)
        )
        return ours is not None and theirs is not None and ours != theirs

    def _hangs_on_another_node(self, first: Mismatch) -> bool:
        """Whether the hook that is told something else is one of a node which has another name in the other engine."""
        for number, step in enumerate(self.program.steps):
            if step.op == "hook" and step.args[1] in ("node", "before") and first.reason.startswith(f"hook {number} "):
                place = self.ours.places.index((step.args[0].index, step.args[0].item))
                return not self.named_alike(self.ours.moments[number], self.theirs.moments[number], place)
        return False

    def _told_other_numbers(self, number: int) -> bool:
        """Whether hooks of both engines were told of the same gradients, which differ in their numbers alone."""
        sides = [
            [(label, [image and image[:2] for image in given]) for label, given in life.moments[number].told]
            for life in (self.ours, self.theirs)
        ]
        return sides[0] == sides[1]

    def _held(self, value: int, moment: Moment) -> tuple[Value, bool | tuple[bool, ...]]:
        """A value's array, or arrays, at a moment, and whether it requires grad."""
        found = [(item, state) for (of, item), state in zip(self.ours.places, moment.states) if of == value]
        arrays = tuple(np.zeros(0) if state is None else restored(state.value) for _, state in found)
        needs = tuple(state is not None and state.requires_grad for _, state in found)
        if found and found[0][0] is None:
            return arrays[0], needs[0]
        return arrays, needs

    def _behind(self, number: int) -> bool:
        """Whether torch has other numbers once all that is saved is copied, though it noticed no write."""
        steps = self.program.steps[: number + 1]
        if not any(step.op in _BEHIND for step in steps):
            return False
        copying = self.program.with_(steps=tuple(replace(s, modes=(*s.modes, "saved_tensors_hooks")) for s in steps))
        ours, copied = self.ours.moments[number], live(copying, self.reference).moments[number]
        grads = [[None if s is None else (s.value, s.grad) for s in m.states] for m in (ours, copied)]
        return grads[0] != grads[1] or ours.told != copied.told

    def seals(self, step: int) -> bool:
        """Whether torch leaves a gradient in the memory of one that was handed in, or of another gradient."""
        if self.program.steps[step].op not in ("backward", "autograd.grad"):
            return False
        moment = self.ours.moments[step]
        if moment.entwined:
            return True
        shared = (share for state in moment.states if state is not None for share in state.grad_shares)
        return moment.shares in self._seeds or any(of_grad or value in self._seeds for value, _, of_grad in shared)

    def _wrote_seed(self, step: int, value: int) -> bool:
        """Whether torch's own backward pass wrote into this value, which was handed in."""
        if self.program.steps[step].op != "backward" or value not in self._seeds or not step:
            return False
        before, after = self.ours.moments[step - 1].states, self.ours.moments[step].states
        states = zip(self.ours.places, before, after)
        return any(s and t and s.version != t.version for (number, _), s, t in states if number == value)

    def wrote(self, step: int) -> bool:
        """Whether torch counts a write into anything in this step."""
        before, after = self.ours.moments[step - 1].states, self.ours.moments[step].states
        return any(s and t and s.version != t.version for s, t in zip(before, after))

    def name(self, step: int, place: int) -> bool:
        """Whether an engine with torch's names has to call this node as torch does: not in a derivative's own graph."""
        name = _node_at(self.ours.moments[step], place)
        while step and _node_at(self.ours.moments[step - 1], place) == name:
            step -= 1
        twin = self.ours.twins[place]
        if twin is not None and step and _node_at(self.ours.moments[step - 1], twin) == name:
            return self.name(step - 1, twin)
        op = self.program.steps[step].op
        number, _ = self.ours.places[place]
        return (
            not self._copies_as_it_lies(step)
            and op not in _GIVING
            and op not in NAMED
            and self._made_by(number) not in {*NAMED, *_GIVING}
        )

    @staticmethod
    def named_alike(a: Moment, b: Moment, place: int) -> bool:
        """Whether a tensor's node has one name in both engines; of another one is told, or there is a reason."""
        return _node_at(a, place) == _node_at(b, place)

    def kept(self, place: int, ours: str, theirs: str) -> bool:
        """Whether what a node keeps has to be what torch's does.

        A result that was written into older memory may be kept as it was computed, and operands of two dtypes in the
        one that they are computed in; graphs of derivatives are an engine's own. In the end it has to be noticed that
        something was written; what is freed is not looked at, nor by which name an engine keeps what torch does not.
        """
        if HELD in (ours, theirs):
            return ours == REFUSED
        if ours == UNSEEN or FREED in (ours, theirs) or theirs == MISSING:
            return False
        value, step = self._maker(place)
        if self._gives(step) or (ours == NOTHING and self._leads_nowhere(step)):
            return False
        kept, others = (_numbered(whose) for whose in (ours, theirs))
        if kept in self._seeds and others is not None and self._gives(self._giver(others)):
            return False  # torch's gradient is in the memory that was handed in
        if theirs != OWN or step < 0:
            return True
        seen = {value, *(ref.index for ref in self.program.steps[step].refs())}
        states = zip(self.ours.places, self.ours.moments[step].states)
        dtypes = {s.value[0] for (number, _), s in states if number in seen and s is not None}
        return not self._written(value) and len(dtypes) <= 1

    def _written(self, value: int) -> bool:
        """Whether some step writes into a value, or into another name of it."""
        twins = zip(self.ours.places, self.ours.twins)
        names = {value, *(n for (n, _), twin in twins if twin is not None and self.ours.places[twin][0] == value)}
        targets = (next(step.refs()).index for step in self.program.steps if writes(step))
        return value >= len(self.program.inputs) and (
            writes(self.program.steps[value - len(self.program.inputs)]) or not names.isdisjoint(targets)
        )

    def _maker(self, place: int) -> tuple[int, int]:
        """The value and the step by which a tensor was made, or last written and recorded: past its other names."""
        first, inputs = self._first_name(place), len(self.program.inputs)
        for name in range(place, first, -1):
            value = self.ours.places[name][0]
            step = value - inputs
            if step >= 0 and self._first_name(name) == first and _records_a_write(self.program.steps[step]):
                return value, step
        value = self.ours.places[first][0]
        return value, value - inputs

    def _first_name(self, place: int) -> int:
        while (twin := self.ours.twins[place]) is not None:
            place = twin
        return place

    def _leads_nowhere(self, step: int) -> bool:
        """Whether an operand may require grad as its base does, though it leads nowhere.

        It was made in a region, or before its base was asked to require grad.
        """
        if step < 0:
            return False
        given = {ref.index for ref in self.program.steps[step].refs()}
        firsts = {self.ours.places[p][0]: self._maker(p)[0] for p in range(len(self.ours.places))}
        made = [firsts.get(value, value) - len(self.program.inputs) for value in given]
        later = [n for n, other in enumerate(self.program.steps[:step]) if other.op == "requires_grad_"]
        return any(
            number >= 0 and (self.program.steps[number].modes or any(n > number for n in later)) for number in made
        )

    def _made_by(self, value: int) -> str:
        """The operator or act that made the tensor, past those that wrote into it."""
        step = value - len(self.program.inputs)
        while step >= 0 and (writes(self.program.steps[step]) or self.program.steps[step].op in _SAME):
            target = self.program.steps[step].kwargs.get("out") or next(self.program.steps[step].refs())
            step = target.index - len(self.program.inputs)
        return self.program.steps[step].op if step >= 0 else ""

    def alias(self, step: int, a: Moment, b: Moment) -> bool:
        """Whether the result has to share memory as torch's does.

        Gradients may with what was handed in, as torch's do; an engine need not. Nor is it promised whether what lies
        in one order here and in another there is copied. And of torch's bits for what is not computed nothing is seen.
        """
        if self._copies_as_it_lies(step):
            return False
        if not self.ours.unseen.isdisjoint((len(self.program.inputs) + step, b.shares)):
            return False
        return a.shares not in self._seeds and (self.program.steps[step].op not in _GIVING or b.shares is not None)

    def _copies_as_it_lies(self, step: int) -> bool:
        """Whether the step copies only what lies out of order, and what it is given lies otherwise in one engine."""
        op = self.program.steps[step].op
        if (op in CATALOGUE and "may_view" in CATALOGUE[op].tags) or op == "contiguous":
            given = next(iter(self.program.steps[step].refs()), None)
            return given is not None and not self._lies_alike(given.index, step)
        return False

    @cached_property
    def _seeds(self) -> frozenset[int]:
        """Values that were handed in as gradients."""
        steps = [step for step in self.program.steps if step.op in ("backward", "autograd.grad")]
        return frozenset(ref.index for step in steps for ref in references(step.args[-1]))

    def held(self, value: int) -> bool:
        """Whether the graph of some leaf's gradient may keep this value, which was handed in when that was recorded.

        The reference never lets go of such a leaf either; what it keeps there besides is no promise.
        """
        steps = (step for step in self.program.steps if step.op == "backward" and step.kwargs.get("create_graph"))
        given = {ref.index for step in steps for ref in references(step.args[-1])}
        return bool(self.ours.survivors) and value in given

    def layout(self, value: int, asked: frozenset[int] = frozenset()) -> bool:
        """Views lie as they must; how a new tensor lies is an engine's own affair, and then how its views lie.

        `asked`: values whose memory this one's was set to, on the way here; two may be set to each other's.
        """
        step = value - len(self.program.inputs)
        for other in self.program.steps[max(step + 1, 0) :]:
            target, *given = (ref.index for ref in other.refs()) if other.op == "set_data" else (None,)
            new = (source for source in given if source not in asked)
            if target == value and not all(self.layout(source, asked | {value}) for source in new):
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


def _records_a_write(step: Step) -> bool:
    return writes(step) and (not step.modes or step.modes[-1] == "enable_grad")


def _numbered(whose: str) -> int | None:
    """The number in "value 3"."""
    kind, _, number = whose.partition(" ")
    return int(number) if kind == "value" else None


def _wherever(verdict: Verdict) -> bool:
    """Whether the reference goes to another number altogether when nudged, and the subject is where it goes."""
    return verdict.moved is not None and verdict.moved[1] == float("inf")


def _node_at(moment: Moment, place: int) -> str | None:
    state = moment.states[place] if place < len(moment.states) else None
    return None if state is None else state.node
