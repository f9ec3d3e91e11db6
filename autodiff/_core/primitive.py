"""The Primitive record: one operator with a derivative of its own, and what its formulas ask to see again.

A primitive is strict: tensors positional, parameters keyword and already normalised. A formula's parameter names say
what is saved: inputs and parameters by name, `out` (or an output's name) for results, `x_shape` and `x_dtype` for an
input's geometry, `g` first for the incoming gradient. `x_array` is an input's array in float64, where digits count,
kept without a guard against writing: torch does not save it, so a formula may ask for it only if it can do without
where the array no longer explains the result. Knows no operator by name.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from autodiff._core import registry
from autodiff._core.node import Node
from autodiff._core.packing import saved_attribute
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor

Formula = Callable[..., Any]

#: "1/other" is the partial derivative that divides the gradient by what it names.
RECIPROCAL = "1/"

#: Where something saved comes from.
INPUT, RESULT, PARAMETER, SHAPE, DTYPE, INPUTS, SHAPES, NOTHING, ARRAY = range(9)
#: How a formula's name for an input's unguarded array ends.
_ARRAY = "_array"
_OF_INPUTS = {"shape": SHAPE, "dtype": DTYPE, "array": ARRAY}


class Primitive:
    """One operator with a derivative of its own; see the module's text for what its formulas may name."""

    def __init__(
        self,
        name: str,
        kernel: Callable[..., Any],
        formulas: Sequence[Formula | str | float | None],
        *,
        inputs: Sequence[str],
        outputs: Sequence[str] = ("out",),
        kind: str = "general",
        node: str | None = None,
        computes: str = "",
        refuses: str = "",
        view: bool = False,
        variadic: bool = False,
        multiplies: bool = False,
        materializes: bool = True,
        check: Callable[[Sequence[Any]], None] | None = None,
        onto: Callable[..., None] | None = None,
        diagonal: bool = False,
        hooked: tuple[int, int] | None = None,
        apart: tuple[Formula, ...] = (),
    ) -> None:
        self.name = name
        self.kernel = kernel
        self.formulas = tuple(formulas)
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.kind = kind
        #: "" keeps the promoted dtype, "float" makes integers floats first.
        self.computes = computes
        #: Kinds of NumPy dtype that torch has no kernel for, such as "bc"; "h" for float16.
        self.refuses = refuses
        #: What torch has besides the function and the method, for kinds that are public by themselves.
        self.spellings = frozenset(["inplace", "out"])
        #: Where kinds that are public by themselves are found: in the root (and as a method), or in a namespace.
        self.public: tuple[str, ...] = () if name.startswith("_") else (name,)
        #: Which of two operands may be a Python number: "either", "right", "neither", or "both" at once.
        self.numbers = "either"
        #: What torch says in a RuntimeError of its own to a dtype that it refuses.
        self.refusal = ""
        self.view = view
        #: Any number of tensors; one formula gives the gradients of all.
        self.variadic = variadic
        #: Formulas are partial derivatives, to be multiplied with g (a constant, the name of what is saved, or a
        #: function of it); else they are given g.
        self.multiplies = multiplies
        #: Of several results those without a gradient count as zeros; else the formulas see None.
        self.materializes = materializes
        #: Raises for operands (arrays and numbers) that torch refuses for other reasons than the result's dtype.
        self.check = check
        #: Whether torch's node runs once only, whatever it saved, unless the graph is kept.
        self.runs_once = False
        #: Whether all that its node does is refuse.
        self.undefined = False
        #: Whose node it has where the result went into the input's memory, if torch has no derivative for that.
        self.written: Primitive | None = None
        #: Whether torch keeps an input only for a gradient made of it, though several formulas name it.
        self.sparing = False
        #: Whose node it has where its first operand is bool, if torch's formula asks of that what bools refuse.
        self.of_bool: Primitive | None = None
        #: Whether torch copies into a tensor of its own: that is recorded, though the input belong to inference mode.
        self.copies = False
        #: Whether torch has no node for it: whoever looks at the graph sees what comes before it.
        self.hidden = False
        #: Adds the gradient of the first input to an array in place, `(held, g, ...)` and what the formula names: for
        #: adjoints that are zeros but for a part, which would otherwise be made whole to be added.
        self.onto = onto
        #: An operator of one tensor element by element whose backward has no derivative: its vjp serves forward mode.
        self.diagonal = diagonal
        #: How many gradients the hooks of torch's node see, of inputs and of results, where the row says otherwise.
        self.hooked = hooked
        #: The formulas of torch's composition, where those of the row put in one what it leaves apart and cancels: for
        #: walks that hooks look on.
        self.apart = apart
        #: Inputs that torch's node is given transposed: its hooks see their gradients so.
        self.turned: frozenset[int] = frozenset()
        #: How it runs under vmap, where its kind does not say (see batching.py).
        self.batch: Callable[..., Any] | None = None
        #: File and line of the row, for rules that are constants.
        self.source = _row()
        #: torch's name of the node.
        self.title = node or _camel(name) + "Backward0"
        self._shown: dict[type[Node], type[Node]] = {}
        #: The operator, on plain arrays the kernel, on Tensors recorded: the general way, and the one everybody calls,
        #: which may be a hot path. Set by the kind.
        self.general: Callable[..., Any]
        self.op: Callable[..., Any]
        registry.add_primitive(self)

    def _bind(self) -> None:
        """Read the formulas: what each wants saved, and the adaptors that hand it over."""
        names = [parameters(f) for f in self.formulas]
        if self.apart:
            names = [(*own, *parameters(f)) for own, f in zip(names, self.apart)]
        order = dict.fromkeys((*self.inputs, *self.outputs)) | dict.fromkeys(n for each in names for n in each)
        #: What the formulas mention, in the order in which it is saved.
        self.wanted = tuple([n for n in order if any(n in each for each in names)])
        hot = self.kind in ("pointwise", "parametric", "bilinear")
        if hot:
            # Hot nodes keep by position, and general ones like them.
            self.wanted = (*self.inputs, "out")
        #: Places of the inputs that can have a gradient: torch's node knows no others.
        self.graded = tuple([i for i, f in enumerate(self.formulas) if f is not None])
        place = {n: i for i, n in enumerate(self.wanted)}
        if hot:
            place |= {n + _ARRAY: place[n] for n in self.inputs}
        self._places = place
        self.wants: tuple[frozenset[str], ...] = tuple([frozenset(each) for each in names])
        self._plans: dict[int, tuple[tuple[int, Any], ...]] = {}
        picks = [[place[n] for n in parameters(f)] for f in self.formulas]
        self.rules = tuple(
            None if f is None else _adaptor(f, p, self.multiplies, False) for f, p in zip(self.formulas, picks)
        )
        self.rules_apart = tuple(
            _adaptor(f, [place[n] for n in parameters(f)], self.multiplies, False) for f in self.apart
        )
        self.adds: Callable[[Any, Any, Any], None] | None = None
        if self.onto is not None:
            add, chosen = self.onto, [place[n] for n in parameters(self.onto)[2:]]
            self.adds = lambda held, g, v: add(held, g, *[v[i] for i in chosen])
        if "BackwardBackward" in self.title and not frozenset().union(*self.wants).isdisjoint(
            (*self.inputs, *self.outputs)
        ):
            self.runs_once = True  # torch's backward kernels save all that any of their own derivatives is made of
        self.complex_rules = self.rules
        if self.multiplies:
            self.complex_rules = tuple(
                None if f is None else _adaptor(f, p, True, True) for f, p in zip(self.formulas, picks)
            )
        #: Whether a node of this primitive saves anything.
        self.keeps = any(self.wants)
        if hot:
            hot_rules = [_hot_rule(f, parameters(f), self.inputs, self.multiplies) for f in self.formulas]
            self.left_rule = hot_rules[0]
            self.right_rule = hot_rules[-1]

    @property
    def mentioned(self) -> tuple[int, ...]:
        """Places of what is mentioned, in torch's order: inputs by torch's names, then results."""
        shown = {n for n in frozenset().union(*self.wants) if not n.endswith(_ARRAY)}
        return tuple(self._places[n] for n in sorted(shown, key=self._torchs_order))

    def _torchs_order(self, name: str) -> tuple[bool, str]:
        return name in self.outputs, "self" if name == "input" else name

    def shown_as(self, kind: type[Node]) -> type[Node]:
        """The class as which a node of this primitive shows itself: `kind` under torch's name."""
        if kind.__name__ == self._class_name:
            return kind
        if kind not in self._shown:
            about = {"__slots__": (), "__module__": "torch.autograd", "__getattr__": saved_attribute}
            self._shown.setdefault(kind, type(self._class_name, (kind,), about))
        return self._shown[kind]

    @property
    def _class_name(self) -> str:
        return self.title.rpartition("::")[2]

    def replace_formula(self, index: int, formula: Formula | str | float) -> Formula | str | float | None:
        """Put another formula in place, and return the one it replaces: for planted faults."""
        before = self.formulas[index]
        self.formulas = (*self.formulas[:index], formula, *self.formulas[index + 1 :])
        self._bind()
        return before

    def active(self, *which: int) -> frozenset[str]:
        """What is saved if these inputs need a gradient.

        As in torch, an input is left out only where the one formula that mentions it is not asked, and never of a
        backward kernel; nor is a result.
        """
        mentioned = [name for wanted in self.wants for name in wanted]
        kept = 0 if "BackwardBackward" in self.title else 1
        always = {n for n in mentioned if n in self.outputs or mentioned.count(n) > (kept if n in self.inputs else 1)}
        if self.sparing:
            always = always.intersection(self.outputs)
        return frozenset(always.union(*[self.wants[i] for i in which]))

    def plan(self, mask: int) -> tuple[tuple[int, Any], ...]:
        """What to save if the inputs in the bit mask need a gradient: per place, whence and which."""
        found = self._plans.get(mask)
        if found is None:
            active = self.active(*[i for i in range(len(self.wants)) if mask >> i & 1])
            found = self._plans[mask] = tuple(
                self._place(n) if n in active else self._place(n + _ARRAY) if n + _ARRAY in active else (NOTHING, None)
                for n in self.wanted
            )
        return found

    def _place(self, name: str) -> tuple[int, Any]:
        if self.variadic and name in ("inputs", "shapes"):
            return (INPUTS if name == "inputs" else SHAPES), None
        if name in self.outputs:
            return RESULT, self.outputs.index(name)
        if name in self.inputs:
            return INPUT, self.inputs.index(name)
        stem, _, what = name.rpartition("_")
        if stem in self.inputs and what in _OF_INPUTS:
            return _OF_INPUTS[what], self.inputs.index(stem)
        return PARAMETER, name

    def __repr__(self) -> str:
        return f"Primitive({self.name!r}, kind={self.kind!r})"


