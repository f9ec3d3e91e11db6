"""The largest of windows at random places (Graham, 2014), with torch's signatures, checks and use of the stream."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff._core.function import function
from autodiff._core.registry import ops
from autodiff._core.tensor import Tensor
from autodiff._functions.pooling import need

_NUMBERS = {2: "Ints", 3: "three Ints"}


def _sized(given: Any, dims: int, what: str) -> tuple[int, ...]:
    sizes = tuple(given) if isinstance(given, (tuple, list)) else (given,) * dims
    if len(sizes) != dims:
        name, _, argument = what.partition(".")
        raise RuntimeError(f"{name}: {argument} must either be a single Int or tuple of {_NUMBERS[dims]}")
    return sizes


def _check(name: str, x: Any, kernel: tuple[int, ...], sizes: tuple[int, ...], samples: Any) -> None:
    dims = len(kernel)
    if samples.dtype is not x.dtype:
        raise RuntimeError("Expect _random_samples to have the same dtype as input")
    if samples.ndim != 3:
        raise RuntimeError(f"Expect _random_samples to have 3 dimensions, got {samples.ndim}")
    if samples.shape[0] < (1 if x.ndim == dims + 1 else x.shape[0]):
        raise RuntimeError("Expect _random_samples.size(0) no less then input batch size.")
    if samples.shape[1] != x.shape[-dims - 1]:
        raise RuntimeError("Expect _random_samples.size(1) equals to input channel size.")
    if samples.shape[2] != dims:
        raise RuntimeError(f"Expect _random_samples.size(2) equals to {dims}; got {samples.shape[2]}.")
    for axis, n, k, count in zip(("time", "height", "width")[-dims:], x.shape[-dims:], kernel, sizes):
        # Volumes have to have a place to spare.
        if count + k - 1 > n - (dims == 3):
            raise RuntimeError(f"{name}(): pool {axis} {k} too large relative to input {axis} {n}")


def _family(dims: int, suffix: str) -> None:
    name = f"fractional_max_pool{dims}d"

    @function("nn.functional", name=name + suffix)
    def fractional_max_pool(
        input: Tensor,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> Any:
        x = input._array
        if output_size is None and output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
        if x.ndim <= dims:
            ends = f"[{-x.ndim}, {x.ndim - 1}]"
            raise IndexError(f"Dimension out of range (expected to be in range of {ends}, but got {-dims - 1})")
        if x.ndim > dims + 2:
            raise RuntimeError(f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor, but got: {list(x.shape)}")
        if output_size is None:
            shares = output_ratio if isinstance(output_ratio, (tuple, list)) else (output_ratio,) * dims
            output_size = [int(n * share) for n, share in zip(x.shape[-dims:], shares)]
        need(f"{name}_out_frame", input, "?BbhilFD")
        if _random_samples is None:
            samples = 1 if x.ndim == dims + 1 else x.shape[0]
            _random_samples = ops.rand(samples, x.shape[-dims - 1], dims, dtype=input.dtype)
        kernel = _sized(kernel_size, dims, f"{name}.kernel_size")
        sizes = _sized(output_size, dims, f"{name}.output_size")
        _check(name, x, kernel, sizes, _random_samples._array)
        of = ops.fractional_max_pool2 if dims == 2 else ops.fractional_max_pool3
        found = of(input, samples=np.asarray(_random_samples._array), kernel=kernel, sizes=sizes)
        return found if return_indices or suffix else found[0]

    fractional_max_pool.__doc__ = (
        f"The largest element of each of so many windows of the last {dims} dimensions, placed at random.\n\n"
        "How many is said by `output_size` or `output_ratio`; `_random_samples`: (samples, channels, dimensions)."
    )


for _dims in (2, 3):
    for _suffix in ("", "_with_indices"):
        _family(_dims, _suffix)
