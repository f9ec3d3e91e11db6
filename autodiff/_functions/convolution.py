"""Convolutions with torch's signatures and its checks of shapes."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from autodiff._core import dtypes
from autodiff._core.arguments import whole
from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._functions.matmul import C_NAMES
from autodiff._kernels.convolution import lengths

Sizes = tuple[int, ...]


def spread(given: Any, name: str, ndim: int) -> Sizes:
    """A size for each of `ndim` dimensions, written once for all or one by one."""
    sizes = tuple([whole(n, name) for n in given]) if isinstance(given, (tuple, list)) else (whole(given, name),)
    if len(sizes) == 1:
        return sizes * ndim
    if len(sizes) != ndim:
        raise RuntimeError(
            f"expected {name} to be a single integer value or a list of {ndim} values to match the convolution "
            f"dimensions, but got {name}={list(sizes)}"
        )
    return sizes


def _batch(name: str, input: Tensor, ndim: int) -> Tensor:
    """The input as a batch. Raises RuntimeError unless it is one, or one sample."""
    own = input._array.ndim
    if own == ndim + 2:
        return input
    if own != ndim + 1:
        raise RuntimeError(
            f"Expected {ndim + 1}D (unbatched) or {ndim + 2}D (batched) input to {name}, but got input of size: "
            f"{list(input._array.shape)}"
        )
    return ops.unsqueeze(input, dim=0)  # type: ignore[no-any-return]


def _check_dtypes(input: Tensor, weight: Tensor, bias: Tensor | None, kernel: str, without: str) -> None:
    """Raise unless the dtypes are one, which torch's `kernel` has: it has none for the codes in `without`."""
    d = input._array.dtype
    if weight._array.dtype is not d:
        raise RuntimeError(f"expected scalar type {dtypes.title(d)} but found {dtypes.title(weight._array.dtype)}")
    if bias is not None and bias._array.dtype is not d:
        own, other = (C_NAMES[dtypes.title(x)] for x in (d, bias._array.dtype))
        raise RuntimeError(f"Input type ({own}) and bias type ({other}) should be the same")
    if d.char in without:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtypes.title(d)}'")


def _check_signs(stride: Sizes, padding: Sizes, dilation: Sizes, output_padding: Sizes, groups: int) -> None:
    if min(padding) < 0:
        raise RuntimeError("negative padding is not supported")
    if min(output_padding) < 0:
        raise RuntimeError("negative output_padding is not supported")
    if min(stride) <= 0:
        raise RuntimeError("non-positive stride is not supported")
    if min(dilation) <= 0:
        raise RuntimeError(f"dilation should be greater than zero, but got {list(dilation)}")
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")


def _check_shapes(x: Sizes, w: Sizes, bias: Tensor | None, groups: int, transposed: bool) -> None:
    if len(x) != len(w):
        raise RuntimeError(
            f"Expected {len(w)}-dimensional input for {len(w)}-dimensional weight {list(w)}, but got "
            f"{len(x)}-dimensional input of size {list(x)} instead"
        )
    if w[0] < groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got weight of size "
            f"{list(w)} instead"
        )
    if w[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of "
            f"size [{list(w)}] instead"
        )
    taken, given = (w[0], w[1] * groups) if transposed else (w[1] * groups, w[0])
    if x[1] != taken:
        first = f"transposed={int(transposed)}" if transposed else f"groups={groups}"
        raise RuntimeError(
            f"Given {first}, weight of size {list(w)}, expected input{list(x)} to have {taken} channels, but got "
            f"{x[1]} channels instead"
        )
    if bias is not None and bias._array.shape != (given,):
        raise RuntimeError(
            f"Given {'transposed=1, ' * transposed}weight of size {list(w)}, expected bias to be 1-dimensional with "
            f"{given} elements, but got bias of size {list(bias._array.shape)} instead"
        )


def _by(sizes: Any) -> str:
    return "(" + " x ".join(map(str, sizes)) + ")"


def _flat(sizes: Sizes) -> Sizes:
    """The last sizes as torch sees them, to which a single dimension is a flat image: a first one is in front."""
    return sizes if len(sizes) == 2 else sizes[1:]


