"""torch.return_types: tuples of results whose fields have names. Knows no operator."""

from __future__ import annotations

from collections import namedtuple
from typing import Any


def named(operator: str, *fields: str) -> type[tuple[Any, ...]]:
    """The class of an operator's results; prints as torch's."""

    def show(self: Any) -> str:
        lines = ",\n".join(f"{name}={value!r}" for name, value in zip(fields, self))
        return f"torch.return_types.{operator}(\n{lines})"

    shape = namedtuple(operator, fields)  # type: ignore[misc]
    return type(operator, (shape,), {"__slots__": (), "__repr__": show, "__module__": "torch.return_types"})
