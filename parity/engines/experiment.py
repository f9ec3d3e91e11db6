"""A few lines of Python tried on an engine of one class, and what is then looked at; knows no mistake.

The lines are a small part of the language, walked here and never evaluated: leaves (`x, y = 3, [1, 2]`), operators,
calls by torch's names (`x.relu()`, `cat([x, y])`), `out.backward()`, `x.grad`, NumPy's data (`np.ones(2)`, a leaf as
`leaf(np.ones(2))`), loops, `with`, `try`; `with by_identity():` takes the class its own ==.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import gc
import inspect
import operator
import random
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity.engines.calls import FUNCTIONS, VARIANTS
from parity.engines.handmade import Handmade
from parity.engines.protocol import Array, Raised
from parity.engines.subject import LACKING, attributes, held, refused
from parity.spellings import AUGMENTED, OPERATORS

#: What a look gives: numbers, a word (of a type, of a dtype), yes or no; None where there is nothing.
Reading = Array | str | bool | None

_SYMBOLS: Mapping[type[ast.operator], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow", ast.MatMult: "matmul",
}  # fmt: skip
_COMPARED: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.Lt: operator.lt, ast.Gt: operator.gt,
}  # fmt: skip
_DATA = {
    name: getattr(np, name) for name in ("array", "float32", "float64", "int64", "ones", "zeros", "arange", "bool")
}
#: How a region without recording is called by those who have one.
_REGIONS = ("no_grad", "NoGrad", "nograd", "no_gradient", "no_record", "stop_recording")
#: How many instances lie about, where the order in memory matters.
_MADE = 32


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it: one tuple of readings for each distinct end of several tries; or an error, or a lack."""

    readings: tuple[tuple[Reading, ...], ...] = ()
    raised: Raised | None = None
    lacks: str = ""


class Lacks(Exception):
    """The class has not what the lines ask for."""


def attempt(engine: Handmade, lines: str, looks: Sequence[str], times: int = 1) -> Tried:
    """Try the lines, `times` over; memory is taken in between, so that what goes by addresses comes out otherwise."""
    code = ast.parse(lines)
    looked = [ast.parse(look, mode="eval").body for look in looks]
    seen: dict[str, tuple[Reading, ...]] = {}
    litter: list[list[Any]] = []
    for turn in range(times):
        litter.append([bytearray(1 + (turn * 97 + n * 53) % 700) for n in range(turn % 7)])
        if times > 1:
            litter.append(_shuffled(engine, turn))
        bench = _Bench(engine)
        try:
            bench.do(code.body)
            found = tuple(bench.reading(look) for look in looked)
        except Lacks as lack:
            return Tried(lacks=str(lack) or "something")
        except (Exception, SystemExit, GeneratorExit) as error:
            return Tried(raised=Raised(type(error).__name__, str(error)[:200], bench.moment))
        seen.setdefault(repr(found), found)
    return Tried(tuple(seen.values()))


