"""Layers that change a shape, and distances of vectors."""

from __future__ import annotations

from parity.catalogue.modules.spec import module, needed, of

# fmt: off
ROWS = [
    module("Flatten", "N C H W", start_dim=of(0, 2), end_dim=of(2, -2)),
    module("Unflatten", "N 6 H", dim=needed(1), unflattened_size=needed((2, 3), (-1, 2))),
    module("CosineSimilarity", "N C H", "N C H", dim=of(0, 2), eps=of(1e-3)),
    module("PairwiseDistance", "N C", "N C", p=of(1.0, 3.0), eps=of(1e-3), keepdim=of(True)),
]
