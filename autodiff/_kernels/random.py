"""The source of random numbers, one for all: seeded by time until somebody seeds it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np


class Source:
    """NumPy's generator, made on first use, which keeps its import out of ours."""

    generator: Any = None
    seed: int = 0


def seed(number: int) -> None:
    """Start the stream anew."""
    Source.seed = number
    Source.generator = np.random.Generator(np.random.PCG64(number % 2**64))


def generator() -> Any:
    if Source.generator is None:
        seed(time.time_ns() % 2**63)
    return Source.generator


def uniform(shape: tuple[int, ...], dtype: Any) -> Any:
    """Evenly in [0, 1): never 1, in float16 neither, which is why its bits are drawn."""
    if dtype.kind == "c":
        part = np.dtype("float64" if dtype.itemsize == 16 else "float32")
        return (uniform(shape, part) + 1j * uniform(shape, part)).astype(dtype)
    if dtype.itemsize == 2:
        return (generator().integers(0, 2**11, shape) / 2**11).astype(dtype)
    return generator().random(shape, dtype)


def normal(shape: tuple[int, ...], dtype: Any) -> Any:
    """Around 0 with variance 1, for complex numbers too."""
    if dtype.kind == "c":
        pair = generator().standard_normal((*shape, 2)) * np.sqrt(0.5)
        return (pair[..., 0] + 1j * pair[..., 1]).astype(dtype)
    wide = np.dtype("float32") if dtype.itemsize == 2 else dtype
    return np.asarray(generator().standard_normal(shape, wide)).astype(dtype, copy=False)


def integers(low: int, high: int, shape: tuple[int, ...], dtype: Any) -> Any:
    """Evenly among low, ..., high - 1."""
    return np.asarray(generator().integers(low, high, shape)).astype(dtype)


def permutation(n: int) -> Any:
    return generator().permutation(n)
