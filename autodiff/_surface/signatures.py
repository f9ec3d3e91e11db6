"""Signatures worked out when somebody asks: of most functions nobody does. Knows no operator."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


class LateSignature(inspect.Signature):
    """What `change` makes of a function's signature."""

    __slots__ = ("_change", "_known", "_of")

    def __init__(self, function: Callable[..., Any], change: Callable[[inspect.Signature], inspect.Signature]) -> None:
        self._of = function
        self._change = change
        self._known: inspect.Signature | None = None

    def _read(self) -> inspect.Signature:
        if self._known is None:
            self._known = self._change(inspect.signature(self._of))
        return self._known

    @property
    def parameters(self) -> Any:
        return self._read().parameters

    @property
    def return_annotation(self) -> Any:
        return self._read().return_annotation