class Unread(Primitive):
    """A primitive whose formulas nobody asked about yet: then they are read, and it is an ordinary one."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self._bind()
        self.__class__ = Primitive  # type: ignore[assignment]
        return getattr(self, name)


def _row() -> tuple[str, int]:
    """Where the row of the primitive being built stands: the first caller outside this folder."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_globals.get("__package__") == __package__:
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def parameters(formula: Any) -> tuple[str, ...]:
    """What a formula wants to see, without the incoming gradient; constants want nothing."""
    if formula is None or isinstance(formula, (int, float)):
        return ()
    if isinstance(formula, str):
        return (formula.removeprefix(RECIPROCAL),)
    names: tuple[str, ...] = (
        getattr(formula, "wants", None) or formula.__code__.co_varnames[: formula.__code__.co_argcount]
    )
    return names[1:] if names[:1] == ("g",) else names


def passed_on(g: Any, values: Any) -> Any:
    """The rule of a derivative that is 1; the walk knows it and does not call it."""
    return g


def _adaptor(formula: Any, picks: list[int], multiplies: bool, conjugates: bool) -> Callable[[Any, Any], Any]:
    """One shape for all formulas: `(g, values) -> gradient`."""
    if isinstance(formula, (int, float)):
        if formula == 1:
            return passed_on
        if formula == -1:
            return lambda g, v: -g
        return lambda g, v: ops.zeros_like(g) if formula == 0 else g * formula
    if isinstance(formula, str):
        (i,) = picks
        if formula.startswith(RECIPROCAL):
            return (lambda g, v: g / ops.conj(v[i])) if conjugates else (lambda g, v: g / v[i])
        return (lambda g, v: g * ops.conj(v[i])) if conjugates else (lambda g, v: g * v[i])
    if multiplies:
        if conjugates:
            return lambda g, v: g * ops.conj(formula(*[v[i] for i in picks]))
        if len(picks) == 1:
            (i,) = picks
            return lambda g, v: g * formula(v[i])
        return lambda g, v: g * formula(*[v[i] for i in picks])
    if not picks:
        return lambda g, v: formula(g)
    if len(picks) == 1:
        (i,) = picks
        return lambda g, v: formula(g, v[i])
    if len(picks) == 2:
        i, j = picks
        return lambda g, v: formula(g, v[i], v[j])
    if len(picks) == 3:
        i, j, k = picks
        return lambda g, v: formula(g, v[i], v[j], v[k])
    return lambda g, v: formula(g, *[v[i] for i in picks])


