"""Forward lines of convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import balls, is_discrete
from parity.truth.table import forward


def zeros(shape: tuple[int, ...], like: Array) -> Array:
    """Zeros of the kind that `like` is."""
    found = np.zeros(shape, np.int64)
    return found if is_discrete(like) else balls(found)


def each(given: Any, dims: int) -> tuple[int, ...]:
    """A size for each dimension, written once for all or one by one."""
    sizes = tuple(given) if isinstance(given, (tuple, list)) else (given,)
    return sizes * dims if len(sizes) == 1 else sizes


def padded(x: Array, before: tuple[int, ...], after: tuple[int, ...], filled: Any = None) -> Array:
    """x with zeros (or `filled`) around its last dimensions."""
    lead = x.ndim - len(before)
    sizes = tuple(n + a + b for n, a, b in zip(x.shape[lead:], before, after))
    found = zeros((*x.shape[:lead], *sizes), x)
    if filled is not None:
        found[...] = filled
    inner: Any = (..., *(slice(a, a + n) for n, a in zip(x.shape[lead:], before)))
    found[inner] = x
    return found


def reach(at: tuple[int, ...], places: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]) -> Any:
    """Where the elements of all windows lie that stand at one place of each."""
    return (..., *(slice(i * d, i * d + (m - 1) * s + 1, s) for i, m, s, d in zip(at, places, stride, dilation)))


def _mixed(weight: Array, x: Array, groups: int, shape: tuple[int, ...]) -> Array:
    """Sums over the channels of each group; weight (results, channels of a group)."""
    parts = zip(np.split(weight, groups), np.split(x, groups, axis=1))
    return np.concatenate([np.tensordot(p, w, (1, 1)) for w, p in parts], axis=-1).reshape(shape)


def _convolved(
    input: Array, weight: Array, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int, dims: int
) -> Array:
    x = input if input.ndim == dims + 2 else input[None]
    kernel, stride, dilation = weight.shape[2:], each(stride, dims), each(dilation, dims)
    if padding == "same":
        both = [d * (k - 1) for k, d in zip(kernel, dilation)]
        x = padded(x, tuple(n // 2 for n in both), tuple(n - n // 2 for n in both))
    elif padding != "valid":
        x = padded(x, each(padding, dims), each(padding, dims))
    places = tuple((n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(x.shape[2:], kernel, stride, dilation))
    out = zeros((len(x), *places, len(weight)), x)
    for at in np.ndindex(*kernel):
        part = x[reach(at, places, stride, dilation)]
        out = out + _mixed(weight[(..., *at)], part, groups, out.shape)
    out = out if bias is None else out + bias
    out = np.moveaxis(out, -1, 1)
    return out if input.ndim == dims + 2 else out[0]


def _transposed(
    input: Array, weight: Array, bias: Any, stride: Any, padding: Any, output_padding: Any, dilation: Any, groups: int,
    dims: int,
) -> Array:  # fmt: skip
    x = input if input.ndim == dims + 2 else input[None]
    kernel, places, own = weight.shape[2:], x.shape[2:], weight.shape[1]
    stride, padding, more, dilation = (each(v, dims) for v in (stride, padding, output_padding, dilation))
    whole = tuple((n - 1) * s + d * (k - 1) + 1 for n, k, s, d in zip(places, kernel, stride, dilation))
    # Padding takes away, and more may be asked for than there is.
    out = zeros((len(x), own * groups, *(n + m for n, m in zip(whole, more))), x)
    for at in np.ndindex(*kernel):
        turned = np.concatenate([w.T for w in np.split(weight[(..., *at)], groups)])
        part = _mixed(turned, x, groups, (len(x), *places, own * groups))
        place = reach(at, places, stride, dilation)
        out[place] = out[place] + np.moveaxis(part, -1, 1)
    inner: Any = (..., *(slice(p, n + m - p) for p, n, m in zip(padding, whole, more)))
    found: Array = out[inner] if bias is None else out[inner] + bias.reshape(-1, *(1,) * dims)
    return found if input.ndim == dims + 2 else found[0]


def _lines(dims: int) -> None:
    @forward(f"conv{dims}d", f"nn.functional.conv{dims}d")
    def _(input: Array, weight: Array, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
          groups: int = 1) -> Array:  # fmt: skip
        return _convolved(input, weight, bias, stride, padding, dilation, groups, dims)

    @forward(f"conv_transpose{dims}d", f"nn.functional.conv_transpose{dims}d")
    def _(input: Array, weight: Array, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
          groups: int = 1, dilation: Any = 1) -> Array:  # fmt: skip
        return _transposed(input, weight, bias, stride, padding, output_padding, dilation, groups, dims)


@forward("convolution")
def _(input: Array, weight: Array, bias: Any, stride: Any, padding: Any, dilation: Any, transposed: bool,
      output_padding: Any, groups: int) -> Array:  # fmt: skip
    dims = weight.ndim - 2
    if transposed:
        return _transposed(input, weight, bias, stride, padding, output_padding, dilation, groups, dims)
    return _convolved(input, weight, bias, stride, padding, dilation, groups, dims)


for _dims in (1, 2, 3):
    _lines(_dims)
