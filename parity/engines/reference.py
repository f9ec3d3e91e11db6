"""PyTorch as an engine: the one module that imports torch, and only when asked."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np

from parity.engines.torchlike import TorchLike
from parity.errors import UsageError


@functools.cache
def load() -> TorchLike:
    """torch behind the adapter that every subject gets too."""
    try:
        import torch
    except ImportError as error:
        raise UsageError(f"the reference is torch, and it cannot be imported ({error}): pip install torch") from error
    return _Torch(torch)


class _Torch(TorchLike):
    """torch, but for calls in which it leaves its memory: the process might end, now or long afterwards."""

    def _find(self, op: str, spelling: str) -> Callable[..., Any]:
        function = super()._find(op, spelling)
        return _fitting(function) if op == "lu_unpack" else function


def _fitting(lu_unpack: Callable[..., Any]) -> Callable[..., Any]:
    """torch looks at the shape of the matrices alone, and reads as many pivots as they need [2.13]."""

    @functools.wraps(lu_unpack)
    def checked(LU_data: Any, LU_pivots: Any, *args: Any, **kwargs: Any) -> Any:
        shape = LU_data.shape
        if len(shape) > 1 and LU_pivots.shape != (*shape[:-2], min(shape[-2:])):
            raise RuntimeError(f"lu_unpack: pivots of shape {list(LU_pivots.shape)} for matrices of {list(shape)}")
        return lu_unpack(LU_data, LU_pivots, *args, **kwargs)

    return checked


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


def nudging(number: int) -> AbstractContextManager[Any]:
    """A context in which every result is moved by one rounding, each element up or down; backward passes too.

    What shares memory with an argument (views, what is written in place) is left as it is, and so are what is
    drawn and whole numbers, which are masks and counts.
    """
    return _mode()(number)


@functools.cache
def _mode() -> Callable[[int], AbstractContextManager[Any]]:
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    class Nudging(TorchDispatchMode):  # type: ignore[misc]
        def __init__(self, number: int) -> None:
            super().__init__()
            self.random = np.random.default_rng(number)

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = func(*args, **(kwargs or {}))
            if torch.Tag.nondeterministic_seeded in func.tags or any(
                returned.alias_info is not None for returned in func._schema.returns
            ):
                return result
            for part in result if isinstance(result, (tuple, list)) else (result,):
                if isinstance(part, torch.Tensor) and part.is_floating_point() and part.numel():
                    signs = torch.from_numpy(self.random.choice([-1.0, 1.0], size=tuple(part.shape)))
                    signs[part == part.round()] = 0
                    part.mul_((1 + signs * torch.finfo(part.dtype).eps).to(part.dtype))
            return result

    return Nudging
