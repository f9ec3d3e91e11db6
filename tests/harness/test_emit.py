"""Emitted scripts and tests run as they are and compute what the program computes, bit for bit."""

from __future__ import annotations

import ast
import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest
import torch

import parity
from parity.emit.script import script
from parity.emit.test_file import as_test
from parity.engines import reference
from parity.engines.interpreter import execute
from parity.notation import elements, listing
from parity.program import DType, Input, Program, Ref, Step
from parity.recording import record
from parity.strategies.drawing import draw_program
from parity.strategies.source import Seeded

TORCH = reference.load()


def rich_program() -> Program:
    rng = np.random.default_rng(0)
    inputs = (
        Input(rng.normal(size=(3, 4)).astype("float32"), True, "transposed"),
        Input(np.array(2.0), True),
        Input(np.array([[1.0, np.inf], [-0.0, np.nan]]), True, "stepped"),
        Input(np.full((2, 3), 1.5), True, "expanded"),
        Input(np.array([1 - 0.0j, complex(-0.0, np.nan)])),
        Input(np.zeros((0, 3), "int64")),
        Input(np.array([True, False])),
    )
    steps = (
        Step("add", (Ref(0), -2.0), spelling="operator"),
        Step("getitem", (Ref(7), (slice(None, 2), None, Ellipsis)), spelling="operator"),
        Step("mul", (Ref(8), 3), spelling="augmented"),
        Step("max", (Ref(9), 2), spelling="method"),
        Step("pow", (2.5, Ref(10, 0)), spelling="operator"),
        Step("nn.functional.softmax", (Ref(11),), {"dim": 0, "dtype": DType("float64")}),
        Step("neg", (Ref(12),), spelling="operator"),
        Step("exp", (Ref(13),), spelling="inplace"),
        Step("mul", (Ref(14), Ref(1))),
        Step("setitem", (Ref(15), (0, 0), 0.5), spelling="operator"),
        Step("sum", (Ref(3), [0]), {"keepdim": True}),
    )
    outputs = (Ref(16), Ref(17), Ref(10, 0))
    program = Program(inputs, steps, outputs)
    run = execute(program, TORCH)
    assert run.error is None, run.error
    values = [run.values[ref.index] if ref.item is None else run.values[ref.index][ref.item] for ref in outputs]
    weigh = lambda value: rng.uniform(0.5, 1.5, value.shape).astype(value.dtype)
    second = tuple(weigh(program.inputs[number].array) for number in program.differentiable)
    return program.with_(cotangents=tuple(map(weigh, values)), second=second)


def run_script(program: Program) -> dict[str, torch.Tensor | None]:
    """What the script's own names hold in the end."""
    names: dict[str, object] = {}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(script(program, title="A title"), "script.py", "exec"), names)
    names["printed"] = printed.getvalue()
    return names


def agree(tensors, arrays) -> bool:
    pairs = zip(tensors, arrays, strict=True)
    return all(
        (found is None) == (expected is None)
        and (found is None or found.detach().numpy().tobytes() == expected.tobytes())
        for found, expected in pairs
    )


def test_a_script_computes_the_values_and_both_orders() -> None:
    program = rich_program()
    run = execute(program, TORCH)
    assert run.error is None
    names = run_script(program)
    assert agree(names["first"], run.gradients)
    assert agree(names["second"], run.second)
    assert "second derivative at x0:" in names["printed"]
    text = script(program)
    assert text.count("import") == 2, "torch, and inf and nan from math"
    assert max(map(len, text.splitlines())) <= 110


@pytest.mark.parametrize("seed", range(40))
def test_drawn_programs_survive_both_printers(seed: int) -> None:
    """A script gives the same gradients; a test records the same program."""
    program, run = draw_program(Seeded(seed), TORCH)
    if run.error is not None:
        with pytest.raises(Exception, match=re.escape(run.error.message[:20])):
            run_script(program)
        return
    names = run_script(program)
    if program.differentiable and any(gradient is not None for gradient in run.gradients):
        assert agree(names["first"], run.gradients)
    again = recorded_by(as_test(program, engine="torch"))
    runs = execute(again, TORCH)
    assert agree([g if g is None else torch.from_numpy(g) for g in runs.gradients], run.gradients)
    if not any(writes_or_turns(step) for step in program.steps):
        assert again.with_(outputs=program.outputs) == program
        assert again.outputs == program.outputs or not program.outputs


