"""PyTorch as an engine: the one module that imports torch, and only when asked."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from parity.engines.torchlike import TorchLike
from parity.errors import UsageError


@functools.cache
def load() -> TorchLike:
    """torch behind the adapter that every subject gets too."""
    try:
        import torch
    except ImportError as error:
        raise UsageError(f"the reference is torch, and it cannot be imported ({error}): pip install torch") from error
    return TorchLike(torch)


@contextmanager
def settings(threads: int = 1) -> Iterator[TorchLike]:
    """The reference with one thread, float32 by default, gradients on; what was set before comes back.

    Its warnings (a variance of one element, a resized out=) belong to no comparison and are not shown.
    """
    engine = load()
    torch = engine.module
    threads_before, dtype_before = torch.get_num_threads(), torch.get_default_dtype()
    grad_before, random_before = torch.is_grad_enabled(), torch.get_rng_state()
    try:
        torch.set_num_threads(threads)
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield engine
    finally:
        torch.set_num_threads(threads_before)
        torch.set_default_dtype(dtype_before)
        torch.set_grad_enabled(grad_before)
        torch.set_rng_state(random_before)
