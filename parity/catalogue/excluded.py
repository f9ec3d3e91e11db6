"""What no program checks, and why: names that the catalogue leaves out, and known differences."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: Operators by torch's name that no row describes, with the reason.
EXCLUDED: Mapping[str, str] = MappingProxyType(
    {
        "from_numpy": "takes an array, which no step can hold; every program's inputs go through it instead",
        "empty_like": "its values are whatever the memory held, its shape and dtype those of zeros_like: "
        "https://docs.pytorch.org/docs/stable/generated/torch.empty_like.html",
        "manual_seed": "gives a generator, not a tensor; tested where distributions are tested",
    }
)
