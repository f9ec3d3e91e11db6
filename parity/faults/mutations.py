"""Changes of source, one at a time: what a formula may be mistaken for. Works on syntax trees; knows no operator."""

from __future__ import annotations
import __future__

import ast
import copy
import functools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any

#: Functions that are taken for one another.
NEIGHBOURS: dict[str, str] = {
    one: other
    for pair in (
        "sin cos", "sinh cosh", "tan tanh", "arcsin arccos", "arctan arctanh", "arcsinh arccosh", "asin acos",
        "asinh acosh", "atan atanh", "exp expm1", "log log1p", "log2 log10", "floor ceil", "trunc rint",
        "maximum minimum", "fmax fmin", "argmax argmin", "less less_equal", "greater greater_equal",
        "equal not_equal", "logical_and logical_or", "any all", "every some", "add subtract", "multiply divide",
        "max min", "amax amin", "largest smallest", "isnan isinf", "zeros ones", "zeros_like ones_like", "lt le",
        "gt ge", "eq ne", "sub add", "mul truediv", "and_ or_", "erf erfc", "real imag", "cumsum cumprod", "sqrt rsqrt",
        "ndtr log_ndtr", "i0 i1", "i0e i1e", "triu tril", "sum prod", "j0 j1", "y0 y1", "k0 k1",
        "bitwise_and bitwise_or",
        "left_shift right_shift", "gammaln digamma", "nanmin nanmax", "sort argsort", "gather take",
    )
    for one, other in (pair.split(), pair.split()[::-1])
} | {
    "exp2": "exp", "true_divide": "multiply", "isfinite": "isnan", "logical_xor": "logical_or", "xor": "or_",
    "round": "trunc", "power": "multiply", "floor_divide": "true_divide", "fmod": "remainder", "remainder": "fmod",
    "mod": "fmod", "logical_not": "isfinite", "negative": "positive", "neg": "pos", "square": "abs",
    "absolute": "negative",
    "abs": "negative", "adjoint": "transposed", "transposed": "adjoint", "invert": "negative", "sign": "negative",
    "hypot": "maximum", "arctan2": "hypot", "logaddexp": "maximum", "nextafter": "maximum", "copysign": "multiply",
    "sigmoid": "tanh", "erfinv": "erf", "log_softmax": "softmax", "signbit": "isnan",
}  # fmt: skip
#: Calls that become their first argument (or what they are a method of): casts, conjugates, kept dimensions.
_DROPPED = frozenset(["astype", "conj", "conjugate", "keep_dims", "promoted", "ascontiguousarray", "abs", "to", "flip"])
#: Keywords without which a call still runs.
_KEYWORDS = frozenset(["axis", "keepdims", "keepdim", "dtype", "dims", "dim"])
_SYMMETRIC = frozenset([
    "maximum", "minimum", "fmax", "fmin", "add", "multiply", "max", "min", "swapaxes", "broadcast_shapes",
    "result_type", "promote", "promote_types", "logical_and", "logical_or", "logical_xor", "hypot", "array_equal",
    "equal", "not_equal", "gcd", "lcm", "transpose", "vdot", "two_sum", "two_product", "_log_of_two", "bitwise_and",
    "bitwise_or", "bitwise_xor", "logaddexp", "logaddexp2",
])  # fmt: skip
_SWAPPED = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult)
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div,
    ast.Pow: ast.Mult, ast.Mod: ast.FloorDiv, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE), ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip

