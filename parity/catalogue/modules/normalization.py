"""Layers that normalise, with what they remember."""

from __future__ import annotations

from typing import Any

from parity.catalogue.modules.spec import module, needed, of

_SPACE = ("L", "H W", "D H W")
_EPS = of(1e-3)
_RUNNING: dict[str, Any] = {"eps": _EPS, "momentum": of(0.3, None, 1.0, 0.0), "bias": of(False)}

# fmt: off
ROWS = [
    *(module(f"BatchNorm{n}d", f"N num_features {_SPACE[n - 1]}", num_features=needed(2, 3), **_RUNNING,
             affine=of(False), track_running_stats=of(False)) for n in (1, 2, 3)),
    *(module(f"InstanceNorm{n}d", f"N? num_features {_SPACE[n - 1]}", num_features=needed(2, 3), **_RUNNING,
             affine=of(True), track_running_stats=of(True)) for n in (1, 2, 3)),
    module("GroupNorm", "N num_channels H W", num_groups=needed(2, 1, 4), num_channels=needed(4, 8), eps=_EPS,
           affine=of(False), bias=of(False)),
    module("LayerNorm", "N L normalized_shape", normalized_shape=needed(3, (2, 4), [5]), eps=_EPS,
           elementwise_affine=of(False), bias=of(False)),
    module("RMSNorm", "N L normalized_shape", normalized_shape=needed(3, (2, 4)), eps=_EPS,
           elementwise_affine=of(False)),
    module("LocalResponseNorm", "N C H W", size=needed(2, 1, 3), alpha=of(0.1), beta=of(0.5), k=of(2.0),
           ranges={"C": (2, 5)}),
]