def _by_axis(**values: Sizes) -> str:
    return " ".join(
        f"{name}_{axis}: {n}"
        for name, sizes in values.items()
        for axis, n in zip(("depth", "height", "width")[-len(_flat(sizes)) :], _flat(sizes))
    )


def _convolved(
    input: Tensor, weight: Tensor, bias: Tensor | None, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Tensor:
    x, w = input._array.shape, weight._array.shape
    _check_signs(stride, padding, dilation, (0,), groups)
    _check_shapes(x, w, bias, groups, False)
    padded = [n + 2 * p for n, p in zip(x[2:], padding)]
    reach = [d * (k - 1) + 1 for k, d in zip(w[2:], dilation)]
    if any(n < r for n, r in zip(padded, reach)):
        raise RuntimeError(
            f"Calculated padded input size per channel: {_by(padded)}. Kernel size: {_by(reach)}. Kernel size can't "
            "be greater than actual input size"
        )
    _check_room(x)
    _check_dtypes(input, weight, bias, "compute_columns3d" if len(x) == 5 else "slow_conv2d_cpu", "?")
    sizes = lengths(x[2:], w[2:], stride, padding, dilation)
    settings = {"sizes": sizes, "stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return _of_parts(functools.partial(ops.convolve, **settings), input, weight, bias)


def _of_parts(run: Callable[..., Any], input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """A convolution; torch composes complex ones of real ones: of three, whose sums cancel, and here of four."""
    if input._array.dtype.kind != "c":
        return run(input, weight, bias)  # type: ignore[no-any-return]
    (x, ix), (w, iw), (b, ib) = (
        (None, None) if z is None else [ops.select(ops.view_as_real(z), dim=z._array.ndim, index=i) for i in (0, 1)]
        for z in (input, weight, bias)
    )
    real, imag = ops.sub(run(x, w, b), run(ix, iw, None)), ops.add(run(x, iw, ib), run(ix, w, None))
    return ops.add(real, ops.mul(imag, 1j))  # type: ignore[no-any-return]


def _check_room(x: Sizes) -> None:
    if 0 in x[2:]:
        raise RuntimeError(f"Only zero batch or zero channel inputs are supported, but got input shape: {list(x)}")


def _transposed(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sizes,
    padding: Sizes,
    output_padding: Sizes,
    groups: int,
    dilation: Sizes,
) -> Tensor:
    x, w = input._array.shape, weight._array.shape
    _check_signs(stride, padding, dilation, output_padding, groups)
    _check_shapes(x, w, bias, groups, True)
    _check_room(x)
    dims = zip(x[2:], w[2:], stride, padding, dilation, output_padding)
    sizes = tuple([(n - 1) * s - 2 * p + d * (k - 1) + more + 1 for n, k, s, p, d, more in dims])
    if any(more >= s and more >= d for more, s, d in zip(output_padding, stride, dilation)):
        raise RuntimeError(
            "output padding must be smaller than either stride or dilation, but got "
            + _by_axis(output_padding=(0, *output_padding), stride=(1, *stride), dilation=(1, *dilation))
        )
    if min(sizes) < 1:
        raise RuntimeError(
            f"Given input size per channel: {_by(_flat((1, *x[2:])))}. Calculated output size per channel: "
            f"{_by(_flat((1, *sizes)))}. Output size is too small"
        )
    name = f"slow_conv_transpose{max(len(sizes), 2)}d_out_cpu"
    _check_dtypes(input, weight, bias, name, "?Bbhi")
    settings = {"sizes": sizes, "stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    return _of_parts(functools.partial(ops.convolve_back, **settings), input, weight, bias)


def _same(input: Tensor, weight: Tensor, stride: Sizes, dilation: Sizes) -> tuple[Tensor, Sizes]:
    """The padding that keeps the sizes; an odd one is added beforehand, behind."""
    if any(s != 1 for s in stride):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    both = [d * (k - 1) for k, d in zip(weight._array.shape[2:], dilation)]
    if any(n % 2 for n in both):
        warnings.warn(
            "Using padding='same' with even kernel lengths and odd dilation may require a zero-padded copy of the "
            "input be created",
            stacklevel=4,
        )
        before, after = (0,) * (2 + len(both)), (0, 0, *[n % 2 for n in both])
        input = ops.constant_pad_nd(input, before=before, after=after, value=0)
    return input, tuple([n // 2 for n in both])


def _conv(
    name: str, ndim: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any,
    dilation: Any, groups: int,
) -> Tensor:  # fmt: skip
    x = _batch(name, input, ndim)
    own = max(weight._array.ndim - 2, 0)
    stride, dilation = (
        spread(spread(n, name, ndim) if isinstance(n, int) else n, name, own)
        for name, n in (("stride", stride), ("dilation", dilation))
    )
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise RuntimeError(f"Invalid padding string: '{padding}'")
        x, padding = _same(x, weight, stride, dilation) if padding == "same" else (x, (0,) * own)
    out = _convolved(x, weight, bias, stride, spread(padding, "padding", own), dilation, groups)
    return out if x._array.ndim == input._array.ndim else ops.squeeze1(out, dims=(0,))


@function("", "nn.functional", method=False)
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Sums of products with the weights over each window of one dimension; (samples, channels, length)."""
    return _conv("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


@function("", "nn.functional", method=False, node="ConvTbcBackward0", saves="input weight bias")
def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    """`conv1d` of (time, samples, channels), with weights (length, channels, results) and zeros at both ends."""
    dims = [x._array.ndim for x in (input, weight, bias)]
    if dims != [3, 3, 1]:
        raise RuntimeError(f"conv_tbc: input and weight must have 3 dimensions, bias 1, but they have {dims}")
    found = conv1d(ops.permute(input, dims=(1, 2, 0)), ops.permute(weight, dims=(2, 1, 0)), bias, 1, pad)
    return ops.permute(found, dims=(2, 0, 1))  # type: ignore[no-any-return]


@function("", "nn.functional", method=False)
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Sums of products with the weights over each window of two dimensions; (samples, channels, height, width)."""
    return _conv("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


@function("", "nn.functional", method=False)
def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Sums of products with the weights over each window of three dimensions, behind samples and channels."""
    return _conv("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def _conv_transpose(
    name: str, ndim: int, input: Tensor, weight: Tensor, bias: Tensor | None, stride: Any, padding: Any,
    output_padding: Any, groups: int, dilation: Any,
) -> Tensor:  # fmt: skip
    x = _batch(name, input, ndim)
    own = max(weight._array.ndim - 2, 0)
    given = {"stride": stride, "padding": padding, "output_padding": output_padding, "dilation": dilation}
    stride, padding, output_padding, dilation = (spread(value, key, own) for key, value in given.items())
    out = _transposed(x, weight, bias, stride, padding, output_padding, groups, dilation)
    return out if x is input else ops.squeeze1(out, dims=(0,))


@function("", "nn.functional", method=False)
def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """The gradient of conv1d by its input, as an operator: each element gives its window the weights."""
    return _conv_transpose(
        "conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


@function("", "nn.functional", method=False)
def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """The gradient of conv2d by its input, as an operator: each element gives its window the weights."""
    return _conv_transpose(
        "conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


@function("", "nn.functional", method=False)
def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """The gradient of conv3d by its input, as an operator: each element gives its window the weights."""
    return _conv_transpose(
        "conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


@function(method=False)
def convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
) -> Tensor:
    """A convolution of as many dimensions as the weights have, or a transposed one; of a batch."""
    own = max(weight._array.ndim - 2, 0)
    given = {"stride": stride, "padding": padding, "dilation": dilation, "output_padding": output_padding}
    stride, padding, dilation, output_padding = (spread(value, key, own) for key, value in given.items())
    if transposed:
        return _transposed(input, weight, bias, stride, padding, output_padding, groups, dilation)
    return _convolved(input, weight, bias, stride, padding, dilation, groups)
