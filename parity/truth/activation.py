"""Forward lines of activations, as torch's documentation defines them."""

from __future__ import annotations

from typing import Any

import numpy as np

from parity.engines.protocol import Array
from parity.truth.balls import arb, balls, elementwise, less
from parity.truth.reduce import along, log_of_sum
from parity.truth.table import forward, line

_exp = elementwise(lambda x: x.exp(), 1)
_sigmoid = elementwise(lambda x: 1 / (1 + (-x).exp()), 1)
_left = elementwise(lambda x, alpha, over: x if less(arb(0), x) else (x / over).expm1() * alpha, 3)
#: The doubles themselves: a decimal would be a ball of the precision at hand here, which no more bits sharpen.
_SELU = (arb(1.6732632423543772), arb(1.0507009873554805))

line("nn.functional.silu", lambda input: input * _sigmoid(input))
line("nn.functional.mish", lambda input: input * elementwise(lambda x: x.exp().log1p().tanh(), 1)(input))
line("nn.functional.logsigmoid", lambda input: -elementwise(lambda x: (-x).exp().log1p(), 1)(input))
line("nn.functional.softsign", lambda input: balls(input) / (abs(balls(input)) + 1))
line("nn.functional.tanhshrink", lambda input: balls(input) - elementwise(lambda x: x.tanh(), 1)(balls(input)))
line("nn.functional.elu", lambda input, alpha=1.0: _left(input, arb(alpha), arb(1)))
line("celu nn.functional.celu", lambda input, alpha=1.0: _left(input, arb(alpha), arb(alpha)))
line("selu nn.functional.selu", lambda input: _left(input, _SELU[0], arb(1)) * _SELU[1])


@forward("nn.functional.glu")
def _(input: Array, dim: int = -1) -> Array:
    a, b = np.split(input, 2, dim)
    return a * _sigmoid(b)


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


@forward("nn.functional.softmin")
def _(input: Array, dim: int, _stacklevel: int = 3, dtype: Any = None) -> Array:
    return _exp(log_softmax(-balls(input), dim))


@forward("log_softmax", "nn.functional.log_softmax", "special.log_softmax")
def _(input: Array, dim: int, _stacklevel: int = 3, dtype: Any = None) -> Array:
    return np.asarray(log_softmax(balls(input), dim), dtype=object)
