"""Lives a history on an engine and observes everything after each step; knows acts, no operator."""

from __future__ import annotations

import gc
import warnings
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from itertools import combinations, starmap
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.array_utils import byte_bounds

from parity.acts import ACTS, MODES, Stage, lacking, lacking_mode
from parity.acts.functions import WRITING
from parity.engines.interpreter import missing, writes
from parity.engines.jittered import Jittered
from parity.engines.protocol import Array, Raised
from parity.program import DType, Input, Program, Ref, Step, substitute

#: Operators that read other elements than they write at that moment, in an order that nobody promises.
_ELSEWHERE = frozenset([
    "index_add", "index_copy", "index_put", "index_reduce", "masked_scatter", "put", "scatter", "scatter_add",
    "scatter_reduce", "setitem",
])  # fmt: skip
#: What torch says where it trips over a check of its own: nobody can agree with that.
BROKEN = "INTERNAL ASSERT FAILED"
#: Of what a node keeps: that it does not say; that it keeps nothing there, none any more, or no memory but its own.
MISSING, NOTHING, FREED, OWN = "missing", "nothing", "freed", "its own"
#: That it was written since, and that it was not.
REFUSED, HELD = "refused", "held"
#: Of memory: that it is not shown, as torch's of what it conjugates by a bit.
UNSEEN = "unseen"

#: An array as it was: dtype, shape, bytes.
Image = tuple[str, tuple[int, ...], bytes]


class State(NamedTuple):
    """All that can be seen of one tensor."""

    value: Image
    #: The strides, as far as they promise something: see `layout_of`.
    layout: tuple[int, ...]
    requires_grad: bool
    is_leaf: bool
    #: How often its memory was written since it was first seen; None for tensors of inference mode, which do not count.
    version: int | None
    #: The name of the node that made it, "" where there is none.
    node: str
    grad: Image | None
    #: Numbers of whatever shares memory with `.grad`: (value's number, output, whether that one's grad).
    grad_shares: tuple[tuple[int, int, bool], ...]


@dataclass(slots=True)
class Moment:
    """What is observed after one step; equal moments need no closer look."""

    raised: tuple[str, str] | None = None
    #: What the step left: "tensor", "3 tensors", "None", "nothing".
    left: str = ""
    #: The lowest number of an earlier value whose memory the result shares.
    shares: int | None = None
    states: tuple[State | None, ...] = ()
    #: What nodes keep: (place, what torch calls it, whose memory it is).
    kept: tuple[tuple[int, str, str], ...] = ()
    #: What hooks were given: (label, images).
    told: tuple[tuple[str, tuple[Image | None, ...]], ...] = ()
    warned: tuple[str, ...] = ()
    #: Whether two parts of what the step left share memory, or are one tensor.
    entwined: bool = field(default=False, compare=False)
    #: Whether the step read memory that it wrote, element by element in an order that nobody promises.
    racing: bool = field(default=False, compare=False)
    #: Whether gradients are recorded again, outside of all regions.
    recording: bool = True


@dataclass(slots=True)
class Life:
    """What one engine made of a history."""

    engine: str
    moments: list[Moment] = field(default_factory=list)
    #: Per part of a value, in the order of `Moment.states`: its number and output.
    places: list[tuple[int, int | None]] = field(default_factory=list)
    #: Per place the first one that names the very same tensor, if there is one.
    twins: list[int | None] = field(default_factory=list)
    #: Numbers of values whose memory is not seen: torch has bits for conjugation and negation, and nothing for zeros.
    unseen: set[int] = field(default_factory=set)
    #: Numbers of the values that were still there when nothing referred to them any more.
    survivors: tuple[int, ...] = ()


def live(
    program: Program, engine: Any, *, observing: bool = True, keeping: Mapping[str, Sequence[str]] | None = None
) -> Life:
    """Live the history to its end: what a step raises is observed, and the next step follows.

    With `observing=False` only the last moment is looked at. `keeping`: what nodes, by name, are known to keep; that
    is looked at when they are made, and in the end. The garbage collector rests meanwhile, so that what outlives its
    last reference is seen.
    """
    collecting = gc.isenabled()
    gc.disable()
    recording = _recording(engine.module)
    try:
        living = _Living(program, engine, keeping or {})
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for leaf in program.inputs:
                living.begin(leaf)
            last = len(program.steps) - 1
            for number, step in enumerate(program.steps):
                living.step(number, step, caught, observing or number == last)
        life = living.life
        watched = living.watched()
        living.end()
        del living
        life.survivors = tuple(number for number, reference in watched if reference() is not None)
        return life
    finally:
        if collecting:
            gc.enable()
        if _recording(engine.module) is not recording:
            _switched_back(engine.module, recording)


