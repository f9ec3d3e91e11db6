"""HIPS autograd: NumPy's names, derivatives by `make_vjp` of one output at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

import autograd
import autograd.numpy
import autograd.scipy.special

from parity.engines.dialect import Dialect
from parity.engines.functional import Functional
from parity.engines.numpylike import NUMPYLIKE, NumpyManners
from parity.engines.protocol import Array


class Autograd(NumpyManners, Functional):
    def __init__(self) -> None:
        names = {"np": autograd.numpy, "sp": autograd.scipy.special}
        super().__init__("autograd", version("autograd"), Dialect(NUMPYLIKE, names))

    def own(self, array: Array) -> Any:
        return array

    def vjp(self, function: Callable[..., Any], primals: Sequence[Any], cotangents: Sequence[Any]) -> Sequence[Any]:
        """Once an output: what a function returns is one array here; a tuple of primals is one argument."""
        total: list[Any] = [0.0] * len(primals)
        for number, cotangent in enumerate(cotangents):

            def output(given: Any, number: int = number) -> Any:
                return function(*[given[place] for place in range(len(primals))])[number]

            pulled = autograd.make_vjp(output, 0)(tuple(primals))[0](cotangent)
            total = [before + pulled[place] for place, before in enumerate(total)]
        return total


parity_engine = Autograd
