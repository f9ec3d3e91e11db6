"""JAX: NumPy's names under `jax.vjp`, in double precision; its other functions beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy
import jax.scipy.special

from parity.engines.dialect import Dialect
from parity.engines.functional import Functional
from parity.engines.numpylike import NUMPYLIKE, NumpyManners
from parity.engines.protocol import Array

_SCAN = "cumlogsumexp cummax cummin"
_NN = (
    "relu relu6 nn.functional.relu=relu nn.functional.relu6=relu6 sigmoid nn.functional.sigmoid=sigmoid "
    "nn.functional.softplus=softplus nn.functional.silu=silu nn.functional.selu=selu selu nn.functional.mish=mish "
    "nn.functional.hardtanh=hard_tanh nn.functional.hardswish=hard_swish nn.functional.hardsigmoid=hard_sigmoid "
    "nn.functional.logsigmoid=log_sigmoid nn.functional.softsign=soft_sign"
)
_ROWS = {
    **NUMPYLIKE,
    **{name.split("=")[0]: f"input: nn.{name.split('=')[-1]}(input)" for name in _NN.split()},
    "nn.functional.gelu": "input, approximate='none': nn.gelu(input, approximate=approximate == 'tanh')",
    "nn.functional.elu": "input, alpha=1.0: nn.elu(input, alpha)",
    "nn.functional.celu": "input, alpha=1.0: nn.celu(input, alpha)",
    "nn.functional.leaky_relu": "input, negative_slope=0.01: nn.leaky_relu(input, negative_slope)",
    "nn.functional.glu": "input, dim=-1: nn.glu(input, dim)",
    **{f"{where}softmax": "input, dim: nn.softmax(input, dim)" for where in ("", "special.", "nn.functional.")},
    **{f"{where}log_softmax": "input, dim: nn.log_softmax(input, dim)" for where in ("", "nn.functional.")},
    "logsumexp": "input, dim, keepdim=False: nn.logsumexp(input, axis=dim, keepdims=keepdim)",
    "logcumsumexp": "input, dim: lax.cumlogsumexp(input, axis=dim)",
    "linalg.matrix_exp": "input: jax.scipy.linalg.expm(input)",
    "rsqrt": "input: lax.rsqrt(input)",
}


class Jax(NumpyManners, Functional):
    script = (
        "import jax\nimport jax.numpy as np\nimport jax.nn as nn\nimport jax.lax as lax\n"
        "import jax.scipy.special as sp\n\njax.config.update('jax_enable_x64', True)"
    )
    pulled = "jax.vjp({function}, {primals})[1](({seeds},))"

    def __init__(self) -> None:
        jax.config.update("jax_enable_x64", True)
        names = {"np": jax.numpy, "sp": jax.scipy.special, "nn": jax.nn, "lax": jax.lax, "jax": jax}
        super().__init__("jax", jax.__version__, Dialect(_ROWS, names))

    def own(self, array: Array) -> Any:
        return jax.numpy.asarray(array)

    def vjp(self, function: Callable[..., Any], primals: Sequence[Any], cotangents: Sequence[Any]) -> Sequence[Any]:
        return jax.vjp(function, *primals)[1](tuple(cotangents))  # type: ignore[no-any-return]


parity_engine = Jax
