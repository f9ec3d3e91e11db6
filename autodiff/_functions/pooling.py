"""The largest of each window, and back to its place, with torch's signatures and its checks of shapes."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core import dtypes
from autodiff._core.arguments import whole
from autodiff._core.function import function
from autodiff._core.modes import duals
from autodiff._core.registry import ops
from autodiff._core.tangents import shared
from autodiff._core.tensor import Tensor, wrap
from autodiff._kernels.pooling import pooled

Sizes = tuple[int, ...]
NUMBERS = {1: "one int", 2: "two ints", 3: "three ints"}


def sized(given: Any, dims: int, what: str) -> Sizes:
    """A size for each dimension, written once for all or one by one."""
    sizes = tuple([whole(n, what) for n in given]) if isinstance(given, (tuple, list)) else (whole(given, what),)
    if len(sizes) not in (1, dims):
        name, _, argument = what.partition(".")
        raise RuntimeError(f"{name}: {argument} must either be a single int, or a tuple of {NUMBERS[dims]}")
    return sizes * dims if len(sizes) == 1 else sizes


def unset(given: Any) -> bool:
    return given is None or (isinstance(given, (tuple, list)) and not given)


def need(name: str, input: Tensor, without: str) -> None:
    """Raise NotImplementedError for a dtype that torch's kernel lacks."""
    if input._array.dtype.char in without:
        raise NotImplementedError(f"\"{name}\" not implemented for '{dtypes.title(input._array.dtype)}'")


class Windows:
    """Where the windows of a pooling stand: checked as torch checks them."""

    def __init__(
        self, name: str, input: Tensor, dims: int, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool
    ) -> None:
        shape = input._array.shape
        self.kernel = sized(kernel, dims, f"{name}.kernel_size")
        self.stride = self.kernel if unset(stride) else sized(stride, dims, f"{name}.stride")
        self.padding = sized(padding, dims, f"{name}.padding")
        self.dilation = sized(dilation, dims, f"{name}.dilation")
        if len(shape) not in (dims + 1, dims + 2):
            raise RuntimeError(f"non-empty {dims + 1}D or {dims + 2}D (batch mode) tensor expected for input")
        if min(self.stride) < 1 or min(self.kernel) < 1:
            raise RuntimeError(
                "stride should not be zero" if min(self.stride) < 1 else "kernel size should not be zero"
            )
        if min(self.dilation) < 1:
            listed = " ".join(f"dilation{axis}: {n}" for axis, n in zip("THW"[-dims:], self.dilation))
            raise RuntimeError(f"dilation should be greater than zero, but got {listed}")
        if min(self.padding) < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {min(self.padding)}")
        for k, p, d in zip(self.kernel, self.padding, self.dilation):
            if p > (d * (k - 1) + 1) // 2:
                raise RuntimeError(
                    f"pad should be at most half of effective kernel size, but got pad={p}, kernel_size={k} and "
                    f"dilation={d}"
                )
        sizes = shape[len(shape) - dims :]
        self.places = tuple([
            pooled(*each, ceil) for each in zip(sizes, self.kernel, self.stride, self.padding, self.dilation)
        ])  # fmt: skip
        if 0 in shape[len(shape) - dims - 1 :]:
            raise RuntimeError(
                f"Expected {dims + 1}D or {dims + 2}D (batch mode) tensor with optional 0 dim batch size for input, "
                f"but got:{list(shape)}"
            )
        for k, p in zip(self.kernel, self.padding):
            if p > k // 2:
                raise RuntimeError(
                    f"pad should be smaller than or equal to half of kernel size, but got pad={p} and kernel_size={k}"
                )
        if min(self.places) < 1:
            channels = shape[len(shape) - dims - 1]
            own, made = ("x".join(map(str, (channels, *n))) for n in (sizes, self.places))
            raise RuntimeError(f"Given input size: ({own}). Calculated output size: ({made}). Output size is too small")

    def settings(self) -> dict[str, Any]:
        return {"kernel": self.kernel, "places": self.places, "stride": self.stride, "padding": self.padding}


def one_dimension(function: Any, input: Tensor) -> tuple[Tensor, ...]:
    """What a function of images makes of signals: of images that are one element high."""
    return tuple(
        [ops.squeeze1(t, dims=(t._array.ndim - 2,)) for t in function(ops.unsqueeze(input, dim=input._array.ndim - 1))]
    )


# -- extremes ---------------------------------------------------------------------------------------------------------


def _largest(
    name: str, input: Tensor, dims: int, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool
) -> tuple[Tensor, Tensor]:
    windows = Windows(name, input, dims, kernel, stride, padding, dilation, ceil)
    need(name, input, "?FD")
    of = ops.max_pool3 if dims == 3 else ops.max_pool2
    return of(input, dilation=windows.dilation, **windows.settings())  # type: ignore[no-any-return]


