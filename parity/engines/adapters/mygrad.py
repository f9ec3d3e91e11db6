"""MyGrad: a tape with NumPy's names; one order of derivative, read from `.grad` after `backward`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import mygrad
import mygrad.nnet
import numpy as np

from parity.engines.dialect import Dialect
from parity.engines.numpylike import NUMPYLIKE, NumpyManners
from parity.engines.protocol import Array

_ROWS: Mapping[str, str] = {
    **NUMPYLIKE,
    **{f"{where}{op}": f"input: nn.{op}(input)" for op in ("relu", "sigmoid") for where in ("", "nn.functional.")},
    "nn.functional.elu": "input, alpha=1.0: nn.elu(input, alpha)",
    "nn.functional.selu": "input: nn.selu(input)",
    "nn.functional.leaky_relu": "input, negative_slope=0.01: nn.leaky_relu(input, negative_slope)",
    "nn.functional.softsign": "input: nn.soft_sign(input)",
    "softmax": "input, dim: nn.softmax(input, axis=dim)",
    "log_softmax": "input, dim: nn.logsoftmax(input, axis=dim)",
    **{op: f"input, dim=None: np.{op}(input, axis=dim)" for op in ("argmax", "argmin")},
    "linalg.vector_norm": "input, ord=2, dim=None, keepdim=False: np.linalg.norm(input, ord, dim, keepdim)",
}


class Mygrad(NumpyManners):
    order = 1

    def __init__(self) -> None:
        names = {"np": mygrad, "nn": mygrad.nnet.activations, "sp": SimpleNamespace()}
        super().__init__("mygrad", mygrad.__version__, Dialect(_ROWS, names))

    def tensor(self, array: Array, requires_grad: bool) -> Any:
        return mygrad.tensor(array, constant=not requires_grad)

    def array(self, value: Any) -> Array:
        return np.asarray(getattr(value, "data", value))

    def requires_grad(self, value: Any) -> bool:
        return not getattr(value, "constant", True)

    def grad(
        self, outputs: Sequence[Any], inputs: Sequence[Any], seeds: Sequence[Any], create_graph: bool
    ) -> list[Any | None]:
        """One backward pass of the weighted sum: the first one frees the graph."""
        for leaf in inputs:
            leaf.null_grad()
        if len(outputs) == 1:
            outputs[0].backward(seeds[0].data)
        else:
            sum(mygrad.sum(output * seed.data) for output, seed in zip(outputs, seeds)).backward()
        return [leaf.grad for leaf in inputs]


parity_engine = Mygrad
