"""What comes from outside, as arrays: a check's values, weights of its backward pass; knows no engine."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.errors import UsageError
from parity.program import Array, Regime

DTYPES = frozenset(
    "bool uint8 int8 int16 int32 int64 float16 float32 float64 complex64 complex128".split()  # noqa: SIM905
)


def weights(rng: np.random.Generator, like: Array, regime: Regime = "smooth") -> Array:
    """Random weights of a backward pass: never uniform, never small, so that a wrong gradient cannot hide."""

    def drawn() -> Array:
        signs = rng.choice([-1.0, 1.0], like.shape)
        # The exact regime wants numbers whose products are exact.
        sizes = (
            rng.choice([0.5, 1.0, 1.5, 2.0, 3.0], like.shape)
            if regime == "exact"
            else rng.uniform(0.5, 1.5, like.shape)
        )
        return np.asarray(sizes * signs)

    made = drawn() + 1j * drawn() if like.dtype.kind == "c" else drawn()
    return made.astype(like.dtype if like.dtype.kind in "fc" else np.float32)


def as_array(value: Any) -> Array:
    """Numbers, nested lists, arrays and foreign tensors as an array; a number in a list is a float64."""
    for attribute in ("detach", "cpu"):
        if hasattr(value, attribute) and not isinstance(value, np.ndarray):
            value = getattr(value, attribute)()
    if hasattr(value, "numpy") and not isinstance(value, np.ndarray):
        value = value.numpy()
    if isinstance(value, (list, tuple)) and any(hasattr(item, "detach") for item in value):
        value = [as_array(item) for item in value]
    array = np.asarray(value)
    if array.dtype.name not in DTYPES:
        raise UsageError(f"a value of dtype {array.dtype} cannot be an input: {type(value).__name__} {value!r:.60}")
    return array
