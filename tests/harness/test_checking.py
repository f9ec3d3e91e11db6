"""The library's doors: what `check` and `assert_parity` accept, and how each outcome comes back."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import parity
from parity.checking import UndecidedWarning, difference_class
from parity.engines import resolve
from parity.program import Input
from tests.harness.conftest import WRONG_EXP

ROOT = Path(__file__).parents[2]


def test_the_check_that_people_do_by_hand() -> None:
    result = parity.check(lambda x, b: 3 * (2 / x) ** 2 + b - 2, 4.0, 1.0, engine="torch")
    assert result
    assert result.agrees
    assert str(result) == "torch agrees with torch to the last bit (worst 0)"
    assert [leaf.array.dtype.name for leaf in result.program.inputs] == ["float64", "float64"]
    assert result.program.differentiable == (0, 1)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_the_order_is_what_is_compared(order: int) -> None:
    assert parity.check(lambda x: x.exp(), 1.0, engine=torch, order=order).program.order == order
    with pytest.raises(parity.UsageError, match="order is 0, 1 or 2, got 3"):
        parity.check(lambda x: x.exp(), 1.0, engine=torch, order=3)


def test_values_and_dtypes() -> None:
    values = [1, 2.0, [[1.0], [2.0]], np.float32(3), torch.tensor([1.0]), True, 1j]
    program = parity.check(lambda *xs: [x * 1 for x in xs], *values, engine="torch").program
    assert [leaf.array.dtype.name for leaf in program.inputs] == [
        "int64", "float64", "float64", "float32", "float32", "bool", "complex128",
    ]  # fmt: skip
    assert [leaf.requires_grad for leaf in program.inputs] == [False, True, True, True, True, False, True]
    assert program.inputs[2].array.shape == (2, 1)
    narrow = parity.check(lambda x, n: x * n, 2.0, 3, engine="torch", dtype="float32").program
    assert [leaf.array.dtype.name for leaf in narrow.inputs] == ["float32", "int64"]
    with pytest.raises(parity.UsageError, match="unknown dtype 'float31'; there are float16"):
        parity.check(lambda x: x, 2.0, engine="torch", dtype="float31")


def test_a_difference_is_shrunk_blamed_kept_and_raised(engine, tmp_path: Path) -> None:
    target = engine("halfexp5", WRONG_EXP)
    function = lambda lib, x, y: lib.exp(x.sin() * y).sum() + y
    result = parity.check(function, [0.5, 1.0], 2.0, engine=target)
    assert not result
    assert (len(result.program.steps), len(result.failure.program.steps)) == (5, 1)
    assert not (tmp_path / ".parity").exists()
    with pytest.raises(parity.ParityError) as caught:
        parity.assert_parity(function, [0.5, 1.0], 2.0, engine=target)
    error = caught.value
    assert "GRADIENT DIFFERS   halfexp5 vs torch 2.13      shrunk from 5 steps to 1" in str(error)
    assert type(error) is difference_class("gradient", "exp")
    assert "def program(lib, x):" in error.__notes__[0]
    assert len(list((tmp_path / ".parity").glob("*.json"))) == 1
    again = parity.check(result.failure.program, engine=target)
    assert again.verdict.status == "differs"


def test_differences_of_one_kind_share_a_class_and_others_do_not() -> None:
    assert difference_class("gradient", "exp") is difference_class("gradient", "exp")
    classes = {difference_class(check, op) for check in ("value", "gradient") for op in ("exp", "nn.functional.relu")}
    assert len(classes) == 4
    assert all(issubclass(cls, parity.ParityError) and issubclass(cls, AssertionError) for cls in classes)


def test_what_the_engine_lacks_is_no_agreement(engine) -> None:
    target = engine("lacking5", "MISSING = frozenset({'stack'})")
    function = lambda lib, x: lib.stack([x, x])
    assert parity.check(function, 1.0, engine=target).verdict.status == "unsupported"
    with pytest.raises(parity.UsageError, match="lacking5 has no stack"):
        parity.assert_parity(function, 1.0, engine=target)


def test_an_unstable_point_is_a_warning_and_no_verdict(engine) -> None:
    target = engine("other5", "def sin(x): return torch.sin(x + 1e-3)")
    function = lambda lib, x: lib.sin(x)
    with pytest.warns(UndecidedWarning, match="other5 is not judged"):
        parity.assert_parity(function, 1e10, engine=target)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parity.assert_parity(function, 1e10, engine="torch")


def test_a_program_has_its_own_inputs() -> None:
    program = parity.Program((Input(np.array(1.0), True),), (), (parity.Ref(0),), (np.array(1.0),))
    parity.assert_parity(program, engine="torch")
    with pytest.raises(parity.UsageError, match="its own inputs, but 1 values"):
        parity.check(program, 1.0, engine="torch")


def test_torch_is_left_as_it_was() -> None:
    torch.set_num_threads(2)
    torch.manual_seed(5)
    state = torch.get_rng_state()
    with torch.no_grad():
        parity.assert_parity(lambda x: x.exp(), 1.0, engine="torch")
        assert not torch.is_grad_enabled()
    assert torch.get_num_threads() == 2
    assert torch.equal(torch.get_rng_state(), state)


def test_public_names_are_there_sorted_and_lazy() -> None:
    assert parity.__all__ == sorted(parity.__all__)
    assert len(parity.__all__) <= 14
    for name in parity.__all__:
        assert getattr(parity, name) is not None
    assert callable(parity.check)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        parity.nonsense  # noqa: B018
    code = "import sys, parity; print(sorted({'torch', 'hypothesis', 'numpy'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_under_hypothesis_two_bugs_are_two_failures(engine) -> None:
    """Hypothesis tells bugs apart by type and line: the classes are what separates them."""
    target = engine("two5", WRONG_EXP + "def relu(input): return torch.relu(input) + (input > 2)")
    source = st.sampled_from([("exp", 0.5), ("relu", 3.0), ("sin", 1.0)])

    @settings(database=None, derandomize=True, report_multiple_bugs=True)
    @given(source)
    def check(drawn: tuple[str, float]) -> None:
        op, value = drawn
        parity.assert_parity(lambda lib, x: getattr(lib, op)(x), value, engine=target, shrink=False, keep=False)

    with pytest.raises(ExceptionGroup) as caught:
        check()
    assert {type(error).__name__ for error in caught.value.exceptions} == {
        "GradientDiffers_exp",
        "ValueDiffers_relu",
    }


def test_the_rule_to_blame_is_named_by_file_and_line() -> None:
    """A fault planted into one rule of the engine: the report points at that rule."""
    subject = resolve("autodiff")
    with subject.replaced("exp", 0, lambda rule: lambda *args: rule(*args) * 2):
        result = parity.check(lambda lib, x: lib.exp(x.sin()), 0.5, engine=subject)
        rule = subject.rule("exp", 0)
    where = f"{Path(rule.file).relative_to(Path.cwd())}:{rule.line}"
    assert result.failure.rule == where
    assert f"rule             {where}   exp, input 0" in str(result)
