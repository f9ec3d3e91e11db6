"""Forward lines of normalisations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, balls, elementwise
from parity.truth.choosing import larger
from parity.truth.distance import norm
from parity.truth.reduce import along, total, variance
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


@forward("rms_norm", "nn.functional.rms_norm")
def _(input: Array, normalized_shape: Any, weight: Any, eps: float) -> Any:
    shape = tuple(normalized_shape)
    rows = input.reshape((*input.shape[: input.ndim - len(shape)], math.prod(shape)))
    mean = np.asarray(total(rows * rows) / balls(rows.shape[-1]), dtype=object)
    result = (rows * _rsqrt(mean + arb(eps))[..., None]).reshape(input.shape)
    return result if weight is None else result * weight


@forward("nn.functional.normalize")
def _(input: Array, p: float = 2.0, dim: Any = 1, eps: float = 1e-12) -> Any:
    sizes = along(input, dim, True, lambda a: norm(a, p))
    return input / larger(sizes, arb(eps))
