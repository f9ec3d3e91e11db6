"""Results written over the first operand: what an optimiser's step is made of, in one pass over memory each.

For floats of one dtype only; `out` is the first operand's own array.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Kernel = Callable[..., Any]
#: Elements of a block: its scratch and what it reads fit into the second-level cache.
BLOCK = 1 << 16


def _in_blocks(step: Kernel) -> Kernel:
    """A step of several operations, block by block, so that its `scratch` stays in the cache."""

    def kernel(*operands: Any, out: Any, **params: Any) -> None:
        if out.size <= BLOCK or not _in_line(out, operands):
            step(*operands, out, None, **params)
            return
        flat = [a.reshape(-1) if isinstance(a, np.ndarray) else a for a in operands]
        target, scratch = out.reshape(-1), np.empty(BLOCK, out.dtype)
        for start in range(0, out.size, BLOCK):
            part = slice(start, start + BLOCK)
            into = target[part]
            step(*[a[part] if isinstance(a, np.ndarray) else a for a in flat], into, scratch[: into.size], **params)

    return kernel


def _in_line(out: Any, operands: tuple[Any, ...]) -> bool:
    """Whether all arrays have out's shape and are contiguous."""
    return out.flags.c_contiguous and all(
        a.shape == out.shape and a.flags.c_contiguous for a in operands if isinstance(a, np.ndarray)
    )


def _scaled(combine: Any) -> Kernel:
    """x + alpha * other, or the difference."""

    def step(x: Any, other: Any, out: Any, scratch: Any, alpha: float) -> None:
        combine(x, np.multiply(other, alpha, out=scratch), out=out)

    blocks = _in_blocks(step)

    def kernel(x: Any, other: Any, out: Any, alpha: float = 1) -> None:
        if alpha == 1:
            combine(x, other, out=out)
        elif type(other) is not np.ndarray or other.size <= BLOCK:
            combine(x, other * alpha, out=out)
        else:
            blocks(x, other, out=out, alpha=alpha)

    return kernel


@_in_blocks
def _addcmul(x: Any, a: Any, b: Any, out: Any, scratch: Any, value: float = 1) -> None:
    scaled = a if value == 1 else np.multiply(a, value, out=scratch)
    np.add(x, np.multiply(scaled, b, out=scratch), out=out)


@_in_blocks
def _addcdiv(x: Any, a: Any, b: Any, out: Any, scratch: Any, value: float = 1) -> None:
    scaled = a if value == 1 else np.multiply(a, value, out=scratch)
    np.add(x, np.divide(scaled, b, out=scratch), out=out)


def _negate(x: Any, out: Any) -> None:
    """-x; beside itself only in line: NumPy 2.4 gives other elements of memory with strides of 4 or 8 elements."""
    if out.flags.c_contiguous:
        np.negative(x, out=out)
    else:
        out[...] = -x


#: By torch's name of the operator. Those whose kernel is a NumPy function of their own need no row.
KERNELS: dict[str, Kernel] = {
    "add": _scaled(np.add), "sub": _scaled(np.subtract), "mul": np.multiply, "div": np.divide, "neg": _negate,
    "addcmul": _addcmul, "addcdiv": _addcdiv,
}  # fmt: skip
