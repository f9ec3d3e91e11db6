"""Forward lines of the largest of windows at random places, which are known: their samples are given."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.convolution import each, zeros
from parity.truth.pooling import both
from parity.truth.table import forward


def _along(n: int, kernel: int, count: int, sample: float) -> list[list[int]]:
    step = (n - kernel) / max(count - 1, 1)
    begins = [math.floor((i + sample) * step) - math.floor(sample * step) for i in range(count - 1)]
    return [list(range(begin, begin + kernel)) for begin in [*begins, n - kernel]]


def _lines(dims: int) -> None:
    def fractional_max_pool(
        input: Array, kernel_size: Any, output_size: Any, _random_samples: Array, return_indices: bool = False
    ) -> Any:
        kernel, sizes = each(kernel_size, dims), each(output_size, dims)
        lead, own = input.shape[: input.ndim - dims], input.shape[input.ndim - dims :]
        values, indices = zeros((*lead, *sizes), input), np.zeros((*lead, *sizes), np.int64)
        for plane in np.ndindex(*lead):
            shares = [float(share) for share in _random_samples[plane if len(lead) > 1 else (0, *plane)]]
            # Images have their last dimension's sample first.
            given = zip(own, kernel, sizes, shares[::-1] if dims == 2 else shares)
            values[plane], indices[plane] = both(input[plane], [_along(*one) for one in given])
        return (values, indices) if return_indices else values

    def with_places(input: Array, kernel_size: Any, output_size: Any, _random_samples: Array) -> Any:
        return fractional_max_pool(input, kernel_size, output_size, _random_samples, True)

    forward(f"nn.functional.fractional_max_pool{dims}d")(fractional_max_pool)
    forward(f"nn.functional.fractional_max_pool{dims}d_with_indices")(with_places)


for _dims in (2, 3):
    _lines(_dims)
