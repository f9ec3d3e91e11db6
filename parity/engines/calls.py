"""Which calls a class has, found out by trying: operators, methods, functions beside it; runs no program.

Knows torch's names of operators and the few other ways in which they are spelled.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import getitem, methodcaller
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.engines.subject import Stopped, Subject, refused
from parity.spellings import OPERATORS

#: How a call looks: one letter an operand, t a tensor and n a number; what is more has a word.
Forms = Mapping[str, str]

ARITHMETIC = ("add", "sub", "mul", "div", "pow", "matmul", "neg")
#: What a method or a function may be called instead.
METHODS: Mapping[str, tuple[str, ...]] = {
    "sub": ("subtract",),
    "mul": ("multiply", "times"),
    "div": ("divide", "truediv"),
    "pow": ("power",),
    "neg": ("negate", "negative"),
    "matmul": ("dot", "mm"),
}
#: What stands beside the class as often as in it, by torch's names, with the other names in use.
FUNCTIONS: Mapping[str, tuple[str, ...]] = {
    **METHODS,
    **dict.fromkeys(("exp", "log", "sin", "cos", "tanh", "square", "sqrt", "stack", "where", "split", "dropout"), ()),
    **dict.fromkeys(("sum", "mean", "max", "min", "maximum", "minimum", "gather", "flatten", "norm", "logsumexp"), ()),
    "abs": ("absolute",),
    "add": ("plus",),
    "cat": ("concat", "concatenate"),
    "index_select": ("take",),
    "log_softmax": ("logsoftmax",),
    "permute": ("transpose",),
    "relu": ("ReLU", "Relu"),
    "reshape": ("view",),
    "sigmoid": ("Sigmoid",),
    "softmax": ("Softmax",),
}
#: What more some of them may want to be given, tried in turn.
_LAST: tuple[tuple[tuple[Any, ...], dict[str, Any]], ...] = (
    ((), {}), ((), {"dim": -1}), ((), {"axis": -1}), ((-1,), {}),
)  # fmt: skip
VARIANTS = dict.fromkeys(("softmax", "log_softmax", "logsumexp"), _LAST)

REDUCTIONS = ("sum", "mean", "prod", "amax", "amin")
_JOINING = ("cat", "stack")
_NOT_OPERATORS = ("back", "grad", "zero", "item", "numpy", "detach", "draw", "plot", "print", "show")
#: Kinds of indices and one of each, for two rows of three; "rows" is a list of them.
_INDICES: Mapping[str, Any] = {"int": 1, "slice": slice(0, 1), "rows": [0, 0, 1], "tuple": (slice(None), 1)}


def calls(subject: Subject) -> Iterator[tuple[str, Forms]]:
    """Each operator that the class has, by torch's name where it is known, with its forms."""
    methods = [name for name in dir(subject.cls) if not name.startswith("_") and _callable(subject.cls, name)]
    methods = [name for name in methods if not any(part in name.lower() for part in _NOT_OPERATORS)]
    found: dict[str, dict[str, str]] = {}
    for op in ARITHMETIC:
        found[op] = {}
        for form in ("t",) if op == "neg" else ("tt",) if op == "matmul" else ("tt", "tn", "nt"):
            names = [name for name in (op, *METHODS.get(op, ())) if name in methods] if form != "nt" else []
            how = next((how for how in ("operator", *names) if _works(subject, op, form, how)), "")
            if how:
                found[op][form] = how
    taken = {*ARITHMETIC, *(name for names in METHODS.values() for name in names), *_JOINING, *FUNCTIONS["cat"]}
    for name in methods:
        if name not in taken:
            forms = {form: name for form in ("t", "tt", "tn") if _works(subject, name, form, name)}
            found[name] = forms if subject.anatomy.scalar or subject.anatomy.rank else forms | _wider(subject, name)
            if name == "transpose":
                found[name] = _exchanged(subject)
    for op, others in FUNCTIONS.items():
        if op in _JOINING or any(found.get(op, {}).values()):
            continue
        for name in (op, *others):
            if (function := subject.function(name)) is None:
                continue
            forms = {form: f"function {name}" for form in ("t", "tt", "tn") if _applies(subject, name, form, function)}
            found[op] = forms
            break
    if not subject.anatomy.scalar and not subject.anatomy.rank:
        found |= {op: forms for op in _JOINING if (forms := _joining(subject, op))}
        found["getitem"] = _indices(subject)
        found["permute"] = _permute(subject)
        if isinstance(getattr(subject.cls, "T", None), property) and "t" not in methods:
            found["t"] = {"t": "property"}
    yield from ((op, forms) for op, forms in found.items() if forms)


