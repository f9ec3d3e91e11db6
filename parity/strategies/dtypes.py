"""Dtypes by torch's name and by the catalogue's one-letter kind; knows no engine."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

#: The kinds of `OpSpec.dtypes`, and their dtypes by name.
KINDS: Mapping[str, tuple[str, ...]] = {
    "b": ("bool",),
    "u": ("uint8",),
    "i": ("int64", "int32", "int16", "int8"),
    "h": ("float16",),
    "f": ("float32", "float64"),
    "c": ("complex64", "complex128"),
}
#: The kind of each dtype, by name.
KIND: Mapping[str, str] = {name: kind for kind, names in KINDS.items() for name in names}
#: The kind of a NumPy dtype; dtypes hash slowly, their characters do not.
KIND_OF_CHAR: Mapping[str, str] = {
    **{str(np.dtype(name).char): kind for name, kind in KIND.items()},
    str(np.dtype(np.longlong).char): "i",
}
FLOATING = frozenset("hf")
INEXACT = frozenset("hfc")


def names(kinds: str) -> tuple[str, ...]:
    """The dtypes that a string of kinds stands for."""
    return tuple(name for kind in kinds for name in KINDS[kind])
