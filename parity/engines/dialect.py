"""An engine's operators as a table of text: torch's signature, and the expression that the engine has for it.

Read both ways: compiled, a row runs a step; with names put in, it writes the step down in the engine's own words.
"""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from parity.program import Step

PLAIN = ("function", "method", "operator")


class Row:
    """One operator: `"input, dim=None: np.sum(input, axis=dim)"`, torch's parameters before the colon."""

    def __init__(self, text: str, names: Mapping[str, Any]) -> None:
        self._tree = ast.parse(f"lambda {text}", mode="eval")
        self.call: Callable[..., Any] = eval(compile(self._tree, text, "eval"), dict(names))
        self.signature = inspect.signature(self.call)

    def fits(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
        """Whether the row takes these arguments."""
        try:
            self.signature.bind(*args, **kwargs)
        except TypeError:
            return False
        return True

    def written(self, args: list[str], kwargs: Mapping[str, str]) -> str:
        """The expression with the texts of the arguments in it."""
        bound = self.signature.bind(*args, **kwargs)
        given = {}
        for name, parameter in self.signature.parameters.items():
            text = bound.arguments.get(name)
            if isinstance(text, tuple):
                text = f"({', '.join(text)},)"
            given[name] = repr(parameter.default) if text is None else text
        assert isinstance(self._tree.body, ast.Lambda)
        body = ast.parse(ast.unparse(self._tree.body.body), mode="eval")
        return ast.unparse(_Filled(given).visit(body))


class _Filled(ast.NodeTransformer):
    """Names replaced by expressions; a condition on what is known by now is decided."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self.given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.parse(self.given[node.id], mode="eval").body if node.id in self.given else node

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        test = self.visit(node.test)
        try:
            known = eval(ast.unparse(test), {"__builtins__": {}})
        except Exception:
            return self.generic_visit(node)
        return self.visit(node.body if known else node.orelse)


class Dialect:
    """The rows whose every name exists: one table may serve several libraries that are alike.

    `names` are what the expressions speak of, e.g. `{"np": jax.numpy}`.
    """

    def __init__(self, rows: Mapping[str, str], names: Mapping[str, Any]) -> None:
        self.names = names
        self._texts = {op: text for op, text in rows.items() if _exists(text, names)}

    @property
    def ops(self) -> frozenset[str]:
        return frozenset(self._texts)

    @functools.cache  # noqa: B019  a dialect lives as long as its engine, which lives as long as the process
    def row(self, op: str) -> Row:
        return Row(self._texts[op], self.names)

    def takes(self, step: Step) -> bool:
        """Whether a step is called in a way that the table has."""
        return step.op in self._texts and step.spelling in PLAIN and self.row(step.op).fits(step.args, step.kwargs)


def _exists(text: str, names: Mapping[str, Any]) -> bool:
    """Whether every dotted name of an expression that begins with one of `names` is there."""
    for node in ast.walk(ast.parse(f"lambda {text}", mode="eval")):
        if isinstance(node, ast.Attribute):
            path, inner = [node.attr], node.value
            while isinstance(inner, ast.Attribute):
                path.append(inner.attr)
                inner = inner.value
            if isinstance(inner, ast.Name) and inner.id in names:
                found = names[inner.id]
                for part in reversed(path):
                    found = getattr(found, part, None)
                if found is None:
                    return False
        elif isinstance(node, ast.Name) and node.id in names and names[node.id] is None:
            return False
    return True
