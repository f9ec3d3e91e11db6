"""Products of matrices and vectors. float16 is accumulated in float32, integers in their own dtype."""

from __future__ import annotations

from typing import Any

import numpy as np


def matmul(x: Any, y: Any) -> Any:
    if x.dtype.char == "e":
        return np.matmul(x.astype(np.float32), y.astype(np.float32)).astype(np.float16)
    return np.matmul(x, y)


def addmm(input: Any, x: Any, y: Any, beta: Any, alpha: Any) -> Any:
    """beta * input + alpha * (x @ y); with beta 0, nan and inf of input do not count."""
    if x.dtype.char == "e":
        wide = [a.astype(np.float32) for a in (input, x, y)]
        return addmm(*wide, beta=beta, alpha=alpha).astype(np.float16)
    out = np.matmul(x, y)
    if alpha != 1:
        out *= alpha
    if beta != 0:
        out += input if beta == 1 else beta * input
    return out


def transposed(x: Any) -> Any:
    """The last two dimensions exchanged, conjugated."""
    x = x.swapaxes(-1, -2)
    return x.conj() if x.dtype.kind == "c" else x


def exchanged(x: Any) -> Any:
    return x.swapaxes(-1, -2)


def outer(x: Any, y: Any) -> Any:
    return np.multiply.outer(x, y)


def linear(x: Any, weight: Any) -> Any:
    return matmul(x, weight.T)


def linear_with_bias(bias: Any, x: Any, weight: Any) -> Any:
    if x.dtype.char == "e":
        wide = [a.astype(np.float32) for a in (bias, x, weight)]
        return linear_with_bias(*wide).astype(np.float16)
    out = np.matmul(x, weight.T)
    out += bias
    return out