def _largest_of_signals(
    input: Tensor, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool, indices: bool
) -> tuple[Tensor, ...]:
    shape = input._array.shape
    if len(shape) not in (2, 3) or 0 in shape[1:]:
        raise RuntimeError(
            "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but "
            f"got:{list(shape)}"
        )
    given = {"kernel_size": kernel, "stride": kernel if unset(stride) else stride, "padding": padding}
    sizes = []
    for argument, value in (given | {"dilation": dilation}).items():
        listed = value if isinstance(value, (tuple, list)) else (value,)
        if len(listed) != 1:
            raise RuntimeError(
                f"max_pool1d() {argument} must be an int, list of ints or tuple of ints of size 1 but got size "
                f"{len(listed)}"
            )
        n = whole(listed[0], argument)
        if n < (argument != "padding"):
            wants = "non-negative" if argument == "padding" else "greater than zero"
            raise RuntimeError(f"max_pool1d() {argument} must be {wants}, but got {n}")
        sizes.append(n)
    k, s, p, d = sizes
    if p > k // 2:
        raise RuntimeError(
            f"max_pool1d() padding should be at most half of kernel size, but got padding={p} and kernel_size={k}"
        )
    if not indices and (count := pooled(shape[-1], k, s, p, d, ceil)) < 1:
        raise RuntimeError(f"max_pool1d() Invalid computed output size: {count}")
    if not indices and input._node is None:
        need("max_pool1d_impl", input, "?BbhilFD")
    found = one_dimension(lambda x: _largest("max_pool2d", x, 2, (1, k), (1, s), (0, p), (1, d), ceil), input)
    if not indices and type(found[0]) is Tensor and found[0]._node is None:
        own = wrap(found[0]._array)  # torch has an operator of its own then, whose result is no view
        if duals:
            shared(found[0], own)
        return (own,)
    return found


