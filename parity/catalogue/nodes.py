"""Operators whose result's `grad_fn` goes by another name than torch's, and why; knows no engine."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_ROAD = (
    "the last node of torch's composition, which depends on shapes and strides; the engine has one node, or another "
    "road to the same derivative"
)
_LAST = "the last step of a composition, which the engine takes by an operator of another name"

#: By torch's name of the operator: why nobody is held to the name of its node.
NAMED: Mapping[str, str] = MappingProxyType(
    {
        "bilinear": _ROAD,
        "nn.functional.bilinear": _ROAD,
        "cdist": _ROAD,
        "einsum": _ROAD,
        "diff": _LAST,
        "linalg.vecdot": _LAST,
        "nn.functional.cross_entropy": _LAST,
        "nn.functional.ctc_loss": _LAST,
        "rms_norm": _LAST,
        "nn.functional.rms_norm": _LAST,
        "div": "a number over a tensor is a reciprocal times the number in torch, rounded twice; here one division",
        "special.xlog1py": "with a number torch has a node for each side; the derivative is the same",
    }
)

#: By the name of torch's node: what it keeps for its backward pass, as torch calls it (`_saved_self` …).
SAVED: Mapping[str, tuple[str, ...]] = MappingProxyType({})
