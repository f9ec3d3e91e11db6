"""Forward lines of views that are copied: the view's line, and a copy."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.table import LINES, forward

_VIEWS = """
    as_strided expand permute select split squeeze t transpose unbind unfold unsqueeze view_as_real
"""


def _copying(view: str) -> Any:
    def copied(*args: Any, **kwargs: Any) -> Any:
        found = LINES[view](*args, **kwargs)
        return tuple(part.copy() for part in found) if isinstance(found, tuple) else found.copy()

    return copied


for _name in _VIEWS.split():
    forward(f"{_name}_copy")(_copying(_name))
forward("split_with_sizes_copy")(_copying("split"))
forward("view_copy")(_copying("view"))
forward("view_as_complex_copy")(_copying("view_as_complex"))


@forward("alias_copy", "detach_copy")
def _(input: Array) -> Array:
    return input.copy()


@forward("slice_copy")
def _(input: Array, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Array:
    first, last, _ = slice(start, end).indices(input.shape[dim])
    return np.moveaxis(np.moveaxis(input, dim, 0)[first : max(first, last) : step], 0, dim).copy()