def index_kinds(index: Any) -> set[str]:
    """The kinds of which an index is made; "other" for what nobody tries."""
    if isinstance(index, tuple):
        return {"tuple"}.union(*map(index_kinds, index))
    if isinstance(index, bool):
        return {"other"}
    if isinstance(index, int):
        return {"int"}
    if isinstance(index, slice):
        return {"slice"}
    return {"rows"} if isinstance(index, list) and all(type(part) is int for part in index) else {"other"}


def _callable(cls: type, name: str) -> bool:
    try:
        return callable(getattr(cls, name)) and not isinstance(
            inspect.getattr_static(cls, name), (staticmethod, classmethod)
        )
    except Exception:
        return False


def _operands(subject: Subject, op: str, form: str) -> list[Any]:
    if subject.anatomy.scalar:
        arrays = [np.array(0.75), np.array(1.5)]
    elif subject.anatomy.rank == 1:
        arrays = [np.array([0.75, 0.5, 0.25])] * 2
    elif op == "matmul":
        arrays = [np.array([[0.75, 0.5], [0.25, 0.125]])] * 2
    else:
        arrays = [np.array([[0.75, 0.5, 0.25], [0.125, 0.375, 0.625]])] * 2
    if form == "tnn":
        return [subject.make(arrays[0]), 0, 1]
    # 2, not 2.0: some powers take whole numbers only, and no operator takes fewer
    return [subject.make(array) if letter == "t" else 2 for array, letter in zip(arrays, form)]


def _gives(subject: Subject, words: str, call: Callable[[], Any]) -> bool:
    """Whether a call gives one of the engine's values, or raises what is no refusal."""
    try:
        with subject.around.trying(words):
            result = call()
        if not subject.holds(result):
            return False
        subject.array(result)
    except Stopped:
        return False
    except Exception as error:
        return not refused(error)
    return True


def _works(subject: Subject, op: str, form: str, how: str) -> bool:
    def call() -> Any:
        args = _operands(subject, op, form)
        return OPERATORS[op][1](*args) if how == "operator" else getattr(args[0], how)(*args[1:])

    return _gives(subject, _words(op, form, how), call)


def _applies(subject: Subject, name: str, form: str, function: Callable[..., Any]) -> bool:
    words = f"{name}({', '.join(_letters(form))})"
    return _gives(subject, words, lambda: function(*_operands(subject, name, form)))


def _words(op: str, form: str, how: str) -> str:
    """The call as somebody writes it."""
    first, *others = _letters(form)
    if how != "operator":
        return f"{first}.{how}({', '.join(others)})"
    symbol = OPERATORS[op][0]
    return f"{first} {symbol} {others[0]}" if others else f"{symbol}{first}"


def _letters(form: str) -> list[str]:
    names = iter("xyz")
    return [next(names) if letter == "t" else "2" for letter in form]


def _shaped(subject: Subject, shape: tuple[int, ...], function: Callable[..., Any], *args: Any, **kwargs: Any) -> bool:
    """Whether a call gives one of the engine's values, of that shape."""
    name = getattr(function, "__name__", "") or repr(function)
    try:
        with subject.around.trying(f"{name} of {_listed(args, kwargs, subject)}"):
            result = function(*args, **kwargs)
        return subject.holds(result) and subject.array(result).shape == shape
    except Exception:
        return False


