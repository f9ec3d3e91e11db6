"""The Primitive record and apply(): the only hot path. Knows no operator by name but `to`.

A primitive is strict: tensors positional, parameters keyword and already normalised. Called on plain arrays it runs
its kernel at once; called on Tensors it records. A formula's parameter names say what is saved: inputs and parameters
by name, `out` (or an output's name) for results, `x_shape` and `x_dtype` for an input's geometry, `g` first for the
incoming gradient.
"""

from __future__ import annotations

import functools
import operator
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff._core import dtypes, errors, registry, views
from autodiff._core.modes import state, unusual
from autodiff._core.node import BinaryNode, Clock, Node, Storage, TableNode, UnaryNode, likeness, link, new_node, next_key, output
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor, wrap
from autodiff._kernels.flags import SILENT, loud, quiet

Formula = Callable[..., Any]
new_tensor = object.__new__
ndarray, float32, float64 = np.ndarray, np.float32, np.float64
FLOAT32, FLOAT64 = np.dtype(float32), np.dtype(float64)


class Many(tuple[Any, ...]):
    """Several saved tensors under one name."""

    __slots__ = ()


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
        made: str | None = None,
    ) -> None:
        self.name = name
        self.kernel = kernel
        self.formulas = tuple(formulas)
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.kind = kind
        #: "" keeps the promoted dtype, "float" makes integers floats first.
        self.computes = computes
        #: Kinds of NumPy dtype that torch has no kernel for, such as "bc".
        self.refuses = refuses
        self.view = view
        #: Any number of tensors; one formula gives the gradients of all.
        self.variadic = variadic
        #: Formulas are partial derivatives, to be multiplied with g (a constant, the name of what is saved, or a
        #: function of it); else they are given g.
        self.multiplies = multiplies
        self.made = made
        #: File and line of the row, for rules that are constants.
        self.source = _row()
        #: What the formulas mention, in the order in which it is saved.
        self.wanted: tuple[str, ...] = ()
        title = node or _camel(name) + "Backward0"
        about = {"__slots__": (), "title": title, "primitive": self, "plain": not variadic, "__module__": __name__}
        self.node: type[TableNode] = type(title.rpartition("::")[2], (TableNode,), about)
        #: The same for complex results, whose partial derivatives are conjugated.
        self.complex_node: type[TableNode] = type(title, (self.node,), {"__slots__": ()}) if multiplies else self.node
        #: The node of the hot path, where there is one.
        self.hot_node: type[UnaryNode | BinaryNode] | None = None
        self._bind()
        self.op: Callable[..., Any] = self._call
        registry.add_primitive(self)

    def _bind(self) -> None:
        """Read the formulas: what each wants saved, and the adaptors that hand it over."""
        names = [parameters(f) for f in self.formulas]
        order = dict.fromkeys((*self.inputs, *self.outputs)) | dict.fromkeys(n for each in names for n in each)
        self.wanted = tuple(n for n in order if any(n in each for each in names))
        if len(self.inputs) == 2 and self.kind in ("pointwise", "parametric", "bilinear"):
            # Hot nodes of two operands keep by position, and general ones like them.
            self.wanted = (*self.inputs, "out")
        self.node.frees = any(n in (*self.inputs, *self.outputs, "inputs") for n in self.wanted)
        place = {n: i for i, n in enumerate(self.wanted)}
        self.wants: tuple[frozenset[str], ...] = tuple(frozenset(each) for each in names)
        picks = [[place[n] for n in each] for each in names]
        self.node.rules = tuple(
            None if f is None else _adaptor(f, p, self.multiplies, False) for f, p in zip(self.formulas, picks)
        )
        if self.multiplies:
            self.complex_node.rules = tuple(
                None if f is None else _adaptor(f, p, True, True) for f, p in zip(self.formulas, picks)
            )
        if self.hot_node is not None:
            self.heat(self.hot_node)

    def heat(self, node: type[UnaryNode | BinaryNode]) -> None:
        """Bind the rules to the class of the hot path's nodes."""
        self.hot_node = node
        node.rules = self.node.rules
        node.keeps = any(self.wants)
        if issubclass(node, UnaryNode):
            node.rule = staticmethod(_hot_unary(self.formulas[0], bool(self.wants[0]), self.multiplies))
        else:
            node.left_rule, node.right_rule = (
                staticmethod(_hot_binary(f, parameters(f), self.inputs, self.multiplies)) for f in self.formulas
            )

    def replace_formula(self, index: int, formula: Formula | str | float) -> Formula | str | float | None:
        """Put another formula in place, and return the one it replaces: for planted faults."""
        before = self.formulas[index]
        self.formulas = (*self.formulas[:index], formula, *self.formulas[index + 1 :])
        self._bind()
        return before

    def _call(self, *inputs: Any, **params: Any) -> Any:
        return apply(self, inputs, params)

    def __repr__(self) -> str:
        return f"Primitive({self.name!r}, kind={self.kind!r})"


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
        return (formula,)
    names: tuple[str, ...] = getattr(formula, "wants", None) or formula.__code__.co_varnames[: formula.__code__.co_argcount]
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
    return lambda g, v: formula(g, *[v[i] for i in picks])