@function(method=False)
def max_pool1d(
    input: Tensor, kernel_size: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Tensor:
    """The largest element of each window of the last dimension; of equal ones the first takes the gradient."""
    return _largest_of_signals(input, kernel_size, stride, padding, dilation, ceil_mode, False)[0]


@function(method=False)
def max_pool1d_with_indices(
    input: Tensor, kernel_size: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> tuple[Tensor, Tensor]:
    """The largest element of each window of the last dimension, and its place."""
    return _largest_of_signals(input, kernel_size, stride, padding, dilation, ceil_mode, True)  # type: ignore[return-value]


@function(method=False)
def max_pool2d(
    input: Tensor, kernel_size: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Tensor:
    """The largest element of each window of the last two dimensions; of equal ones the first takes the gradient."""
    return _largest("max_pool2d", input, 2, kernel_size, stride, padding, dilation, ceil_mode)[0]


@function(method=False)
def max_pool3d(
    input: Tensor, kernel_size: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> Tensor:
    """The largest element of each window of the last three dimensions; of equal ones the first takes the gradient."""
    return _largest("max_pool3d", input, 3, kernel_size, stride, padding, dilation, ceil_mode)[0]


def _with_places(dims: int, suffix: str) -> None:
    """torch.nn.functional's max_pool of so many dimensions, which gives the places as well if asked."""
    name = f"max_pool{dims}d{suffix}"

    @function("nn.functional", name=name)
    def max_pool(
        input: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Any:
        if dims == 1:
            found = _largest_of_signals(
                input, kernel_size, stride, padding, dilation, ceil_mode, return_indices or bool(suffix)
            )
        elif dims == 3 and not return_indices and not suffix:  # which autocast casts for
            return max_pool3d(input, kernel_size, stride, padding, dilation, ceil_mode)
        else:
            found = _largest(f"max_pool{dims}d", input, dims, kernel_size, stride, padding, dilation, ceil_mode)
        return found if return_indices or suffix else found[0]

    max_pool.__doc__ = f"The largest element of each window of the last {dims} dimensions" + (
        ", and its place in the plane." if suffix else "; of equal ones the first takes the gradient."
    )


def _adaptive_with_places(dims: int, suffix: str) -> None:
    @function("nn.functional", name=f"adaptive_max_pool{dims}d{suffix}")
    def adaptive_max_pool(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
        found = _adaptive_largest(input, output_size, dims)
        return found if return_indices or suffix else found[0]

    adaptive_max_pool.__doc__ = f"The largest elements of so many parts of each of the last {dims} dimensions."


def targets(input: Tensor, output_size: Any, dims: int, name: str) -> Sizes:
    """How many parts each dimension has; None leaves it as it is."""
    own = input._array.shape[input._array.ndim - dims :]
    if not isinstance(output_size, (tuple, list)):
        output_size = (output_size,) * dims
    if len(output_size) != dims:
        if dims == 1:
            raise RuntimeError(f"{name}() argument 'output_size' should contain one int (got {len(output_size)})")
        raise RuntimeError(f"{name}: output_size must be {dims}")
    return tuple([n if count is None else whole(count, "output_size") for n, count in zip(own, output_size)])


def _adaptive_largest(input: Tensor, output_size: Any, dims: int) -> tuple[Tensor, ...]:
    name, shape = f"adaptive_max_pool{dims}d", input._array.shape
    if dims == 1:
        check_signals(input, name)
        (count,) = targets(input, output_size, 1, name)
        return one_dimension(lambda x: _adaptive_largest(x, (1, count), 2), input)
    if len(shape) not in (dims + 1, dims + 2):
        raise RuntimeError(f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor, but got: {list(shape)}")
    sizes = targets(input, output_size, dims, name)
    check_sized(name, shape)
    need(name, input, "?BbhilFD")
    if min(sizes) < 0:
        made = [*shape[: len(shape) - dims], *sizes]
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(sizes)}: {made}")
    of = ops.adaptive_max_pool3 if dims == 3 else ops.adaptive_max_pool2
    return of(input, sizes=sizes)  # type: ignore[no-any-return]


def check_signals(input: Tensor, name: str) -> None:
    if input._array.ndim not in (2, 3):
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {input._array.ndim}-dimensional tensor for argument #1 'self' (while "
            f"checking arguments for {name})"
        )


def check_sized(name: str, shape: Sizes) -> None:
    for d in range(1, len(shape)):
        if not shape[d]:
            raise RuntimeError(
                f"{name}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes "
                f"{list(shape)} with dimension {d} being empty"
            )


for _dims in (1, 2, 3):
    for _suffix in ("", "_with_indices"):
        _with_places(_dims, _suffix)
        _adaptive_with_places(_dims, _suffix)


@function(method=False)
def adaptive_max_pool1d(input: Tensor, output_size: Any) -> tuple[Tensor, Tensor]:
    """The largest elements of so many parts of the last dimension, and their places."""
    return _adaptive_largest(input, output_size, 1)  # type: ignore[return-value]


def _unpooled(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    output_size: Any,
    dims: int,
    settled: Sizes | None = None,
) -> Tensor:
    kernel = sized(kernel_size, dims, "max_unpool.kernel_size")
    stride = kernel if stride is None else sized(stride, dims, "max_unpool.stride")
    padding = sized(padding, dims, "max_unpool.padding")
    x, i = input._array, indices._array
    usual = tuple([(n - 1) * s + k - 2 * p for n, s, k, p in zip(x.shape[x.ndim - dims :], stride, kernel, padding)])
    sizes = settled or (usual if output_size is None else tuple(output_size))
    if output_size is not None:
        if len(sizes) == dims + 2:
            sizes = sizes[2:]
        if len(sizes) != dims:
            raise ValueError(
                f"output_size should be a sequence containing {dims} or {dims + 2} elements, but it has a length of "
                f"'{len(sizes)}'"
            )
        for d, (n, m, s) in enumerate(zip(usual, sizes, stride)):
            if not n - s < m < n + s:
                raise ValueError(f'invalid output_size "{sizes}" (dim {d} must be between {n - s} and {n + s})')
    if dims == 1:
        columns = [ops.unsqueeze(t, dim=t._array.ndim) for t in (input, indices)]
        return ops.squeeze1(_unpooled(*columns, 1, 1, 0, None, 2, (*sizes, 1)), dims=(x.ndim,))  # type: ignore[no-any-return]
    if i.dtype != np.int64:
        raise RuntimeError(f"elements in indices should be type int64 but got: {dtypes.title(i.dtype)}")
    if x.ndim not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"Input to max_unpooling{dims}d should be a {dims + 1}d or {dims + 2}d Tensor, but got a tensor with "
            f"{x.ndim} dimensions."
        )
    if x.shape != i.shape:
        raise RuntimeError(
            f"Expected shape of indices to be same as that of the input tensor ({list(x.shape)}) but got indices "
            f"tensor with shape: {list(i.shape)}"
        )
    need(f"max_unpool{dims}d", input, "?BbhilFD")
    of = ops.max_unpool3 if dims == 3 else ops.max_unpool2
    return of(input, indices, sizes=sizes)  # type: ignore[no-any-return]


def _unpooling(dims: int) -> None:
    @function("nn.functional", name=f"max_unpool{dims}d")
    def max_unpool(
        input: Tensor,
        indices: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        output_size: Any = None,
    ) -> Tensor:
        return _unpooled(input, indices, kernel_size, stride, padding, output_size, dims)

    max_unpool.__doc__ = f"Each element at its place in a plane of zeros: max_pool{dims}d the other way round."


for _dims in (1, 2, 3):
    _unpooling(_dims)
