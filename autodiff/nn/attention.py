"""torch.nn.attention: which kernel attention is to use. There is one here, and the choice is kept and told alone."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Iterator
from typing import Any


class SDPBackend(enum.IntEnum):
    """torch's kernels of scaled_dot_product_attention."""

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4


@contextlib.contextmanager
def sdpa_kernel(backends: Any, set_priority: bool = False) -> Iterator[None]:
    """A region in which attention may use these kernels: it uses the one there is, which computes as MATH does.

    Raises AssertionError for what is no backend, or a list of them.
    """
    assert isinstance(backends, (list, SDPBackend)), (
        "Backend must be an instance of SDPBackend or a list of SDPBackend instances"
    )
    listed = [backends] if isinstance(backends, SDPBackend) else backends
    if not all(isinstance(b, SDPBackend) for b in listed):
        raise AssertionError(f"expected a list of SDPBackend, got {listed}")
    yield