#: What is no part of a function's body.
_NO_CODE = frozenset(["args", "annotation", "returns", "decorator_list", "type_params"])
Functions = (ast.FunctionDef, ast.Lambda)
Codes = tuple[tuple[CodeType, CodeType], ...]
#: A name that whoever plants a mutant makes a builtin.
TOUCHED = "__touched__"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one function."""

    #: Function, kind of change, and which of them in the function: the same wherever the function stands.
    id: str
    kind: str
    file: str
    lines: tuple[int, int]
    #: What stood there, and what stands there now.
    before: str
    after: str
    #: Codes of the functions that change, with those that take their place.
    codes: Codes
    #: The same with a call of `TOUCHED` in that place, which tells whether it is ever reached; none if none can stand.
    touched: Callable[[], Codes]


def mutants(source: str, file: str, module: str, names: Mapping[str, Any]) -> Iterator[Mutant]:
    """Every mutant of the functions of a module, whose globals are `names`: a neighbour must exist."""
    tree = ast.parse(source, file)
    # A call of an imported library's function compiles to another code than that of a method.
    imports = [statement for statement in tree.body if isinstance(statement, (ast.Import, ast.ImportFrom))]
    anonymous: Counter[str] = Counter()
    for statement in tree.body:
        if isinstance(statement, (ast.Import, ast.ImportFrom, ast.ClassDef)):
            continue
        for function, name in _outermost(statement, anonymous):
            part = ast.Module([*imports, statement], type_ignores=[])
            yield from _of_function(part, function, f"{module}.{name}", file, names)


def _outermost(statement: ast.stmt, anonymous: Counter[str]) -> Iterator[tuple[ast.AST, str]]:
    """The functions of a top-level statement that stand in no other, by names that don't depend on their lines."""
    if isinstance(statement, ast.FunctionDef):
        yield statement, statement.name
        return
    stack: list[tuple[ast.AST, str]] = [(statement, "")]
    while stack:
        node, row = stack.pop(0)
        if isinstance(node, Functions):
            anonymous[row] += 1
            yield node, f"{row or 'lambda'}[{anonymous[row]}]"
            continue
        if isinstance(node, ast.Call) and node.args and not row:
            first = node.args[0]
            row = str(first.value) if isinstance(first, ast.Constant) else ast.unparse(first)
        stack[:0] = [(child, row) for child in ast.iter_child_nodes(node)]


def _of_function(
    module: ast.Module, function: ast.AST, name: str, file: str, names: Mapping[str, Any]
) -> Iterator[Mutant]:
    original = _compiled(module, file)
    seen: Counter[str] = Counter()
    bounds = _bounds(function)
    for parent, field, index, node in _sites(function):
        for kind, changed in _changes(node, id(node) in bounds):
            if kind == "neighbour" and not _exists(changed, names):
                continue
            seen[kind] += 1
            before = ast.unparse(node)
            codes = _with(module, parent, field, index, node, changed, original, file)
            if codes:
                lines = node.lineno, node.end_lineno or node.lineno  # type: ignore[attr-defined]
                touched = functools.partial(_touching, module, parent, field, index, node, original, file)
                label = f"{name}:{kind}:{seen[kind]}"
                yield Mutant(label, kind, file, lines, before, ast.unparse(changed), codes, touched)


