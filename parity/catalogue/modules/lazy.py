"""Layers that take their sizes from the first input that they see."""

from __future__ import annotations

from parity.catalogue.modules.spec import module, needed, of

_SPACE = ("L", "H W", "D H W")

# fmt: off
ROWS = [
    module("LazyLinear", "N C", out_features=needed(2, 4), bias=of(False)),
    *(module(f"LazyConv{n}d", f"N C {_SPACE[n - 1]}", out_channels=needed(2, 3), kernel_size=needed(2, 1), stride=of(2),
             padding=of(1), bias=of(False)) for n in (1, 2, 3)),
    *(module(f"LazyConvTranspose{n}d", f"N C {_SPACE[n - 1]}", out_channels=needed(2, 3), kernel_size=needed(2, 1),
             stride=of(2), padding=of(1), bias=of(False)) for n in (1, 2, 3)),
    *(module(f"LazyBatchNorm{n}d", f"N C {_SPACE[n - 1]}", momentum=of(0.3, None), affine=of(False),
             track_running_stats=of(False)) for n in (1, 2, 3)),
    *(module(f"LazyInstanceNorm{n}d", f"N C {_SPACE[n - 1]}", momentum=of(0.3), affine=of(True),
             track_running_stats=of(True)) for n in (1, 2, 3)),
]