def _hot_rule(
    formula: Any, names: tuple[str, ...], inputs: tuple[str, ...], multiplies: bool
) -> Callable[[Any, Any], Any]:
    """`(g, node)` for a first-order walk: reads the slots that the formula names."""
    if not names:
        return _adaptor(formula, [], multiplies, False)
    place = {"out": "kept_out"} | dict(zip(inputs, ("kept_left", "kept_right")))
    if names == ("out", inputs[0] + _ARRAY):
        if multiplies:
            return lambda g, node: g * formula(node.kept_out._array, node.kept_left)
        return lambda g, node: formula(g, node.kept_out._array, node.kept_left)
    slots = tuple(place[n] for n in names)
    # The usual ones are written out: a call spared is a tenth of the step.
    if isinstance(formula, str):
        if formula.startswith(RECIPROCAL):
            (slot,) = slots
            if slot == "kept_right":
                return lambda g, node: g / (k._array if type(k := node.kept_right) is Tensor else _open(k))
            return lambda g, node: g / _open(getattr(node, slot))
        if slots == ("kept_out",):
            return lambda g, node: g * node.kept_out._array
        if slots == ("kept_left",):
            return lambda g, node: g * (k._array if type(k := node.kept_left) is Tensor else _open(k))
        return lambda g, node: g * (k._array if type(k := node.kept_right) is Tensor else _open(k))
    if not multiplies:
        if slots == ("kept_out",):
            return lambda g, node: formula(g, node.kept_out._array)
        if slots == ("kept_left",):
            return lambda g, node: formula(g, k._array if type(k := node.kept_left) is Tensor else _open(k))
        if slots == ("kept_right",):
            return lambda g, node: formula(g, k._array if type(k := node.kept_right) is Tensor else _open(k))
        if slots == ("kept_left", "kept_right"):
            return lambda g, node: formula(g, _open(node.kept_left), _open(node.kept_right))
        return lambda g, node: formula(g, *[_open(getattr(node, slot)) for slot in slots])
    if slots == ("kept_out",):
        return lambda g, node: g * formula(node.kept_out._array)
    if slots == ("kept_left",):
        return lambda g, node: g * formula(k._array if type(k := node.kept_left) is Tensor else _open(k))
    if slots == ("kept_right",):
        return lambda g, node: g * formula(k._array if type(k := node.kept_right) is Tensor else _open(k))
    if slots == ("kept_left", "kept_right"):
        return lambda g, node: g * formula(_open(node.kept_left), _open(node.kept_right))
    return lambda g, node: g * formula(*[_open(getattr(node, slot)) for slot in slots])


def _open(kept: Any) -> Any:
    """The array of a kept tensor or result; a number as it is."""
    if type(kept) is Tensor:
        return kept._array
    return kept if kept is None or type(kept) is float or type(kept) is int else kept._array
