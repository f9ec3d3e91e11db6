"""Each element once: torch records it, and has no derivative of it."""

from __future__ import annotations

from autodiff._core.kinds import general, underived
from autodiff._kernels import sets

for name, operator, title in (
    ("unique", "_unique2", "Unique2Backward0"),
    ("unique_dim", "unique_dim", "UniqueDimBackward0"),
    ("unique_consecutive", "unique_consecutive", "UniqueConsecutiveBackward0"),
):
    general(
        name,
        sets.unique,
        underived(operator),
        inputs=("input",),
        outputs=("out", "inverse", "counts"),
        node=title,
    )
general("isin", sets.isin, inputs=("elements", "test_elements"))
