"""A PyTorch-parity verification harness: the same program in torch and in another engine, compared.

The names below are loaded when they are first used: importing parity costs neither torch nor Hypothesis.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parity.checking import Result as Result
    from parity.checking import assert_parity as assert_parity
    from parity.checking import check as check
    from parity.engines.torchlike import TorchLike as TorchLike
    from parity.errors import EngineError as EngineError
    from parity.errors import ParityError as ParityError
    from parity.errors import ProgramError as ProgramError
    from parity.errors import UsageError as UsageError
    from parity.machine import state_machine as state_machine
    from parity.program import Input as Input
    from parity.program import Program as Program
    from parity.program import Ref as Ref
    from parity.program import Step as Step

_HOMES = {
    "EngineError": "parity.errors",
    "Input": "parity.program",
    "ParityError": "parity.errors",
    "Program": "parity.program",
    "ProgramError": "parity.errors",
    "Ref": "parity.program",
    "Result": "parity.checking",
    "Step": "parity.program",
    "TorchLike": "parity.engines.torchlike",
    "UsageError": "parity.errors",
    "assert_parity": "parity.checking",
    "check": "parity.checking",
    "state_machine": "parity.machine",
    "strategies": "parity.strategies",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'parity' has no attribute {name!r}")
    module = importlib.import_module(_HOMES[name])
    found = module if name == "strategies" else getattr(module, name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
