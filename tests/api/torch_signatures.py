"""torch's own signatures, overload by overload: from its type stubs, its Python functions, or its operator schemas.

Builtins carry no signature; the stubs that torch ships are generated from the same declarations as its argument parser.
"""

from __future__ import annotations

import ast
import functools
import inspect
from inspect import Parameter, Signature
from pathlib import Path

import torch

STUBS = Path(torch.__file__).parent


@functools.cache
def declared(stub: str, inside: str = "") -> dict[str, list[Signature]]:
    """Every function of a stub (or method of one of its classes), by name, with its overloads."""
    body = ast.parse((STUBS / stub).read_text(encoding="utf-8")).body
    if inside:
        (body,) = [n.body for n in body if isinstance(n, ast.ClassDef) and n.name == inside]
    found: dict[str, list[Signature]] = {}
    for node in body:
        if isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, []).append(_signature(node.args))
    return found


def functions(name: str) -> list[Signature]:
    """A root function's overloads: torch's Python where it has some, else its stub, else its operator's schemas."""
    value = getattr(torch, name)
    if getattr(value, "__qualname__", "").startswith("boolean_dispatch"):
        value = inspect.getattr_static(torch.Tensor, name)  # the function's own signature is (*args, **kwargs)
    printed = [_named(s) for s in declared("_C/_VariableFunctions.pyi").get(name, [])]
    return [_named(s) for s in _of_python(value)] or current(printed or _of_operator(name))


def _named(s: Signature) -> Signature:
    """`self` where a function's stub forgot that torch calls it input."""
    return s.replace(parameters=[p.replace(name="input") if p.name == "self" else p for p in s.parameters.values()])


def methods(name: str) -> list[Signature]:
    """A method's overloads without self."""
    written = _of_python(inspect.getattr_static(torch.Tensor, name))
    overloads = written or declared("_C/__init__.pyi", "TensorBase").get(name, [])
    return [s.replace(parameters=list(s.parameters.values())[1:]) for s in current(overloads)]


def current(overloads: list[Signature]) -> list[Signature]:
    """Without torch's deprecated forms, which take an operand's factor by position and call no parameter input."""
    return [s for s in overloads if not any(_deprecated(s, n) for n in ("alpha", "beta", "value") if n in s.parameters)]


def _deprecated(s: Signature, factor: str) -> bool:
    p = s.parameters[factor]
    return (
        p.kind is Parameter.POSITIONAL_OR_KEYWORD
        and (p.default is Parameter.empty or "other" in s.parameters)
        and (factor != "value" or "tensor1" in s.parameters)
    )


def in_namespace(namespace: str, name: str) -> list[Signature]:
    """The overloads of nn.functional, linalg, special or fft."""
    value = functools.reduce(getattr, [*namespace.split("."), name], torch)
    if getattr(value, "__qualname__", "").startswith("boolean_dispatch"):
        value = inspect.getclosurevars(value).nonlocals["if_true"]  # either of two functions of one signature
    if found := _of_python(value):
        return found
    name = {"logsigmoid": "log_sigmoid"}.get(name, name)
    schema = name if namespace == "nn.functional" else f"{namespace}_{name}"
    return [_of_factory(s) for s in _of_operator(schema)]


def _of_factory(s: Signature) -> Signature:
    """What makes a tensor can make a leaf, which the binding adds to the schema."""
    if "layout" not in s.parameters:
        return s
    return s.replace(
        parameters=[*s.parameters.values(), Parameter("requires_grad", Parameter.KEYWORD_ONLY, default=False)]
    )


def _of_operator(name: str) -> list[Signature]:
    return [_of_schema(s) for s in torch._C._jit_get_schemas_for_operator(f"aten::{name}")]


def _of_python(value: object) -> list[Signature]:
    try:
        return [inspect.signature(value)]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return []


def _of_schema(schema: object) -> Signature:
    names = {"self": "input"}
    results = [a.name for a in schema.arguments if a.is_out]  # type: ignore[attr-defined]
    # Several results are given together, as out=(first, second).
    names |= dict.fromkeys(results, "out")
    return Signature(
        sorted(
            (
                Parameter(
                    names.get(a.name, a.name),
                    Parameter.KEYWORD_ONLY if a.kwarg_only else Parameter.POSITIONAL_OR_KEYWORD,
                    default=None if a.is_out else a.default_value if a.has_default_value() else Parameter.empty,
                )
                for a in schema.arguments  # type: ignore[attr-defined]
                if a.name not in results[1:]
            ),
            key=lambda p: p.kind,
        )
    )


def _signature(a: ast.arguments) -> Signature:
    found = []
    plain = [*a.posonlyargs, *a.args]
    missing = [Parameter.empty] * (len(plain) - len(a.defaults))
    for i, (arg, default) in enumerate(zip(plain, [*missing, *map(_literal, a.defaults)])):
        # A parameter that the stub calls `__x` or puts before `/` has a name for no one.
        kind = Parameter.POSITIONAL_ONLY if i < len(a.posonlyargs) else Parameter.POSITIONAL_OR_KEYWORD
        found.append(Parameter(arg.arg, kind, default=default))
    if a.vararg:
        found.append(Parameter(a.vararg.arg, Parameter.VAR_POSITIONAL))
    for arg, given in zip(a.kwonlyargs, a.kw_defaults):
        found.append(
            Parameter(arg.arg, Parameter.KEYWORD_ONLY, default=Parameter.empty if given is None else _literal(given))
        )
    if a.kwarg:
        found.append(Parameter(a.kwarg.arg, Parameter.VAR_KEYWORD))
    return Signature(found)


def _literal(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)