def writes_or_turns(step: Step) -> bool:
    """Whether Python itself does not keep the step as it was written: it turns `2 == x` round, to `x == 2`."""
    compares = step.op in ("eq", "ne", "lt", "le", "gt", "ge") and step.spelling == "operator"
    turned = compares and not isinstance(step.args[0], Ref)
    return turned or step.spelling in ("inplace", "augmented", "out") or step.op == "setitem"


def recorded_by(text: str) -> Program:
    """The program that an emitted test hands over."""
    kept = []

    def assert_parity(function, *inputs, engine, order, **options) -> None:
        assert engine == "torch"
        kept.append(record(function, inputs, TORCH, order=order, **options))

    names: dict[str, object] = {}
    exec(compile(text, "test_emitted.py", "exec"), names)
    names["parity"] = type("parity", (), {"Input": Input, "assert_parity": staticmethod(assert_parity)})
    (test,) = [value for name, value in names.items() if name.startswith("test_")]
    test()
    return kept[0]


def test_an_emitted_test_is_plain_and_named_after_its_program() -> None:
    program = Program((Input(np.array(0.0), True),), (Step("exp", (Ref(0),)),), (Ref(1),), (np.array(1.0),))
    text = as_test(program, engine="autodiff", remarks=["exp loses half of its gradient."], label="exp")
    assert text == (
        "import numpy as np\n"
        "\n"
        "import parity\n"
        "\n"
        "\n"
        f"def test_exp_{program.id}() -> None:\n"
        '    """exp loses half of its gradient."""\n'
        "\n"
        "    def program(lib, x):\n"
        "        return lib.exp(x)\n"
        "\n"
        "    parity.assert_parity(\n"
        "        program,\n"
        "        parity.Input(np.array(0.0), requires_grad=True),\n"
        "        order=1,\n"
        "        cotangents=[np.array(1.0)],\n"
        '        engine="autodiff",\n'
        "    )\n"
    )
    imported = {
        alias.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import) for alias in node.names
    }
    assert imported == {"numpy", "parity"}


def test_an_emitted_test_passes_and_fails_as_it_should(engine, tmp_path: Path) -> None:
    from tests.harness.conftest import WRONG_EXP

    program = Program((Input(np.array(0.5), True),), (Step("exp", (Ref(0),)),), (Ref(1),), (np.array(1.0),))
    run(as_test(program, engine="torch"))
    target = engine("halfexp4", WRONG_EXP)
    with pytest.raises(parity.ParityError, match="GRADIENT DIFFERS   halfexp4") as caught:
        run(as_test(program, engine=target))
    assert type(caught.value).__name__ == "GradientDiffers_exp"
    (note,) = caught.value.__notes__
    assert "As a test to keep" in note
    assert "lib.exp(x)" in note


def run(text: str) -> None:
    names: dict[str, object] = {}
    exec(compile(text, "test_emitted.py", "exec"), names)
    (test,) = [value for name, value in names.items() if name.startswith("test_")]
    test()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64", "int64", "uint8", "bool"])
def test_elements_read_back_bit_for_bit(dtype: str) -> None:
    bits = np.random.default_rng(0).integers(0, 256, 16 * 40, dtype="uint8")
    array = (bits > 127) if dtype == "bool" else bits.view(dtype)
    array = array[np.isfinite(array)][:20].reshape(4, 5)
    names = {"inf": np.inf, "nan": np.nan}
    again = np.array(eval(elements(array), names), dtype)
    assert again.tobytes() == array.tobytes()


def test_a_listing_shows_every_spelling_as_it_is_written() -> None:
    lines = [line for line in listing(rich_program()) if "tensor(" not in line]
    assert lines == [
        "t1  = x0 + -2.0",
        "t2  = t1[:2, None, ...]",
        "t2 *= 3",
        "t4  = t2.max(2)",
        "t5  = 2.5 ** t4[0]",
        "t6  = nn.functional.softmax(t5, dim=0, dtype=float64)",
        "t7  = -t6",
        "t7.exp_()",
        "t9  = mul(t7, x1)",
        "t9[0, 0] = 0.5",
        "t11 = sum(x3, [0], keepdim=True)",
    ]
