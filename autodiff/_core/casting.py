"""What autocast does to operators: which of them run in which dtype, and each thread's modes.

torch casts what its CPU lists name, and what those call is left alone; all others compute in what they are given, and
what they call may be listed. So does `cast` here, which a function on the lists runs through. Results written into a
tensor, in place or by `out=`, are not cast.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np

from autodiff._core.arguments import numpy_dtype
from autodiff._core.dtypes import bfloat16
from autodiff._core.modes import state
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor

Policy = Literal["lower", "single", "widest"]

#: By public name. "lower": in the mode's dtype; "single": in float32; "widest": in float32 if any operand is that.
#: Some are not on torch's lists themselves, but made of what is.
_LISTS: dict[Policy, str] = {
    "lower": """
        addbmm addmm baddbmm bmm conv1d conv2d conv3d conv_transpose1d conv_transpose2d
        conv_transpose3d linalg.multi_dot linalg.vecdot matmul mm nn.functional.affine_grid nn.functional.linear
        nn.functional.scaled_dot_product_attention prelu
    """,
    "single": """
        binary_cross_entropy_with_logits cdist cholesky cholesky_inverse cholesky_solve cosine_embedding_loss
        fft.fft fft.fft2 fft.fftn fft.hfft fft.ifft fft.ifft2 fft.ifftn fft.ihfft fft.irfft fft.irfft2
        fft.irfftn fft.rfft fft.rfft2 fft.rfftn geqrf hinge_embedding_loss inverse kl_div linalg.cholesky
        linalg.cholesky_ex linalg.cond linalg.eig linalg.eigh linalg.eigvals linalg.eigvalsh
        linalg.householder_product linalg.inv linalg.inv_ex linalg.lstsq linalg.matrix_rank linalg.qr
        linalg.solve linalg.svd linalg.svdvals linalg.tensorinv linalg.tensorsolve lu lu_solve
        margin_ranking_loss max_pool3d nanquantile nn.functional.adaptive_avg_pool3d
        nn.functional.adaptive_max_pool3d nn.functional.adaptive_max_pool3d_with_indices
        nn.functional.avg_pool3d nn.functional.binary_cross_entropy
        nn.functional.binary_cross_entropy_with_logits nn.functional.cosine_embedding_loss
        nn.functional.cross_entropy nn.functional.ctc_loss nn.functional.fractional_max_pool2d
        nn.functional.fractional_max_pool2d_with_indices nn.functional.fractional_max_pool3d
        nn.functional.fractional_max_pool3d_with_indices nn.functional.grid_sample
        nn.functional.hinge_embedding_loss nn.functional.huber_loss nn.functional.kl_div
        nn.functional.margin_ranking_loss
        nn.functional.max_unpool1d nn.functional.max_unpool2d nn.functional.max_unpool3d
        nn.functional.multi_margin_loss nn.functional.multilabel_margin_loss nn.functional.nll_loss
        nn.functional.poisson_nll_loss nn.functional.smooth_l1_loss nn.functional.soft_margin_loss
        nn.functional.triplet_margin_loss orgqr ormqr pinverse poisson_nll_loss polar prod qr quantile stft svd
        trace triangular_solve triplet_margin_loss view_as_complex
    """,
    "widest": "cat index_copy stack",
}
POLICIES: dict[str, Policy] = {name: policy for policy, names in _LISTS.items() for name in names.split()}


class Modes(threading.local):
    """A thread's modes by device, and the parameters that were cast, by identity and dtype."""

    def __init__(self) -> None:
        self.enabled: dict[str, bool] = {}
        self.dtypes: dict[str, Any] = {}
        self.cache = True
        #: How many regions are open; what was cast is kept until the outermost ends.
        self.nesting = 0
        self.kept: dict[tuple[int, Any], tuple[Tensor, Tensor]] = {}
        #: Inside an operator of the lists.
        self.within = False


modes = Modes()
#: Not empty while the mode is on for the CPU in any thread: nobody asks for the thread's own before.
casting: list[str] = []


def enable(device: str, enabled: bool) -> None:
    """Switch this thread's mode for a device on or off."""
    if device == "cpu" and enabled != modes.enabled.get("cpu", False):
        if enabled:
            casting.append(device)
        else:
            casting.remove(device)
    modes.enabled[device] = enabled


@contextmanager
def uncast() -> Iterator[None]:
    """Nothing is cast inside."""
    before, modes.within = modes.within, True
    try:
        yield
    finally:
        modes.within = before


def cast(body: Callable[..., Any], policy: Policy) -> Callable[..., Any]:
    """A function whose tensors are brought to the dtype of its policy where the mode is on."""

    @functools.wraps(body)
    def public(*args: Any, **kwargs: Any) -> Any:
        if not casting:
            return body(*args, **kwargs) if kwargs else body(*args)
        if modes.within or not modes.enabled.get("cpu", False):
            return body(*args, **kwargs)
        given = brought(policy, *args, *kwargs.values())
        with uncast():
            return body(*given[: len(args)], **dict(zip(kwargs, given[len(args) :])))

    return public


def brought(policy: Policy, *values: Any) -> tuple[Any, ...]:
    """Arguments as a policy has them where the mode is on."""
    if not casting or modes.within or not modes.enabled.get("cpu", False):
        return values
    lower = numpy_dtype(modes.dtypes.get("cpu", bfloat16))
    if policy == "lower":
        target = lower
    elif policy == "single":
        target = np.dtype(np.float32)
    else:
        target = _widest(values, lower)
    return tuple(_given(v, target, lower) for v in values)


def exempt(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with nothing cast inside: one whose result is written into a tensor."""

    @functools.wraps(function)
    def public(*args: Any, **kwargs: Any) -> Any:
        if not casting:
            return function(*args, **kwargs)
        with uncast():
            return function(*args, **kwargs)

    return public


def _eligible(x: Any) -> bool:
    return isinstance(x, Tensor) and (dtype := x._array.dtype).kind == "f" and dtype.itemsize < 8


def _given(value: Any, target: Any, lower: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)(_given(v, target, lower) for v in value)
    if not _eligible(value) or value._array.dtype is target:
        return value
    if target is not lower or not _kept(value):
        return ops.to(value, dtype=target)
    key = (id(value), target)
    found = modes.kept.get(key)
    if found is None:
        found = modes.kept[key] = (value, ops.to(value, dtype=target))
    return found[1]


def _kept(x: Tensor) -> bool:
    """Whether torch keeps what this one was cast to: a parameter, used once more before its next step."""
    return modes.cache and state.grad and x._array.dtype == np.float32 and x.requires_grad and x.is_leaf


def _widest(values: tuple[Any, ...], lower: Any) -> Any:
    flat = [v for value in values for v in (value if isinstance(value, (list, tuple)) else (value,))]
    found = {v._array.dtype for v in flat if _eligible(v)}
    if np.dtype(np.float32) in found:
        return np.dtype(np.float32)
    if found - {lower}:
        raise RuntimeError("Unexpected floating ScalarType in at::autocast::prioritize")
    return lower
