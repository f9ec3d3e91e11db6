"""`parity init`: the stub of an adapter, which runs as it is and says what is to be filled in."""

from __future__ import annotations

import argparse
from pathlib import Path

from parity.cli.codes import AGREE
from parity.cli.options import Verbs
from parity.errors import UsageError

_STUB = '''"""{name} behind the harness: `parity doctor {module}`, then `parity run {module}`."""

from __future__ import annotations

import {name}

from parity.engines.dialect import Dialect
from parity.engines.functional import Functional
from parity.engines.numpylike import NUMPYLIKE

# torch's signature on the left of the colon, what {name} has for it on the right; rows whose names {name} lacks fall
# away. Keep NUMPYLIKE if {name} has NumPy's names, else write rows of your own.
ROWS = {{
    **NUMPYLIKE,
    # "softmax": "input, dim: np.softmax(input, axis=dim)",
}}


class Engine(Functional):
    def __init__(self):
        super().__init__("{name}", {name}.__version__, Dialect(ROWS, {{"np": {name}, "sp": {name}}}))

    def own(self, array):
        """{name}'s value of a NumPy array."""
        return {name}.array(array)

    def vjp(self, function, primals, cotangents):
        """One gradient a primal; `function(*primals)` returns a tuple, one output a cotangent."""
        raise NotImplementedError("fill in {name}'s own vjp, or its tape: docs/engine-adapters.md")


parity_engine = Engine
'''


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("init", help="the stub of an adapter for an engine")
    verb.set_defaults(verb=init)
    verb.add_argument("name", help="the engine's package")


def init(options: argparse.Namespace) -> int:
    name = options.name
    if not name.isidentifier():
        raise UsageError(f"{name!r} is not the name of a package")
    path = Path(f"{name}_parity.py")
    if path.exists():
        raise UsageError(f"{path} is there already")
    path.write_text(_STUB.format(name=name, module=path.stem), encoding="utf-8")
    print(f"written: {path}; fill it in, then: parity doctor {path.stem}")
    return AGREE
