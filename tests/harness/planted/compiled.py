"""torch.compile by a backend that is done soon: a module that offers an adapter."""

from __future__ import annotations

from typing import Any

from parity.engines import adapted


def parity_engine() -> Any:
    return adapted("torch.compile", {"backend": "aot_eager_decomp_partition"})
