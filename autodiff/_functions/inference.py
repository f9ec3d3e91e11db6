"""What torch's kernels show of their inside where all that they are given belongs to inference mode."""

from __future__ import annotations

from collections.abc import Iterable

from autodiff._core.modes import state, unusual
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor


def viewed(result: Tensor, operands: Iterable[Tensor]) -> Tensor:
    """The result as the view that it is of what the kernel made: outside the mode, kernels of such tensors record."""
    if unusual and not state.inference and all(x.is_inference() for x in operands):
        return ops.view(result, shape=result._array.shape)  # type: ignore[no-any-return]
    return result
