"""Random numbers in programs: who promises torch's stream is held to its bits, who does not to shapes and dtypes."""

from __future__ import annotations

import types
from typing import Any

import numpy as np
import pytest

import autodiff
from parity.catalogue import CATALOGUE
from parity.compare.pipeline import compare
from parity.emit.script import script
from parity.engines import reference, resolve
from parity.engines.decorators import Faulty
from parity.engines.interpreter import execute
from parity.engines.torchlike import TorchLike
from parity.program import Program
from parity.strategies.single import draw_op
from parity.strategies.source import Seeded

AUTODIFF = resolve("autodiff")
STREAM = sorted(name for name, row in CATALOGUE.items() if "stream" in row.tags)
#: By how much a value is off, small against what a careless yardstick would let pass.
CHANGES = {
    "rand": lambda x: x + 2.0**-24,
    "rand_like": lambda x: x + 2.0**-11,
    "randn": lambda x: x * 1.001,
    "randn_like": lambda x: x * 1.01,
    "randint": lambda x: (x + 1) % 2,
    "randperm": lambda x: x.flip(0),
    "bernoulli": lambda x: 1 - x,
    "poisson": lambda x: x + 1,
    "normal": lambda x: x + 0.01,
    "nn.functional.dropout": lambda x: x.flip(0) if x.ndim else x * 2,
}


def programs(op: str, count: int = 12) -> list[Program]:
    found = []
    with reference.settings() as torch:
        for seed in range(count):
            dtype = "int64" if CATALOGUE[op].dtypes == "i" else "float32" if seed % 2 else "float64"
            program, run = draw_op(Seeded(seed), torch, CATALOGUE[op], dtype, kind="tame")
            if run.error is None:
                found.append(program)
    return found


@pytest.mark.parametrize("op", STREAM)
def test_a_step_draws_the_same_each_time_and_in_both_engines(op: str) -> None:
    with reference.settings() as torch:
        for program in programs(op):
            assert all((step.seed is not None) == (step.op == op) for step in program.steps)
            assert Program.loads(program.dumps()) == program
            first, second = execute(program, torch), execute(program, torch)
            assert [np.asarray(v).tobytes() for v in first.values] == [np.asarray(v).tobytes() for v in second.values]
            assert compare(program, torch, AUTODIFF).status == "agrees"


@pytest.mark.parametrize("op", sorted(CHANGES))
def test_wrong_numbers_are_found(op: str) -> None:
    wrong = Faulty(AUTODIFF, op, CHANGES[op])
    with reference.settings() as torch:
        verdicts = [compare(program, torch, wrong).status for program in programs(op)]
    assert "differs" in verdicts


def test_an_engine_with_numbers_of_its_own_is_judged_by_shape_and_dtype() -> None:
    class Other(TorchLike):
        def call(self, op: str, args: Any, kwargs: Any, spelling: str) -> Any:
            autodiff.manual_seed(99)
            return super().call(op, args, kwargs, spelling)

    names = {name: value for name, value in vars(autodiff).items() if name not in ("random", "__getattr__")}
    foreign = types.ModuleType("foreign")
    vars(foreign).update(names)
    other, short = Other(foreign), Other(foreign)
    assert not hasattr(other, "seed")
    short.call = lambda *given: Other.call(short, *given)[..., :0]  # type: ignore[method-assign]
    with reference.settings() as torch:
        for program in programs("randn"):
            verdict = compare(program, torch, other)
            assert (verdict.status, verdict.decided) == ("agrees", "structure")
            value = execute(program, torch).values[-1]
            if value.ndim and value.size:
                assert compare(program, torch, short).status == "differs"


def test_an_emitted_script_draws_the_same() -> None:
    program = next(p for p in programs("randn") if np.prod(p.steps[-1].args[0], dtype=int) > 1)
    text = script(program)
    assert f"torch.manual_seed({program.steps[-1].seed}); " in text
    names: dict[str, Any] = {}
    exec(compile(text, "script.py", "exec"), names)
    with reference.settings() as torch:
        wanted = execute(program, torch).values[-1]
    assert any(isinstance(v, torch.module.Tensor) and np.array_equal(v.numpy(), wanted) for v in names.values())