def _hot_unary(formula: Any, keeps: bool, multiplies: bool) -> Callable[[Any, Any], Any]:
    """`(g, kept)`, with `kept` opened, for a first-order walk."""
    if not keeps:
        return _adaptor(formula, [], multiplies, False)
    if isinstance(formula, str):
        return operator.mul
    if not multiplies:
        return formula  # type: ignore[no-any-return]
    return lambda g, kept: g * formula(kept)


_SLOTS = ("kept_left", "kept_right", "kept_out")


def _hot_binary(formula: Any, names: tuple[str, ...], inputs: tuple[str, ...], multiplies: bool) -> Callable[[Any, Any], Any]:
    """`(g, node)` for a first-order walk: reads the slots that the formula names."""
    if not names:
        return _adaptor(formula, [], multiplies, False)
    place = dict(zip((*inputs, "out"), _SLOTS))
    slots = tuple(place[n] for n in names)
    if not multiplies:
        return lambda g, node: formula(g, *[_open(getattr(node, slot)) for slot in slots])
    # The usual ones are written out: a call spared is a tenth of the step.
    if slots == ("kept_left",):
        if isinstance(formula, str):
            return lambda g, node: g * (k._array if type(k := node.kept_left) is Tensor else _open(k))
        return lambda g, node: g * formula(k._array if type(k := node.kept_left) is Tensor else _open(k))
    if slots == ("kept_right",):
        if isinstance(formula, str):
            return lambda g, node: g * (k._array if type(k := node.kept_right) is Tensor else _open(k))
        return lambda g, node: g * formula(k._array if type(k := node.kept_right) is Tensor else _open(k))
    if slots == ("kept_left", "kept_right"):
        return lambda g, node: g * formula(node.kept_left._array, _open(node.kept_right))
    return lambda g, node: g * formula(*[_open(getattr(node, slot)) for slot in slots])


def _open(kept: Any) -> Any:
    """The array of a kept tensor or result; a number as it is."""
    return kept if kept is None or type(kept) is float or type(kept) is int else kept._array


# -- the general way --------------------------------------------------------------------------------------------------