def _shuffled(engine: Handmade, turn: int) -> list[Any]:
    """Some instances, every other one freed out of order: the next ones come to lie there, the last freed first."""
    made: list[Any] = []
    with contextlib.suppress(Exception):
        made += [engine.subject.make(np.array(1.0)) for _ in range(_MADE)]
        for number in random.Random(turn).sample(range(_MADE), _MADE // 2):
            made[number] = None
    return made


class _Bench:
    """The names of one try, and what they stand for."""

    def __init__(self, engine: Handmade) -> None:
        self.engine = engine
        self.subject = engine.subject
        engine.renew()
        self.names: dict[str, Any] = {}
        self.moment = "forward"

    # -- statements

    def do(self, body: Sequence[ast.stmt]) -> None:
        for statement in body:
            match statement:
                case ast.Assign(targets=[target], value=value):
                    self._assign(target, self._assigned(value))
                case ast.AugAssign(target=target, op=op, value=value):
                    self._augment(target, _SYMBOLS[type(op)], self.value(value))
                case ast.Expr(value=value):
                    self.value(value)
                case ast.For(iter=ast.Call(args=[count]), body=inner):
                    for _ in range(self.value(count)):
                        self.do(inner)
                case ast.With(items=[item], body=inner):
                    with self._region(item.context_expr):
                        self.do(inner)
                case ast.Try(body=inner, handlers=[handler]):
                    try:
                        self.do(inner)
                    except ZeroDivisionError:
                        self.do(handler.body)
                case ast.Pass():
                    pass
                case _:
                    raise SyntaxError(f"no experiment says {ast.unparse(statement)!r}")

    def _assign(self, target: ast.expr, value: Any) -> None:
        match target:
            case ast.Name(id=name):
                self.names[name] = value
            case ast.Tuple(elts=parts):
                for part, one in zip(parts, value, strict=True):
                    self._assign(part, one)
            case ast.Attribute(value=owner, attr="grad"):
                self._reset(self.value(owner))
            case ast.Subscript(value=owner, slice=index):
                if not hasattr(self.subject.cls, "__setitem__"):
                    raise Lacks("x[i] = …")
                place = self.value(owner), self.value(index)
                try:
                    operator.setitem(*place, value)
                except Exception:  # it takes bare numbers
                    _refusing(lambda: operator.setitem(*place, self.subject.array(value)))
            case _:
                raise SyntaxError(f"no experiment assigns to {ast.unparse(target)!r}")

    def _augment(self, target: ast.expr, op: str, value: Any) -> None:
        """In place, where the class says that it can: without a method of its own Python binds the name anew."""
        symbol, write = AUGMENTED[op]
        owner = self.value(target)
        if hasattr(self.subject.cls, f"__{write.__name__}__"):
            self._assign(target, _refusing(lambda: write(owner, value)))
        elif callable(method := getattr(owner, f"{op}_", None)):
            _refusing(lambda: method(value))
        else:
            raise Lacks(symbol)

    def _reset(self, leaf: Any) -> None:
        """Its gradient becomes what it was when the leaf was made."""
        name = self.engine.anatomy.grad
        if not name.isidentifier():
            raise Lacks("setting a gradient")
        fresh = self.subject.make(self.subject.array(leaf))
        try:
            if hasattr(fresh, name):
                setattr(leaf, name, copy.copy(getattr(fresh, name)))
            else:
                delattr(leaf, name)
        except Exception as error:
            raise Lacks("setting a gradient") from error

    def _region(self, call: ast.expr) -> Any:
        entered = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
        if entered == "by_identity":
            return self._by_identity()
        if entered != "no_grad":
            raise SyntaxError(f"no experiment enters {ast.unparse(call)!r}")
        for name in _REGIONS:
            made = self.subject.function(name)
            if made is not None:
                region = _refusing(made)
                if hasattr(region, "__enter__"):
                    return region
        raise Lacks("no_grad")

    @contextlib.contextmanager
    def _by_identity(self) -> Iterator[None]:
        """The class without its own == for a while."""
        cls = self.subject.cls
        own = {name: vars(cls)[name] for name in ("__eq__", "__hash__") if name in vars(cls)}
        cls.__eq__, cls.__hash__ = object.__eq__, object.__hash__  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            for name in ("__eq__", "__hash__"):
                delattr(cls, name)
            for name, what in own.items():
                setattr(cls, name, what)

    # -- values

    def _assigned(self, value: ast.expr) -> Any:
        """Literal data become a leaf, each part of `3, 5` one of its own."""
        if isinstance(value, ast.Tuple):
            return [self._assigned(part) for part in value.elts]
        return self._leaf(self.value(value)) if _plain(value) else self.value(value)

    def _leaf(self, data: Any) -> Any:
        """A leaf in the engine's dtype; NumPy's data stay in their own."""
        as_is = isinstance(data, (np.ndarray, np.generic))
        array = np.asarray(data) if as_is else np.array(data, self.engine.anatomy.dtype)
        if lack := self.engine.abilities.shape(array):
            raise Lacks(lack)
        if not array.ndim and not as_is:
            return _refusing(lambda: self.engine.tensor(array, True))
        return _refusing(lambda: self.subject.make(array, as_is=as_is))

    def value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=constant):
                return constant
            case ast.Name(id=name):
                if name in ("inf", "nan"):
                    return float(name)
                return self.names[name]
            case ast.List(elts=parts):
                return [self.value(part) for part in parts]
            case ast.Tuple(elts=parts):
                return tuple(self.value(part) for part in parts)
            case ast.Slice(lower=low, upper=high, step=step):
                return slice(*(None if part is None else self.value(part) for part in (low, high, step)))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                given = self.value(operand)
                return self._call("neg", given) if self.subject.holds(given) else -given
            case ast.BinOp(left=left, op=op, right=right):
                return self._binary(_SYMBOLS[type(op)], self.value(left), self.value(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return _COMPARED[type(op)](self.value(left), self.value(right))
            case ast.Attribute(value=owner, attr=name):
                return self._attribute(owner, name)
            case ast.Subscript(value=owner, slice=index):
                if not hasattr(self.subject.cls, "__getitem__"):
                    raise Lacks("x[i]")
                return _refusing(lambda: operator.getitem(self.value(owner), self.value(index)))
            case ast.Call():
                return self._called(node)
        raise SyntaxError(f"no experiment says {ast.unparse(node)!r}")

    def _binary(self, op: str, left: Any, right: Any) -> Any:
        if isinstance(left, (np.ndarray, np.generic)) or not (self.subject.holds(left) or self.subject.holds(right)):
            return OPERATORS[op][1](left, right)  # NumPy's own operator is asked first
        return self._call(op, left, right)

    def _call(self, op: str, *args: Any) -> Any:
        letters = "".join("t" if self.subject.holds(arg) else "n" for arg in args)
        if letters not in self.engine.abilities.calls.get(op, {}):
            raise Lacks(op)
        return _refusing(lambda: self.engine.call(op, args, {}, "function"))

    def _attribute(self, owner: ast.expr, name: str) -> Any:
        if isinstance(owner, ast.Name) and owner.id == "np":
            return _DATA[name]
        thing = self.value(owner)
        if not self.subject.holds(thing):
            return getattr(thing, name)
        if name == "grad":
            found = self.subject.found(thing)
            return found if isinstance(found, self.subject.cls) else self.engine.gradient(thing)
        if name == "T":
            return self._call("t", thing)
        raise SyntaxError(f"no experiment looks at .{name}")

    # -- calls

    def _called(self, node: ast.Call) -> Any:
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        given = [self.value(arg) for arg in node.args]
        if isinstance(node.func, ast.Attribute):
            if isinstance(node.func.value, ast.Name) and node.func.value.id == "np":
                return _DATA[name](*given)
            owner = self.value(node.func.value)
            if not self.subject.holds(owner):
                raise Lacks(f"{ast.unparse(node)}: it is {type(owner).__name__}")
            if name == "backward":
                self._backward(owner, *given, *(keyword.arg for keyword in node.keywords))
                return None
            if name == "zero_grad":
                return self._cleared(owner)
            given = [owner, *given]
        if name in _LOOKS:
            return _LOOKS[name](self, *given)
        return self._operator(name, given)

    def _backward(self, root: Any, *seed: Any) -> None:
        """From ones; from `seed`, where one is given; as a user would call it, where that is "bare"."""
        if not self.engine.anatomy.backward:
            raise Lacks("backward")
        before, self.moment = self.moment, "backward"
        start = self.subject.start(root)
        how = seed[0] if seed and isinstance(seed[0], str) else ""
        if how == "bare":
            start()
        elif how == "create_graph":
            if "create_graph" not in inspect.signature(start).parameters:
                raise Lacks("create_graph")
            start(create_graph=True)
        elif seed:
            if self.engine.anatomy.scalar or self.engine.anatomy.seed != "array":
                raise Lacks("a seed that is an array")
            self.subject.backward(root, seed[0], copying=False)
        else:
            self.engine.backward(root)
        self.moment = before

    def _cleared(self, thing: Any) -> None:
        for name in ("zero_grad", "zero_gradient", "zero_grads", "clear_grad", "cleargrad", "reset_grad"):
            if callable(clear := getattr(thing, name, None)):
                clear()
                return
        raise Lacks("zero_grad")

    def _operator(self, name: str, given: list[Any]) -> Any:
        """By torch's name, then by the other names and ways of calling that are in use; none that ends the process."""
        stopped = self.subject.around.stopped
        names = (name, *FUNCTIONS.get(name, ()))
        if any(call.startswith((f"x.{other}(", f"{other}(")) for call in stopped for other in names):
            raise Lacks(name)
        letters = "".join("t" if self.subject.holds(arg) else "n" for arg in given)
        if letters in self.engine.abilities.calls.get(name, {}):
            return self._call(name, *given)
        for other in (name, *FUNCTIONS.get(name, ())):
            for further, named in VARIANTS.get(name, (((), {}),)):
                for make in self._ways(other, given, further):
                    try:
                        result = make(**named)
                    except LACKING:
                        continue
                    if all(
                        self.subject.holds(part) for part in (result if isinstance(result, (tuple, list)) else [result])
                    ):
                        return result
        raise Lacks(name)

    def _ways(self, name: str, given: list[Any], further: tuple[Any, ...]) -> list[Callable[..., Any]]:
        found: list[Callable[..., Any]] = []
        method = self._method(given[0], name)
        if method is not None:
            found.append(lambda **named: method(*given[1:], *further, **named))
            if len(given) > 2:  # a list of what others take one by one
                found.append(lambda **named: method(tuple(given[1:]), **named))
        elif isinstance(given[0], list) and (joined := self._method(given[0][0], name)) is not None:
            found.append(lambda **named: joined(*given[0][1:], *given[1:], **named))
        elif name == "where" and (chosen := self._method(given[1], name)) is not None:
            found.append(lambda **named: chosen(given[0], given[2]))
        function = self.subject.function(name)
        if function is not None:
            found.append(lambda **named: function(*given, *further, **named))
            if isinstance(given[0], list):
                found.append(lambda **named: function(*given[0], *given[1:], **named))
        return found

    def _method(self, thing: Any, name: str) -> Callable[..., Any] | None:
        """A method of one of the engine's values; what hangs on the class without taking the value is none."""
        if not self.subject.holds(thing) or isinstance(
            inspect.getattr_static(thing, name, None), (staticmethod, classmethod)
        ):
            return None
        found = getattr(thing, name, None)
        return found if callable(found) else None

    # -- looks

    def reading(self, node: ast.expr) -> Reading:
        found = self.value(node)
        if self.subject.holds(found):
            return self.engine.array(found)
        if found is None or isinstance(found, (str, bool)):
            return found
        array = np.asarray(found)
        return array.astype(float) if array.dtype.kind in "biuf" else type(found).__name__

    def kind(self, thing: Any) -> str:
        return "own" if self.subject.holds(thing) else type(thing).__name__

    def dtype(self, thing: Any) -> str:
        return np.asarray(held(thing, self.engine.anatomy.value)).dtype.name

    def gradient_dtype(self, thing: Any) -> str:
        found = self.subject.found(thing)
        return self.dtype(found) if self.subject.holds(found) else np.asarray(found).dtype.name

    def knows(self, thing: Any, other: Any) -> bool:
        """Whether the one, or a node that it holds, can be reached from the other by attributes and closures."""
        wanted = {id(other), *(id(part) for name in attributes(other) if _node(part := held(other, name)))}
        todo, seen = [thing], {id(thing)}
        while todo:
            for found in gc.get_referents(todo.pop()):
                if id(found) in wanted:
                    return True
                if id(found) not in seen and not isinstance(found, (type, types.ModuleType)) and not _global(found):
                    seen.add(id(found))
                    todo.append(found)
        return False

    def zeros(self, thing: Any) -> Array:
        """Where its value, or its gradient, is zero."""
        array = self.subject.array(thing) if self.subject.holds(thing) else np.asarray(thing)
        zero: Array = (array == 0).astype(float)
        return zero


_LOOKS: Mapping[str, Callable[..., Any]] = {
    "kind": _Bench.kind, "dtype": _Bench.dtype, "gradient_dtype": _Bench.gradient_dtype, "knows": _Bench.knows,
    "zeros": _Bench.zeros, "leaf": _Bench._leaf,
}  # fmt: skip


def _node(thing: Any) -> bool:
    """Whether it is an object of a class that the file makes, with attributes of its own."""
    return hasattr(thing, "__dict__") and not callable(thing) and not isinstance(thing, types.ModuleType)


def _global(thing: Any) -> bool:
    return isinstance(thing, dict) and "__builtins__" in thing


def _plain(node: ast.expr) -> bool:
    """Whether it is literal data: numbers and lists of them, or a tuple of such."""
    match node:
        case ast.Constant() | ast.Name(id="inf" | "nan"):
            return True
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return all(map(_plain, parts))
        case ast.UnaryOp(operand=inner):
            return _plain(inner)
    return False


def _refusing(action: Callable[[], Any]) -> Any:
    """Do it; what a class raises that has not got it becomes a lack."""
    try:
        return action()
    except LACKING as error:
        if refused(error):
            raise Lacks(f"{type(error).__name__}: {error}"[:80]) from error
        raise