def _listed(args: Sequence[Any], kwargs: Mapping[str, Any], subject: Subject) -> str:
    """The arguments in a few words, instances as x."""
    shown = [repr(arg)[:40] if isinstance(arg, (int, tuple, slice)) else "x" for arg in args]
    return ", ".join([*shown, *(f"{name}={value!r}" for name, value in kwargs.items())])


def _wider(subject: Subject, name: str) -> dict[str, str]:
    """The forms of a method that take a dimension or a shape."""
    (tensor,) = _operands(subject, name, "t")
    if f"x.{name}()" in subject.around.stopped:
        return {}
    if name in REDUCTIONS:
        try:
            parameters: Sequence[str] = list(inspect.signature(getattr(subject.cls, name)).parameters)
        except (TypeError, ValueError):
            return {}
        axis = next((p for p in parameters if p in ("dim", "axis", "axes")), "")
        keep = next((p for p in parameters if p in ("keepdim", "keepdims")), "")
        if not axis or not _shaped(subject, (2,), methodcaller(name, **{axis: 1}), tensor):
            return {}
        if not (keep and _shaped(subject, (2, 1), methodcaller(name, **{axis: 1, keep: True}), tensor)):
            keep = ""
        several = _shaped(subject, (), methodcaller(name, **{axis: (0, 1)}), tensor)
        return {"dim": f"{axis} {keep or '-'}{' several' * several}"}
    if name in ("reshape", "view"):
        for how, sizes in ((name, ((3, 2),)), (f"{name} star", (3, 2))):
            if _shaped(subject, (3, 2), methodcaller(name, *sizes), tensor):
                return {"shape": how}
    return {}


def _joining(subject: Subject, op: str) -> dict[str, str]:
    shape = (2, 6) if op == "cat" else (2, 2, 3)
    for name in (op, *FUNCTIONS[op]):
        if (function := subject.function(name)) is None:
            continue
        for axis in ("dim", "axis"):
            if _shaped(subject, shape, function, _operands(subject, op, "tt"), **{axis: 1}):
                return {"list": f"function {name} {axis}"}
            if _shaped(subject, shape, function, *_operands(subject, op, "tt"), **{axis: 1}):
                return {"list": f"function {name} {axis} star"}
    return {}


def _permute(subject: Subject) -> dict[str, str]:
    """How dimensions are put in an order: torch's permute, or NumPy's transpose."""
    cube = np.arange(24.0).reshape(2, 3, 4)
    for name in ("permute", "transpose"):
        for how, order in ((name, ((2, 0, 1),)), (f"{name} star", (2, 0, 1))):
            if _shaped(subject, (4, 2, 3), methodcaller(name, *order), _made(subject, cube)):
                return {"order": how}
    return {}


def _exchanged(subject: Subject) -> dict[str, str]:
    """Whether `transpose` exchanges two dimensions, as torch's does; NumPy's is given an order."""
    rows = np.arange(6.0).reshape(2, 3)
    if subject.anatomy.scalar or subject.anatomy.rank:
        return {}
    swaps = _shaped(subject, (3, 2), methodcaller("transpose", 0, 1), _made(subject, rows))
    return {"tnn": "transpose"} if swaps else {}


def _indices(subject: Subject) -> dict[str, str]:
    if not hasattr(subject.cls, "__getitem__"):
        return {}
    rows = np.arange(6.0).reshape(2, 3)
    made = _made(subject, rows)
    kinds = [kind for kind, index in _INDICES.items() if _shaped(subject, rows[index].shape, getitem, made, index)]
    return {"index": " ".join(kinds)} if kinds else {}


def _made(subject: Subject, array: Array) -> Any:
    """An instance of that array; None where the class takes no such shape, and every call of it then fails."""
    try:
        return subject.make(array)
    except Exception:
        return None