def apply(p: Primitive, inputs: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """Run a primitive on arrays, or run and record it on Tensors."""
    arrays = [x._array if isinstance(x, Tensor) else x for x in inputs]
    if not any(isinstance(x, Tensor) for x in inputs):
        return p.kernel(*inputs, **params)
    if p.view:
        arrays[0] = inputs[0].memory()
    token = quiet(SILENT)
    try:
        result = p.kernel(*arrays, **params)
    finally:
        loud(token)
    several = isinstance(result, tuple)
    tensors = [wrap(r) for r in result] if several else [wrap(result)]
    if state.grad and p.formulas and any(isinstance(x, Tensor) and x._node is not None for x in inputs):
        record(p, inputs, tensors, params)
    if p.view:
        _link_views(p, inputs[0], tensors, params)
    return tuple(tensors) if several else tensors[0]


def record(p: Primitive, inputs: tuple[Any, ...], tensors: list[Tensor], params: dict[str, Any]) -> None:
    """Give the results their node; only floating and complex results take part."""
    taking_part = [t for t in tensors if t._array.dtype.kind in "fc"]
    if not taking_part:
        return
    edges = tuple(x._node if isinstance(x, Tensor) else None for x in inputs)
    if not p.variadic:
        edges = tuple(e if f is not None else None for e, f in zip(edges, p.formulas))
    if not any(e is not None for e in edges):
        return
    if len(taking_part) == 1:
        (first,) = taking_part
        node = new_node(p.complex_node if first._array.dtype.kind == "c" else p.node)
        link(node, edges, likeness(first._array))
        first._node = node
    else:
        node = new_node(_with_results(p.node, len(taking_part)))
        link(node, edges, [likeness(t._array) for t in taking_part])
        for i, t in enumerate(taking_part):
            t._node = output(node, i, node.like[i])
    if p.wanted:
        save(node, p, inputs, tensors, params)


_RESULTS: dict[tuple[type[TableNode], int], type[TableNode]] = {}


def _with_results(node: type[TableNode], count: int) -> type[TableNode]:
    """The node class of an operator that has this many results."""
    key = (node, count)
    if key not in _RESULTS:
        _RESULTS[key] = type(node.__name__, (node,), {"__slots__": (), "results": count, "plain": False})
    return _RESULTS[key]


def save(node: TableNode, p: Primitive, inputs: tuple[Any, ...], tensors: list[Tensor], params: dict[str, Any]) -> None:
    """Keep what the active formulas mention, and the versions it has now."""
    if p.variadic:
        active = p.wants[0]
    else:
        active = frozenset().union(*(w for w, e in zip(p.wants, node.edges) if e is not None))
    saved: list[Any] = []
    for name in p.wanted:
        if name not in active:
            saved.append(None)
        elif name in params:
            saved.append(params[name])
        elif name in p.outputs:
            saved.append(guard(tensors[p.outputs.index(name)] if len(p.outputs) > 1 else tensors[0]))
        elif p.variadic:
            saved.append(Many(inputs) if name == "inputs" else [x._array.shape for x in inputs])
        else:
            saved.append(_saved_input(p, name, inputs))
    node.saved = tuple(saved)


def _saved_input(p: Primitive, name: str, inputs: tuple[Any, ...]) -> Any:
    if name in p.inputs:
        i = p.inputs.index(name)
        x = inputs[i] if i < len(inputs) else None
        if unusual and isinstance(x, Tensor) and x.is_inference():
            raise RuntimeError(errors.INFERENCE_SAVED)
        return x
    stem, _, what = name.rpartition("_")
    x = inputs[p.inputs.index(stem)]
    array = x._array if isinstance(x, Tensor) else x
    return array.shape if what == "shape" else array.dtype


def guard(result: Tensor) -> Storage:
    """A saved result: its array and its version, without the tensor, which owns the node that saves it."""
    storage = result.storage()
    storage._array = result._array
    return storage


def _link_views(p: Primitive, source: Tensor, tensors: list[Tensor], params: dict[str, Any]) -> None:
    several = len(tensors) > 1
    for i, t in enumerate(tensors):
        if several:
            step = _one_of_many(p, params, i)
            made = errors.MULTI_VIEW.format(index=i, node=p.node.title)
        else:
            step = functools.partial(p.op, **params)
            made = None
        views.attach(t, source, step, made)


def _one_of_many(p: Primitive, params: dict[str, Any], i: int) -> Callable[[Any], Any]:
    return lambda base: p.op(base, **params)[i]


# -- promotion: the slow way to one dtype -----------------------------------------------------------------------------


def promoted(p: Primitive, operands: tuple[Any, ...]) -> Any:
    """Bring the operands to the dtype in which torch computes, by a recorded `to`, then apply."""
    arrays = [x._array if isinstance(x, Tensor) else x for x in operands]
    if not any(isinstance(x, Tensor) for x in operands):
        return p.kernel(*arrays)
    target = dtypes.result_type(plain(a) for a in arrays)
    refuse(p, target)
    if p.computes == "float":
        target = dtypes.floating(target)
    operands = tuple(_as(x, target) for x in operands)
    try:
        return apply(p, operands, {})
    except (ValueError, TypeError) as error:
        raise explained(p, operands, error) from None


def refuse(p: Primitive, d: np.dtype[Any]) -> None:
    """Raise NotImplementedError for a dtype that torch has no kernel for."""
    if d.kind in p.refuses:
        raise NotImplementedError(f"\"{p.name}\" not implemented for '{dtypes.title(d)}'")


def _as(x: Any, target: np.dtype[Any]) -> Any:
    if isinstance(x, Tensor):
        return x if x._array.dtype is target else ops.to(x, dtype=target)
    x = plain(x)
    if target.kind in "fc" or isinstance(x, np.ndarray):
        return x
    # A Python integer wraps in the tensor's dtype, as in torch; NumPy would refuse it.
    return np.asarray(x).astype(target)[()]


def plain(x: Any) -> Any:
    """NumPy's scalars are numbers to torch."""
    return x.item() if isinstance(x, np.generic) and not isinstance(x, np.ndarray) else x


def explained(p: Primitive, operands: tuple[Any, ...], error: Exception) -> Exception:
    """A kernel's refusal in torch's words."""
    shapes = [tuple(x.shape) for x in operands if isinstance(x, (Tensor, np.ndarray))]
    if len(shapes) >= 2:
        try:
            np.broadcast_shapes(*shapes)
        except ValueError:
            return RuntimeError(errors.cannot_broadcast(shapes[-2], shapes[-1]))
    bad = next((x for x in operands if not isinstance(x, (Tensor, int, float, complex))), None)
    if bad is not None:
        return TypeError(
            f"{p.name}(): argument must be Tensor or Number, not {type(bad).__name__}"
        )
    names = ", ".join(x.dtype.name for x in operands if isinstance(x, Tensor))
    return RuntimeError(f'"{p.name}" not implemented for {names}')


# -- the fast way: one or two operands of one dtype -------------------------------------------------------------------
# Written for speed, and for float32 and float64 only: their kernels keep the dtype and need no conjugate. A 0-dim
# result that stayed a NumPy scalar is recognised by its type, which is cheaper than its dtype.


def unary(p: Primitive) -> Callable[[Any], Any]:
    """The hot path of a pointwise operator of one tensor."""
    if len(p.wants[0]) > 1:
        return lambda a: promoted(p, (a,))
    kernel = p.kernel
    node_class: Any = type(p.node.title, (UnaryNode,), {"__slots__": (), "title": p.node.title, "primitive": p})
    p.heat(node_class)
    keeps_input, keeps_out = "input" in p.wants[0], "out" in p.wants[0]

    def op(a: Any) -> Any:
        if type(a) is not Tensor and not isinstance(a, Tensor):
            return kernel(a)
        x = a._array
        if type(x) is ndarray:
            d = x.dtype
            if d is not FLOAT32 and d is not FLOAT64:
                return promoted(p, (a,))
        elif type(x) is not float32 and type(x) is not float64:
            return promoted(p, (a,))
        token = quiet(SILENT)
        try:
            out = kernel(x)
        finally:
            loud(token)
        t: Tensor = new_tensor(Tensor)
        t._array = out
        t._storage = t._meta = None
        edge = a._node
        if edge is not None and (not unusual or state.grad):
            node = t._node = node_class()
            node.edge = edge
            node.like = edge.like
            node.hooks = None
            node.key = next_key()
            if keeps_input:
                node.recorded = Clock.now
                node.kept = a
            elif keeps_out:
                node.recorded = Clock.now
                node.kept = t._storage = Storage(out)
        else:
            t._node = None
        if unusual:
            mark(t)
        return t

    return op


def binary(p: Primitive) -> Callable[[Any, Any], Any]:
    """The hot path of a pointwise operator of two tensors, or of a tensor and a number on either side."""
    kernel = p.kernel
    node_class: Any = type(p.node.title, (BinaryNode,), {"__slots__": (), "title": p.node.title, "primitive": p})
    p.heat(node_class)
    # By which operands need a gradient: whether input, other and out are kept.
    for_left, for_right, for_both = (
        tuple(any(name in p.wants[i] for i in which) for name in (*p.inputs, "out")) for which in ((0,), (1,), (0, 1))
    )
    keeps_nothing, keeps_out = not any(for_both), for_both[2]

    def op(a: Any, b: Any) -> Any:
        if type(a) is Tensor or isinstance(a, Tensor):
            x = a._array
            an = a._node
            if type(b) is Tensor or isinstance(b, Tensor):
                y = b._array
                bn = b._node
                if type(x) is not type(y) or type(x) is ndarray:
                    d = x.dtype
                    if d is not y.dtype or (d is not FLOAT32 and d is not FLOAT64):
                        return promoted(p, (a, b))
                elif type(x) is not float32 and type(x) is not float64:
                    return promoted(p, (a, b))
            elif type(b) is float or type(b) is int:
                y = b
                bn = None
                if type(x) is not float32 and type(x) is not float64:
                    d = x.dtype
                    if d is not FLOAT32 and d is not FLOAT64:
                        return promoted(p, (a, b))
            else:
                return promoted(p, (a, b))
        elif isinstance(b, Tensor):
            x = a
            y = b._array
            an = None
            bn = b._node
            if type(a) is not float and type(a) is not int:
                return promoted(p, (a, b))
            if type(y) is not float32 and type(y) is not float64:
                d = y.dtype
                if d is not FLOAT32 and d is not FLOAT64:
                    return promoted(p, (a, b))
        else:
            return kernel(a, b)
        token = quiet(SILENT)
        try:
            out = kernel(x, y)
        except (ValueError, TypeError, OverflowError):
            return promoted(p, (a, b))
        finally:
            loud(token)
        t: Tensor = new_tensor(Tensor)
        t._array = out
        t._storage = t._meta = None
        if (an is not None or bn is not None) and (not unusual or state.grad):
            node = t._node = node_class()
            node.left = an
            node.right = bn
            like: Any = type(out)
            if like is ndarray:
                like = (bn if an is None else an).like  # type: ignore[union-attr]
                if type(like) is not tuple or like[0] != out.shape:
                    like = (out.shape, out.dtype)
            node.like = like
            node.hooks = None
            node.key = next_key()
            if not keeps_nothing:
                node.recorded = Clock.now
                if bn is None:
                    keep_a, keep_b, keep_out = for_left
                elif an is None:
                    keep_a, keep_b, keep_out = for_right
                else:
                    keep_a, keep_b, keep_out = for_both
                node.kept_left = a if keep_a else None
                node.kept_right = b if keep_b else None
                if keeps_out:
                    if keep_out:
                        t._storage = Storage(out)
                    node.kept_out = t._storage
        else:
            t._node = None
        if unusual:
            mark(t)
        return t

    return op


def by_number(p: Primitive, otherwise: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The hot path of a tensor and a Python number that is no operand but a parameter; `otherwise` takes the rest."""
    kernel = p.kernel
    node_class: Any = type(p.node.title, (BinaryNode,), {"__slots__": (), "title": p.node.title, "primitive": p})
    p.heat(node_class)

    def op(a: Any, b: Any) -> Any:
        if (type(b) is not int and type(b) is not float) or (type(a) is not Tensor and not isinstance(a, Tensor)):
            return otherwise(a, b)
        x = a._array
        if type(x) is not float32 and type(x) is not float64:
            d = x.dtype
            if d is not FLOAT32 and d is not FLOAT64:
                return otherwise(a, b)
        token = quiet(SILENT)
        try:
            out = kernel(x, b)
        finally:
            loud(token)
        t: Tensor = new_tensor(Tensor)
        t._array = out
        t._storage = t._meta = None
        edge = a._node
        if edge is not None and (not unusual or state.grad):
            node = t._node = node_class()
            node.left = edge
            node.right = None
            node.like = edge.like
            node.hooks = None
            node.key = next_key()
            node.recorded = Clock.now
            node.kept_left = a
            node.kept_right = b
        else:
            t._node = None
        if unusual:
            mark(t)
        return t

    return op


def mark(t: Tensor) -> None:
    """What the hot path leaves out: results of inference mode, and inference tensors that would be saved."""
    if state.inference:
        t.meta().inference = True
    node = t._node
    if node is not None and node.saved:
        for s in node.saved:
            if isinstance(s, Tensor) and s.is_inference():
                raise RuntimeError(errors.INFERENCE_SAVED)
