"""Draws histories while the reference lives them: operators, views, writing, backward passes, hooks, regions.

What is refused is part of a history: the step that raises is kept, and the next one follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

import numpy as np

from parity.acts import CHECKPOINTED, FUNCTIONS, HOOKS, MODES
from parity.acts.functions import ARITY, CHECKPOINTED_ARITY
from parity.catalogue import CATALOGUE, OpSpec
from parity.program import Array, Input, Program, Regime
from parity.spellings import Spelling
from parity.strategies import arrays
from parity.strategies.chronicle import Chronicle, Refused
from parity.strategies.draft import Number
from parity.strategies.drawing import draw_step, plan
from parity.strategies.dtypes import INEXACT
from parity.strategies.item import Item, Unfit
from parity.strategies.shapes import Shape
from parity.strategies.source import Source

#: Dtypes of histories, the main one first: wide enough that sums of products stay exact.
_MIXTURES: tuple[tuple[str, ...], ...] = (
    *[("float64", "float32", "int64", "bool", "float64")] * 6,
    *[("float32", "float64", "int64", "bool", "float32")] * 3,
    ("complex128", "float64", "complex128"),
)
_SHAPES: tuple[Shape, ...] = ((), (2,), (3,), (2, 2), (2, 3), (1, 3), (3, 1), (2, 1, 2), (4,), (0, 2))
_VIEWS = (
    "getitem", "narrow", "select", "transpose", "t", "permute", "expand", "view", "reshape", "flatten", "diagonal",
    "unbind", "split", "chunk", "squeeze", "unsqueeze", "movedim", "swapaxes", "unfold", "as_strided", "view_as_real",
    "view_as_complex", "tensor_split", "unflatten",
)  # fmt: skip
_WRITERS = ("setitem", "masked_fill", "index_put", "index_fill", "index_add", "index_copy",
            "scatter", "scatter_add", "masked_scatter", "add", "mul", "sub")  # fmt: skip
_PLAIN = ("add", "mul", "sub", "neg", "sum", "cat", "stack", "where", "maximum", "relu", "abs", "matmul",
          "square", "index_select", "gather", "cumsum")  # fmt: skip
_MEETING = ("add", "sub", "mul")
#: Whose derivative is told from the result, or that give several results.
_KEEPING = ("exp", "tanh", "sigmoid", "sqrt", "softmax", "max", "sort", "topk", "prod", "var_mean", "log_softmax")


def draw_history(
    source: Source,
    reference: Any,
    *,
    ops: Iterable[str] | None = None,
    acts: Iterable[str] | None = None,
    modes: Iterable[str] | None = None,
    dtypes: Sequence[str] | None = None,
    max_steps: int = 14,
    min_steps: int = 2,
    regime: Regime | None = None,
) -> Program:
    """A history that the reference has lived, refusals included.

    The reference should be in its settings. `ops`, `acts` and `modes` are what may be drawn, all that there is if None.
    """
    writer = scribe(source, reference, ops=ops, acts=acts, modes=modes, dtypes=dtypes, regime=regime)
    draft = writer.draft
    attempts = 0
    while len(draft.steps) < max_steps and attempts < 3 * max_steps:
        attempts += 1
        source.begin()
        if len(draft.steps) >= min_steps and not source.boolean(0.92):
            source.end(True)
            break
        source.end(writer.write())
    if not draft.ran_backward:
        draft.modes = ()
        writer.attempt(Scribe.backward)
    return draft.history()


def scribe(
    source: Source,
    reference: Any,
    *,
    ops: Iterable[str] | None = None,
    acts: Iterable[str] | None = None,
    modes: Iterable[str] | None = None,
    dtypes: Sequence[str] | None = None,
    regime: Regime | None = None,
) -> Scribe:
    """Whoever writes a history, before its first step."""
    mixture = tuple(dtypes) if dtypes is not None else source.choice(_MIXTURES)
    if regime is None:
        regime = "smooth" if source.boolean(0.25) else "exact"
    draft = Chronicle(source, reference, regime, mixture, source.choice(_SHAPES))
    return Scribe(draft, _menu(None if ops is None else frozenset(ops), regime), _set(acts), _set(modes))


class Scribe:
    """Chooses what happens next in a history."""

    def __init__(
        self,
        draft: Chronicle,
        menu: dict[str, tuple[str, ...]],
        acts: frozenset[str] | None,
        modes: frozenset[str] | None,
    ) -> None:
        self.draft = draft
        self.menu = menu
        self.source = draft.source
        self.modes = tuple(mode for mode in MODES if modes is None or mode in modes)
        self.ways = tuple(way for weight, way, act in _WAYS if _there(act, acts) for _ in range(weight))

    @staticmethod
    def ways_of(acts: Iterable[str] | None) -> list[Callable[[Scribe], None]]:
        """The ways in which a history goes on, with these acts."""
        return [way for _, way, act in _WAYS if _there(act, acts)]

    def write(self) -> bool:
        """One more step, or a region opened or left; whether anything came of it."""
        return self.attempt(self.source.choice(self.ways))

    def attempt(self, way: Callable[[Scribe], None]) -> bool:
        count = len(self.draft.steps)
        if self.draft.sealed and way in _WRITING_WAYS:
            return False
        with suppress(Unfit, Refused):
            way(self)
        if len(self.draft.steps) > count:
            self.draft.refresh()
            return True
        return False

    # -- operators

    def operator(self) -> None:
        self.call("plain", None)

    def keeping(self) -> None:
        self.call("keeping", None)

    def view(self) -> None:
        self.call("views", None)

    def other(self) -> None:
        self.call("other", None)

    def call(self, kind: str, spelling: Spelling | None) -> None:
        if not self.menu[kind]:
            raise Unfit
        draw_step(self.draft, plan(self.source.choice(self.menu[kind])), spelling=spelling)

    def writing(self) -> None:
        """An operator that writes into what there is: base or view, leaf or result, saved or not."""
        if not self.menu["writers"]:
            raise Unfit
        op = self.source.choice(self.menu["writers"])
        ways = plan(op).writing
        spelling = self.source.choice(tuple(s for s in ways if s != "out") or ways)
        draw_step(self.draft, plan(op), spelling=spelling)

    def together(self) -> None:
        """Two tensors that require grad meet, a new leaf among them: what arrives there goes on to both."""
        if not self.menu["meeting"]:
            raise Unfit
        first = self._one(lambda item: item.requires_grad)
        source, dtype = self.source, first.array.dtype
        fits = [
            item for item in self._tensors()
            if item is not first and item.requires_grad and item.shape == first.shape and item.array.dtype == dtype
        ]  # fmt: skip
        if fits and source.boolean():
            second = source.choice(fits)
        else:
            second = self._given(np.asarray(arrays.dyadic(source, first.shape, False), dtype), True)
            self.draft.items.append(second)
        op, pair = source.choice(self.menu["meeting"]), (first, second)
        self._done(op, pair, {}, "operator")

    # -- going backward

    def backward(self) -> None:
        roots = self._roots()
        seeds = [self._seed(root) for root in roots]
        options: dict[str, Any] = {}
        source = self.source
        if source.boolean(0.4):
            options["retain_graph"] = True
        if source.boolean(0.15):
            options["create_graph"] = True
        if source.boolean(0.15):
            wanted = [item for item in self._tensors() if item.requires_grad]
            if wanted:
                options["inputs"] = [source.choice(wanted) for _ in range(source.integer(1, min(2, len(wanted))))]
        self.draft.ran_backward = True
        self.draft.act("backward", (roots, seeds), options)

    def grad(self) -> None:
        roots = self._roots()
        source = self.source
        wanted = [item for item in self._tensors() if item.requires_grad]
        if not wanted:
            raise Unfit
        inputs = [source.choice(wanted) for _ in range(source.integer(1, min(3, len(wanted))))]
        options: dict[str, Any] = {}
        if source.boolean(0.55):
            options["create_graph"] = True
        elif source.boolean(0.4):
            options["retain_graph"] = True
        if source.boolean(0.7):
            options["allow_unused"] = True
        if source.boolean(0.1):
            options["materialize_grads"] = True
        self.draft.ran_backward = True
        self.draft.act("autograd.grad", (roots, inputs, [self._seed(root) for root in roots]), options)

    def _tensors(self) -> list[Item]:
        return [item for item in self.draft.items if item.kind in INEXACT]

    def _roots(self) -> list[Item]:
        items = self._tensors()
        able = [item for item in items if item.requires_grad and not item.leaf] or [i for i in items if i.requires_grad]
        if not able or (self.source.boolean(0.03) and items):
            able = items
        if not able:
            raise Unfit
        count = 2 if len(able) > 1 and self.source.boolean(0.2) else 1
        return [able[-1 - min(self.source.integer(0, len(able)), len(able) - 1)] for _ in range(count)]

    def _seed(self, root: Item) -> Item | None:
        """An incoming gradient: none for a number, else dyadic; sometimes with specials, or of another layout."""
        source = self.source
        if not root.shape and source.boolean(0.5):
            return None
        if source.boolean(0.02):
            return None
        values = arrays.dyadic(source, root.shape, False)
        if root.kind == "f" and values.size and source.boolean(0.06):
            values = np.array(values)
            values.flat[source.integer(0, values.size - 1)] = source.choice(arrays.EXTREMES)
        return self._given(np.asarray(values, root.array.dtype), source.boolean(0.08))

    def _given(self, values: Array, needs: bool) -> Item:
        """One more input of the history."""
        draft = self.draft
        array, layout = arrays.arranged(self.source, values, 0.25)
        made = Input(array, needs, layout)
        tensor = draft.engine.tensor(made.materialise(), needs)
        item = Item(tensor, draft.engine.array(tensor), needs, len(draft.leaves), None, True, 0)
        draft.leaves.append(item)
        draft.inputs.append(made)
        return item

    # -- what a tensor carries

    def read_grad(self) -> None:
        """`x.grad` becomes a value of its own, which shares its memory."""
        item = self._one(lambda item: item.tensor.is_leaf or item.tensor.retains_grad or self.source.boolean(0.1))
        self.draft.act("grad", (item,))

    def set_grad(self) -> None:
        item = self._one(lambda item: item.leaf and item.requires_grad)
        others = [other for other in self._tensors() if other.shape == item.shape and other.kind == item.kind]
        given = self.source.choice(others) if others and self.source.boolean(0.25) else None
        self.draft.act("set_grad", (item, given))

    def zero_grad(self) -> None:
        item = self._one(lambda item: item.tensor.is_leaf and item.tensor.grad is not None)
        (grad,) = self.draft.act("grad", (item,)) or (None,)
        if grad is None:
            raise Unfit
        self.draft.act("zero_", (grad,))

    def retain_grad(self) -> None:
        item = self._one(lambda item: item.requires_grad)
        self.draft.act("retain_grad", (item,))
        # torch 2.13 ends the process, or fails an assertion of its own, where a tensor that is not its node's first
        # result retains its gradient and is written afterwards.
        self.draft.sealed = self.draft.sealed or item.tensor.output_nr > 0

    def detach(self) -> None:
        self.draft.act("detach", (self._one(),))

    def clone(self) -> None:
        self.draft.act(self.source.choice(("clone", "clone", "contiguous", "double")), (self._one(),))

    def overwrite(self) -> None:
        """All of a tensor written at once."""
        item, source = self._one(), self.source
        way = source.choice(("zero_", "fill_", "copy_"))
        if way == "zero_":
            self.draft.act(way, (item,))
        elif way == "fill_":
            numbers = [other for other in self._tensors() if not other.shape]
            given = source.choice(numbers) if numbers and source.boolean(0.4) else float(source.integer(-3, 3))
            self.draft.act(way, (item, given))
        else:
            self.draft.act(way, (item, source.choice(self._tensors())))

    def expand_as(self) -> None:
        self.draft.act("expand_as", (self._one(), self._one()))

    def detach_(self) -> None:
        self.draft.act("detach_", (self._one(),))

    def data(self) -> None:
        self.draft.act("data", (self._one(),))

    def set_data(self) -> None:
        item = self._one()
        others = [other for other in self._tensors() if other.array.dtype == item.array.dtype]
        other = self.source.choice(others)
        # What a node saved and finds in another shape is nothing that torch promises: some of its formulas raise what
        # the shapes happen to lead to, attention's writes beyond the memory and ends the process.
        if item.shape != other.shape and (item.used or not self.source.boolean(0.3)):
            raise Unfit
        self.draft.act("set_data", (item, other))

    def requires_grad_(self) -> None:
        self.draft.act("requires_grad_", (self._one(), self.source.boolean(0.7)))

    def hook(self) -> None:
        source, draft = self.source, self.draft
        there = [(item, place) for item, place in draft.hooked if any(item is one for one in draft.items)]
        place = source.choice(("tensor", "tensor", "tensor", "accumulated", "node", "before"))
        if there and source.boolean(0.3):
            item, place = source.choice(there)
        elif place == "accumulated":
            item = self._one(lambda item: item.requires_grad and item.tensor.is_leaf)
        elif place == "tensor":
            item = self._one(lambda item: item.requires_grad)
        else:
            item = self._one(lambda item: item.tensor.grad_fn is not None)
        draft.act("hook", (item, place, source.choice(tuple(HOOKS[place]))))
        draft.hooked.append((item, place))

    def remove(self) -> None:
        if not self.draft.handles:
            raise Unfit
        self.draft.act("remove", (Number(self.source.choice(self.draft.handles)),))

    def forget(self) -> None:
        draft = self.draft
        item = self._one()
        if len(draft.items) < 3:
            raise Unfit
        draft.act("forget", (item,))
        draft.items = [other for other in draft.items if other is not item]
        item.tensor = None

    def leaf(self) -> None:
        """A leaf made on the way, in whatever region."""
        like = self._one()
        kwargs = {"requires_grad": True}
        self._done("ones_like", (like,), kwargs, "function")

    def _done(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any], spelling: Spelling) -> None:
        """An operator that was not drawn by its row; what it refuses is recorded too."""
        try:
            result = self.draft.run(op, args, kwargs, spelling)
        except Exception:
            self.draft.refused(op, args, kwargs, spelling)
            raise Refused from None
        self.draft.add(op, args, kwargs, spelling, result, 0)

    # -- functions of one's own

    def apply(self) -> None:
        name = self.source.choice(tuple(FUNCTIONS))
        self.draft.act("apply", (name, *self._fitting(ARITY[name])))

    def checkpoint(self) -> None:
        name = self.source.choice(tuple(CHECKPOINTED))
        kwargs = {"use_reentrant": self.source.boolean()}
        self.draft.act("checkpoint", (name, *self._fitting(CHECKPOINTED_ARITY[name])), kwargs)

    def _fitting(self, count: int) -> list[Item]:
        first = self._one()
        fits = [item for item in self._tensors() if item.shape == first.shape and item.kind == first.kind]
        return [first, *(self.source.choice(fits) for _ in range(count - 1))]

    def _one(self, suits: Callable[[Item], bool] | None = None) -> Item:
        """A tensor of floating or complex numbers, the latest preferred."""
        able = [item for item in self._tensors() if suits is None or _asked(suits, item)]
        if not able:
            raise Unfit
        return able[-1 - min(self.source.integer(0, 2 * len(able)) % (len(able) + 1), len(able) - 1)]

    # -- regions

    def enter(self) -> None:
        if self.modes and len(self.draft.modes) < 2:
            self.draft.modes = (*self.draft.modes, self.source.choice(self.modes))

    def leave(self) -> None:
        self.draft.modes = self.draft.modes[:-1]


#: What may happen next: how often, how, and the act that it needs.
_WAYS: tuple[tuple[int, Callable[[Scribe], None], str | None], ...] = (
    (16, Scribe.operator, None),
    (5, Scribe.together, None),
    (4, Scribe.keeping, None),
    (4, Scribe.other, None),
    (14, Scribe.view, None),
    (14, Scribe.writing, None),
    (9, Scribe.backward, "backward"),
    (5, Scribe.grad, "autograd.grad"),
    (3, Scribe.read_grad, "grad"),
    (2, Scribe.set_grad, "set_grad"),
    (2, Scribe.zero_grad, "grad"),
    (2, Scribe.retain_grad, "retain_grad"),
    (3, Scribe.detach, "detach"),
    (1, Scribe.detach_, "detach_"),
    (3, Scribe.clone, "clone"),
    (5, Scribe.overwrite, "copy_"),
    (1, Scribe.expand_as, "expand_as"),
    (1, Scribe.data, "data"),
    (1, Scribe.set_data, "set_data"),
    (2, Scribe.requires_grad_, "requires_grad_"),
    (6, Scribe.hook, "hook"),
    (2, Scribe.remove, "remove"),
    (2, Scribe.forget, "forget"),
    (1, Scribe.leaf, None),
    (4, Scribe.apply, "apply"),
    (2, Scribe.checkpoint, "checkpoint"),
    (4, Scribe.enter, None),
    (5, Scribe.leave, None),
)


_WRITING_WAYS = frozenset(
    [Scribe.writing, Scribe.overwrite, Scribe.zero_grad, Scribe.backward, Scribe.apply, Scribe.hook, Scribe.other]
)


def _there(act: str | None, acts: Iterable[str] | None) -> bool:
    return acts is None or act is None or act in acts


@lru_cache(maxsize=64)
def _menu(ops: frozenset[str] | None, regime: Regime) -> dict[str, tuple[str, ...]]:
    def there(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(
            name for name in names
            if name in CATALOGUE and (ops is None or name in ops) and _drawable(CATALOGUE[name], regime)
        )  # fmt: skip

    plain, keeping, views = there(_PLAIN), there(_KEEPING), there(_VIEWS)
    known = {*plain, *keeping, *views}
    return {
        "plain": plain,
        "keeping": keeping or plain,
        "meeting": there(_MEETING),
        "views": views,
        "writers": tuple(name for name in there(_WRITERS) if plan(name).writing),
        "other": there(name for name in CATALOGUE if name not in known),
    }


def _drawable(spec: OpSpec, regime: Regime) -> bool:
    # What is found up to a sign or a phase would lead each engine another way; a lazy conjugate shares memory.
    return (
        not {"random", "stream", "lazy", "once"} & spec.tags
        and not spec.gauge
        and (regime == "smooth" or "exact" in spec.tags)
    )


def _asked(suits: Callable[[Item], bool], item: Item) -> bool:
    """A view that was left behind by a region refuses to be asked."""
    try:
        return suits(item)
    except RuntimeError:
        return False


def _set(names: Iterable[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)
