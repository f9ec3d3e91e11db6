"""Forward lines of normalisations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import balls, elementwise
from parity.truth.reduce import total, variance
from parity.truth.table import forward

_rsqrt = elementwise(lambda x: x.rsqrt(), 1)


@forward("layer_norm", "nn.functional.layer_norm")
def _(input: Array, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    shape = tuple(normalized_shape)
    rows = input.reshape((*input.shape[: input.ndim - len(shape)], math.prod(shape)))
    mean = np.asarray(total(rows) / balls(rows.shape[-1]), dtype=object)[..., None]
    result = ((rows - mean) * _rsqrt(variance(rows, 0) + eps)[..., None]).reshape(input.shape)
    result = result if weight is None else result * weight
    return result if bias is None else result + bias
