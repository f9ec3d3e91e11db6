"""Forward lines of activations, as torch's documentation defines them."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, balls, elementwise, is_discrete, less
from parity.truth.choosing import larger
from parity.truth.reduce import along, log_of_sum
from parity.truth.table import forward, line

_exp = elementwise(lambda x: x.exp(), 1)
line("relu nn.functional.relu", lambda input, inplace=False: larger(input, 0 if is_discrete(input) else arb(0)))
line("nn.functional.leaky_relu", lambda input, negative_slope=0.01: larger(input, input * negative_slope))


@forward("nn.functional.softplus")
def _(input: Array, beta: float = 1.0, threshold: float = 20.0) -> Array:
    def scalar(x: Any) -> Any:
        return x if less(arb(threshold), x * beta) else (x * beta).exp().log1p() / beta

    return elementwise(scalar, 1)(input)


@forward("nn.functional.gelu")
def _(input: Array, approximate: str = "none") -> Array:
    def scalar(x: Any) -> Any:
        if approximate == "tanh":
            return x * (1 + ((2 / arb.pi()).sqrt() * (x + arb("0.044715") * x**3)).tanh()) / 2
        return x * (-x / arb(2).sqrt()).erfc() / 2

    return elementwise(scalar, 1)(input)


def log_softmax(input: Array, dim: int) -> Array:
    """x − log Σ exp x along `dim`."""
    return input - along(input, dim, True, log_of_sum)


@forward("softmax", "nn.functional.softmax", "special.softmax")
def _(input: Array, dim: int, _stacklevel: int = 3, dtype: Any = None) -> Array:
    return _exp(log_softmax(balls(input), dim))


@forward("log_softmax", "nn.functional.log_softmax", "special.log_softmax")
def _(input: Array, dim: int, _stacklevel: int = 3, dtype: Any = None) -> Array:
    return np.asarray(log_softmax(balls(input), dim), dtype=object)