def _recording(lib: Any) -> bool:
    return bool(lib.is_grad_enabled()) if hasattr(lib, "is_grad_enabled") else True


def _switched_back(lib: Any, recording: bool) -> None:
    """A mode that leaked from a region is that history's fault, and not to be the next one's."""
    if hasattr(lib, "is_inference_mode_enabled") and lib.is_inference_mode_enabled():
        lib.inference_mode(False).__enter__()  # never left: there is nothing to go back to
    lib.set_grad_enabled(recording)


def unlived(program: Program, engine: Any) -> tuple[str, ...]:
    """What the history needs and the engine lacks, by torch's names."""
    lib = engine.module
    acts = [step.op for step in program.steps if step.op in ACTS and lacking(step.op, lib)]
    modes = [mode for step in program.steps for mode in step.modes if lacking_mode(mode, lib)]
    plain = program.with_(steps=tuple(step for step in program.steps if step.op not in ACTS))
    return tuple(dict.fromkeys([*acts, *modes, *missing(plain, engine)]))


class _Living:
    def __init__(self, program: Program, engine: Any, keeping: Mapping[str, Sequence[str]]) -> None:
        self.engine = engine
        self.keeping = keeping
        self.lib = engine.module
        self.stage = Stage(engine.module)
        self.life = Life(engine.name)
        self.tensor_type = engine.tensor_type
        #: The engine's own tensor, or tuple of tensors, of each value; what an act left; None where a step raised.
        self.values: list[Any] = []
        #: (tensor, number, output) of every tensor that has a name.
        self.named: list[tuple[Any, int, int]] = []
        self._watched: list[tuple[int, Any]] = []
        #: The version at which each named tensor was first seen: what made it may have written it already.
        self._first: list[int | None] = []
        self._last = len(program.steps) - 1
        self._cyclic = any(step.kwargs.get("create_graph") for step in program.steps if step.op == "backward")

    def begin(self, leaf: Input) -> None:
        tensor = self.engine.tensor(leaf.materialise(), leaf.requires_grad)
        self._name(tensor, len(self.values), None)
        self.values.append(tensor)

    def step(self, number: int, step: Step, caught: list[Any], observing: bool) -> None:
        stage, first = self.stage, len(self.named)
        stage.number = number
        stage.log = []
        if isinstance(self.engine, Jittered):
            self.engine.at(number)
        before = len(caught)
        moment = Moment()
        result = None
        try:
            result = self._done(step, moment)
        except Exception as error:
            moment.raised = type(error).__name__, str(error)
        value = len(self.values)
        kind = ACTS[step.op].result if step.op in ACTS else ""
        if kind == "handle":
            moment.left = "nothing"
            self.values.append(result)
        elif step.op == "forget":
            self._forget(step.args[0])
            self.values.append(None)
        else:
            moment.left = self._keep(result, value, moment)
        if observing:
            warned = caught[before:]
            del caught[before:]
            moment.warned = tuple(sorted({w.category.__name__ for w in warned}))
            self._observe(moment, number == self._last, first)
        self.life.moments.append(moment)

    def _done(self, step: Step, moment: Moment) -> Any:
        args = tuple([self._resolved(arg) for arg in step.args])
        kwargs = {key: self._resolved(value) for key, value in step.kwargs.items()}
        if writes(step) or step.op == "copy_" or (step.op == "apply" and step.args[0] in WRITING):
            moment.racing = self._races(step.op, args, kwargs)
        if step.seed is not None and hasattr(self.engine, "seed"):
            self.engine.seed(step.seed)
        act = ACTS.get(step.op)
        if not step.modes:
            if act is not None:
                return act.do(self.stage, *args, **kwargs)
            return self.engine.call(step.op, args, kwargs, step.spelling)
        with ExitStack() as stack:
            for mode in step.modes:
                stack.enter_context(MODES[mode].enter(self.lib, self.stage.tell))
            if act is not None:
                return act.do(self.stage, *args, **kwargs)
            return self.engine.call(step.op, args, kwargs, step.spelling)

    def _races(self, op: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
        """Whether what is written is read as well: by an argument that shows its memory otherwise, or elsewhere.

        Or is written several times, as windows that overlap are.
        """
        given = [kwargs["out"], *args] if "out" in kwargs else args
        flat = (part for arg in given for part in (arg if isinstance(arg, (tuple, list)) else (arg,)))
        arrays = [self.engine.array(part) for part in flat if isinstance(part, self.tensor_type)]
        if not arrays:
            return False  # what was to be written was refused before
        target, *others = arrays
        elsewhere = op in _ELSEWHERE
        low, high = byte_bounds(target)
        return high - low < target.nbytes or any(
            np.may_share_memory(target, other) and (elsewhere or not _same_region(target, other)) for other in others
        )

    def _resolved(self, argument: Any) -> Any:
        kind = type(argument)
        if kind is Ref:
            value = self.values[argument.index]
            return value if argument.item is None else value[argument.item]
        if kind is DType:
            return self.engine.dtype(argument.name)
        if kind is tuple or kind is list or kind is slice:
            return substitute(argument, self._resolved)
        return argument

    def _keep(self, result: Any, number: int, moment: Moment) -> str:
        if isinstance(result, (tuple, list)):
            parts = tuple(result)
            self.values.append(parts)
            given = [part for part in parts if part is not None]
            for part in given:
                self._share(part, number, moment)
            if len(given) > 1:
                memories = [self.engine.array(part) for part in given]
                bases = {id(part._base) for part in given if getattr(part, "_base", None) is not None}
                moment.entwined = any(starmap(np.may_share_memory, combinations(memories, 2))) or any(
                    id(part) in bases for part in given
                )
            for item, part in enumerate(parts):
                if part is not None:
                    self._name(part, number, item)
            return " ".join("None" if part is None else "tensor" for part in parts)
        self.values.append(result)
        if result is None:
            return "nothing"
        self._share(result, number, moment)
        self._name(result, number, None)
        return "tensor"

    def _share(self, tensor: Any, number: int, moment: Moment) -> None:
        """Note the first value whose memory the new one shares."""
        if moment.shares is not None:
            return
        memory = self.engine.array(tensor)
        for other, index, _ in self.named:
            if other is not None and np.may_share_memory(memory, self.engine.array(other)):
                moment.shares = index
                return
        if memory.size and not np.may_share_memory(memory, self.engine.array(tensor)):
            self.life.unseen.add(number)

    def _name(self, tensor: Any, number: int, item: int | None) -> None:
        self.life.twins.append(next((place for place, (known, _, _) in enumerate(self.named) if known is tensor), None))
        self.named.append((tensor, number, -1 if item is None else item))
        self.life.places.append((number, item))
        if not any(number == known and tensor is reference() for known, reference in self._watched):
            self._watched.append((number, weakref.ref(tensor)))

    def _forget(self, ref: Ref) -> None:
        """The name goes; places are kept, so that moments stay comparable by position."""
        if ref.item is None:
            self.values[ref.index] = None
        else:
            # Nothing to forget of a step that this engine refused.
            parts = list(self.values[ref.index] or ())
            parts[ref.item : ref.item + 1] = [None] * (ref.item < len(parts))
            self.values[ref.index] = tuple(parts)
        item = -1 if ref.item is None else ref.item
        self.named = [
            (None, number, part) if (number, part) == (ref.index, item) else (tensor, number, part)
            for tensor, number, part in self.named
        ]

    def watched(self) -> list[tuple[int, Any]]:
        """Weak references to every tensor that ever had a name."""
        return self._watched

    def end(self) -> None:
        """Let go of everything; a backward pass with `create_graph` ties leaves to themselves, which is undone."""
        if self._cyclic:
            for tensor, _, _ in self.named:
                with suppress(RuntimeError):  # a view that may not be asked any more
                    if tensor is not None and tensor.is_leaf and tensor.grad is not None:
                        tensor.grad = None
        self.values.clear()
        self.named.clear()
        self.stage.log = []

    # -- observing

    def _observe(self, moment: Moment, last: bool, new: int) -> None:
        moment.told = tuple((label, tuple(self._images(given))) for label, given in self.stage.log)
        self.stage.log = []
        grads: list[tuple[int, Array]] = []
        states: list[State | None] = []
        arrays: list[Array | None] = []
        for place, (tensor, _, _) in enumerate(self.named):
            if tensor is None:
                states.append(None)
                arrays.append(None)
                self._first += [None] * (place == len(self._first))
                continue
            state, array, grad = self._state(tensor)
            if place == len(self._first):
                self._first.append(state.version)
            first = self._first[place]
            if first and state.version is not None:
                state = state._replace(version=state.version - first)
            states.append(state)
            arrays.append(array)
            if grad is not None:
                grads.append((place, grad))
        for place, grad in grads:
            shares = self._grad_shares(place, grad, arrays, grads)
            if shares:
                found = states[place]
                assert found is not None
                states[place] = found._replace(grad_shares=shares)
        moment.states = tuple(states)
        moment.kept = tuple(self._kept(states, arrays, last, new))
        moment.recording = _recording(self.lib)

    def _state(self, tensor: Any) -> tuple[State, Array, Array | None]:
        array = self.engine.array(tensor)
        try:
            leaf, node = tensor.is_leaf, tensor.grad_fn
            found = tensor.grad if leaf or tensor.retains_grad else None
            requires_grad = tensor.requires_grad
        except RuntimeError as error:  # a view that may not be asked any more
            name = BROKEN if BROKEN in str(error) else type(error).__name__
            return State(_image(array), layout_of(array), False, False, None, name, None, ()), array, None
        try:
            version = tensor._version
        except RuntimeError:
            version = None
        grad = None if found is None else self.engine.array(found)
        name = "" if node is None else node.name()
        image = None if grad is None else _image(grad)
        return State(_image(array), layout_of(array), requires_grad, leaf, version, name, image, ()), array, grad

    def _kept(
        self, states: Sequence[State | None], arrays: Sequence[Array | None], last: bool, new: int
    ) -> Iterator[tuple[int, str, str]]:
        """What nodes of new tensors keep, and in the end whether that of the others was written."""
        for place in range(0 if last else new, len(states)):
            state = states[place]
            if state is not None and state.node in self.keeping:
                node = self.named[place][0].grad_fn
                for name in self.keeping[state.node]:
                    whose = self._whose(node, "_saved_" + name, arrays)
                    yield place, name, whose if place >= new or whose in (MISSING, FREED, REFUSED) else HELD

    def _whose(self, node: Any, attribute: str, arrays: Sequence[Array | None]) -> str:
        """Whose memory a node keeps there: "value 3", "its own"; or that it is "a number", "refused", "freed" …"""
        try:
            kept = getattr(node, attribute)
        except AttributeError:
            return MISSING
        except RuntimeError as error:
            return FREED if "freed" in str(error) else REFUSED
        if kept is None:
            return NOTHING
        if not isinstance(kept, self.tensor_type) or not kept.ndim:
            return "a number"  # torch keeps a tensor of Python's numbers too
        memory = self.engine.array(kept)
        for (_, number, _), array in zip(self.named, arrays):
            if array is not None and np.may_share_memory(memory, array):
                return f"value {number}"
        return OWN if not memory.size or np.may_share_memory(memory, self.engine.array(kept)) else UNSEEN

    def _grad_shares(
        self, place: int, grad: Array, arrays: Sequence[Array | None], grads: Sequence[tuple[int, Array]]
    ) -> tuple[tuple[int, int, bool], ...]:
        share = np.may_share_memory
        own = self.named[place][0]
        found = [
            (*self.named[other][1:], True)
            for other, array in grads
            if other != place and share(grad, array) and self.named[other][0] is not own
        ]
        found += [
            (*self.named[other][1:], False)
            for other, array in enumerate(arrays)
            if array is not None and share(grad, array)
        ]
        return tuple(found)

    def _images(self, given: Sequence[Any]) -> list[Image | None]:
        flat: list[Image | None] = []
        for part in given:
            for tensor in part if isinstance(part, (tuple, list)) else (part,):
                flat.append(None if tensor is None else _image(self.engine.array(tensor)))
        return flat


def _same_region(a: Array, b: Array) -> bool:
    """Whether two arrays show the same elements in the same places."""
    return (a.ctypes.data, a.shape, a.strides, a.dtype) == (b.ctypes.data, b.shape, b.strides, b.dtype)


def _image(array: Array) -> Image:
    return array.dtype.str, array.shape, array.tobytes()


def restored(image: Image) -> Array:
    """The array of an image."""
    dtype, shape, data = image
    return np.frombuffer(data, dtype).reshape(shape)


def layout_of(array: Array) -> tuple[int, ...]:
    """The class of the strides: per axis longer than 1 the rank of its stride, 0 where it is 0; () where in order.

    What lies dense in another order is told by the order alone: how wide a gap is shows in what is shared.
    """
    flags = array.flags
    if flags.c_contiguous:
        return ()
    steps = [stride for size, stride in zip(array.shape, array.strides) if size > 1]
    ranked = sorted(set(map(abs, steps)) - {0})
    return tuple([0 if step == 0 else 1 + ranked.index(abs(step)) for step in steps])


def steps_with_raise(life: Life) -> list[Raised | None]:
    """Per step: what it raised."""
    return [
        None if moment.raised is None else Raised(*moment.raised, f"step {number}")
        for number, moment in enumerate(life.moments)
    ]
