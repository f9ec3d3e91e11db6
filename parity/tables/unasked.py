"""Mistakes that no call is made of, and differences that stay, each with a reason; knows names only."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from parity.tables.calls import Answer

#: By operator and argument: mistakes in it that nobody can make and live.
DEADLY: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("lu_unpack", "LU_pivots"): "torch reads past the end of pivots that are too few, and crashes",
    }
)

_FELL = "torch's Python code falls over an attribute that the argument has not; a TypeError that names it says more"
_BUILD = "torch's error says how torch was built, not what was given"
_NOTHING = "None is taken for an argument that was left out"
_PARTIAL = "torch computes in complex32, which few libraries have"


def known(theirs: Answer, ours: Answer) -> str:
    """The reason why these answers differ on purpose; empty if there is none."""
    if theirs.what == "AttributeError" and ours.what == "TypeError" and "must be" in ours.message:
        return _FELL
    if theirs.what == "AssertionError" and "Torch not compiled with" in theirs.message:
        return _BUILD
    if "ComplexHalf" in theirs.message or theirs.what.startswith("complex32"):
        return _PARTIAL
    if theirs.what == "TypeError" and "NoneType" in theirs.message and not ours.message:
        return _NOTHING
    return ""