def _sites(function: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """The expressions and statements of a body, with where they hang; no annotations, defaults, texts or messages."""
    stack: list[ast.AST] = [function]
    unknown: set[int] = set()
    while stack:
        node = stack.pop(0)
        if isinstance(node, (ast.Compare, ast.BoolOp)) and _chooses_speed(node):
            continue
        if isinstance(node, ast.Call) and _name(node) in ("reshape", "reshape_to"):
            # NumPy takes any negative size for the one that is unknown.
            unknown |= {id(part.operand) for part in ast.walk(node) if isinstance(part, ast.UnaryOp)}
        children: list[tuple[str, int | None, ast.AST]] = []
        for field, value in ast.iter_fields(node):
            if field in _NO_CODE and (field == "annotation" or isinstance(node, Functions)):
                continue
            if isinstance(node, ast.Raise) or (isinstance(node, ast.Assert) and field == "msg"):
                continue
            if isinstance(value, ast.AST):
                children.append((field, None, value))
            elif isinstance(value, list) and not (value and isinstance(value[-1], ast.Raise)):
                # What a branch does that ends in an error only words it.
                children += [(field, i, part) for i, part in enumerate(value) if isinstance(part, ast.AST)]
        for field, index, child in children:
            if hasattr(child, "lineno") and not _chooses_speed(child) and id(child) not in unknown:
                yield node, field, index, child
            stack.append(child)


def _chooses_speed(node: ast.AST) -> bool:
    """Whether it is a condition on one of the module's thresholds, a name in capitals: both ways lead to one result."""
    test = node.test if isinstance(node, (ast.If, ast.IfExp)) else node
    if not isinstance(test, (ast.Compare, ast.BoolOp)):
        return False
    return any(isinstance(part, ast.Name) and part.id.isupper() and len(part.id) > 1 for part in ast.walk(test))


def _bounds(function: ast.AST) -> frozenset[int]:
    """The constants that something is compared with."""
    sides = [side for node in ast.walk(function) if isinstance(node, ast.Compare) for side in node.comparators]
    return frozenset(id(side.operand) if isinstance(side, ast.UnaryOp) else id(side) for side in sides)


def _changes(node: ast.AST, bound: bool) -> Iterator[tuple[str, ast.AST]]:
    """What a node may be mistaken for; a `bound` is a constant that something is compared with."""
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, _SWAPPED) and ast.dump(node.left) != ast.dump(node.right):
            yield "swapped", _copy(node, left=node.right, right=node.left)
        if type(node.op) in _OPERATORS and not _is_text(node):
            yield "operator", _copy(node, op=_OPERATORS[type(node.op)]())
        if not _is_text(node):
            yield "dropped term", node.left
            yield "dropped term", node.right
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not, ast.Invert)):
        yield "sign" if isinstance(node.op, ast.USub) else "negation", node.operand
    elif isinstance(node, ast.Constant):
        yield from _constants(node, bound)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        for other in _COMPARED.get(type(node.ops[0]), ()):
            yield "comparison", _copy(node, ops=[other()])
    elif isinstance(node, ast.BoolOp):
        other_op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield "connective", _copy(node, op=other_op)
    elif isinstance(node, ast.IfExp):
        yield "branch", _copy(node, body=node.orelse, orelse=node.body)
    elif isinstance(node, ast.If):
        yield "branch", _copy(node, test=ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node.attr in NEIGHBOURS:
        yield "neighbour", _copy(node, attr=NEIGHBOURS[node.attr])
    elif isinstance(node, (ast.AugAssign,)) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        yield "dropped statement", ast.Pass()


def _exists(attribute: Any, names: Mapping[str, Any]) -> bool:
    """Whether a library has the function that is put in place of another."""
    owner = attribute.value
    return not isinstance(owner, ast.Name) or owner.id not in names or hasattr(names[owner.id], attribute.attr)


def _constants(node: ast.Constant, bound: bool) -> Iterator[tuple[str, ast.AST]]:
    value = node.value
    # Where two formulas meet, both are good a little further on: that step would be no fault.
    factor = 2.0 if bound else 1.0001
    if isinstance(value, bool):
        yield "constant", ast.Constant(not value)
    elif isinstance(value, int):
        yield "constant", ast.Constant(value + 1)
    elif isinstance(value, (float, complex)):
        yield "constant", ast.Constant(value * factor if value else 1.0)


def _calls(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    name = _name(node)
    # Where the order of arguments says nothing, so would a swap.
    plain = [] if name in _SYMMETRIC else [a for a in node.args if not isinstance(a, ast.Starred)]
    if len(plain) == len(node.args) >= 2 and ast.dump(node.args[-1]) != ast.dump(node.args[-2]):
        yield "swapped arguments", _copy(node, args=[*node.args[:-2], node.args[-1], node.args[-2]])
    for number, keyword in enumerate(node.keywords):
        if keyword.arg in _KEYWORDS:
            rest = [k for i, k in enumerate(node.keywords) if i != number]
            yield f"dropped {keyword.arg}", _copy(node, keywords=rest)
    if name in _DROPPED:
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if owner is not None and not (isinstance(owner, ast.Name) and owner.id in _LIBRARIES):
            yield "dropped call", owner
        elif node.args:
            yield "dropped call", node.args[0]


def _name(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


_LIBRARIES = frozenset(["ops", "np", "numpy", "operator", "math", "special"])


def _copy(node: Any, **fields: Any) -> Any:
    made = copy.copy(node)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def _is_text(node: ast.BinOp) -> bool:
    return any(isinstance(n, ast.JoinedStr) or (isinstance(n, ast.Constant) and isinstance(n.value, str))
               for n in (node.left, node.right))  # fmt: skip


# -- compiling ---------------------------------------------------------------------------------------------------------


def _compiled(module: ast.Module, file: str) -> CodeType:
    code: CodeType = compile(module, file, "exec", flags=__future__.annotations.compiler_flag, dont_inherit=True)
    return code


def _touching(
    module: ast.Module, parent: ast.AST, field: str, index: int | None, node: ast.AST, original: CodeType, file: str
) -> Codes:
    """The codes in which that place first calls `TOUCHED`, and then is what it was."""
    call = ast.Call(ast.Name(TOUCHED, ast.Load()), [], [])

    def after_call(expression: ast.expr) -> ast.expr:
        return ast.Subscript(ast.Tuple([call, expression], ast.Load()), ast.Constant(1), ast.Load())

    if isinstance(node, ast.If):
        return _with(module, node, "test", None, node.test, after_call(node.test), original, file)
    if isinstance(node, ast.stmt):
        unless = ast.If(ast.UnaryOp(ast.Not(), call), [node], [])
        return _with(module, parent, field, index, node, unless, original, file)
    assert isinstance(node, ast.expr)
    return _with(module, parent, field, index, node, after_call(node), original, file)


def _with(
    module: ast.Module,
    parent: ast.AST,
    field: str,
    index: int | None,
    node: ast.AST,
    changed: ast.AST,
    original: CodeType,
    file: str,
) -> Codes:
    """The codes that differ once `changed` stands in the place of `node`; none if it cannot stand there."""
    try:
        for keeping in (False, True):
            put(parent, field, index, _keeping(node, changed) if keeping else changed)
            pairs = tuple(_pairs(original, _compiled(ast.fix_missing_locations(module), file)))
            if all(old.co_freevars == new.co_freevars for old, new in pairs):
                return pairs
    except (SyntaxError, ValueError, TypeError):
        pass
    finally:
        put(parent, field, index, node)
    return ()


def put(parent: ast.AST, field: str, index: int | None, node: ast.AST) -> None:
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


def _keeping(node: ast.AST, changed: ast.AST) -> ast.AST:
    """The changed node, beside a function never called that still mentions all names: closures keep their cells."""
    nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    if isinstance(node, ast.Expr):
        return ast.Expr(ast.Lambda(nothing, node.value))
    if not isinstance(node, ast.expr) or not isinstance(changed, ast.expr):
        raise ValueError(node)
    pair = ast.Tuple([changed, ast.Lambda(nothing, node)], ast.Load())
    return ast.Subscript(pair, ast.Constant(0), ast.Load())


def _pairs(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """Functions of the two trees of code that are not the same."""
    inner = [part for part in new.co_consts if isinstance(part, CodeType)]
    for part in old.co_consts:
        if isinstance(part, CodeType):
            match = next((code for code in inner if _same_place(code, part)), None)
            if match is None:
                raise ValueError(part.co_name)
            inner.remove(match)
            if match != part:
                yield part, match
                yield from _pairs(part, match)


def _same_place(one: CodeType, other: CodeType) -> bool:
    """Whether two codes are of the same function, whatever its body is."""
    taken = (code.co_varnames[: code.co_argcount] for code in (one, other))
    return one.co_name == other.co_name and one.co_firstlineno == other.co_firstlineno and next(taken) == next(taken)
