"""docs/adding-an-operator.md, followed step by step: its Python runs in order, its row is built, its commands parse."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import autodiff as ad
from autodiff import library
from parity.catalogue import CATALOGUE, OpSpec, arguments
from parity.cli import parser

PAGE = (Path(__file__).parents[2] / "docs/adding-an-operator.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PYTHON = "\n".join(code for kind, code in BLOCKS if kind == "python")
TEXT = [line for kind, block in BLOCKS if kind == "text" for line in block.splitlines()]

#: What the page promises, looked at after its last block; central differences of the page's own functions.
AFTER = """
import json
def differences(f, h=1e-5):
    up, down = (f(ad.tensor([0.0 + s * h, 2.0 + s * h], dtype=ad.float64)) for s in (1, -1))
    return ((up - down) / (2 * h)).tolist()
def slope(x):
    x = x.detach().requires_grad_()
    return ad.autograd.grad(ad.softabs(x).sum(), x)[0]
half = ad.tensor([3.0], dtype=ad.float16)
written = ad.tensor([3, 4], dtype=ad.float32)
print(json.dumps({
    "gradient": x.grad.tolist(),
    "first by differences": differences(ad.softabs),
    "first": first.tolist(),
    "second": second.tolist(),
    "second by differences": differences(slope),
    "node": type(ad.softabs(x).grad_fn).__name__,
    "method": x.softabs().tolist() == ad.softabs(x).tolist(),
    "in place": written.softabs_().tolist(),
    "out": ad.softabs(ad.tensor([0.0]), out=ad.empty(1)).tolist(),
    "int": str(ad.softabs(ad.tensor([3])).dtype),
    "half": str(ad.softabs(half).dtype),
    "by name": ad.softsign_like(input=ad.tensor([1.0]), scale=3.0).tolist(),
    "help": ad.softsign_like.__doc__,
}))
"""


@pytest.fixture(scope="module")
def followed():
    # In a process of its own: the operators of the page stay out of everybody else's registry.
    run = subprocess.run([sys.executable, "-c", PYTHON + AFTER], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_the_steps_of_the_page_work(followed):
    assert followed["first"] == pytest.approx([0.0, 2 / 5**0.5])
    assert followed["first"] == pytest.approx(followed["first by differences"], rel=1e-8, abs=1e-12)
    # |x| has derivative 0 at 0; elsewhere x / (2 + |x|) has 2 / (2 + |x|)².
    assert followed["gradient"] == pytest.approx([0.5, 2 / 5**0.5 + 2 / 4**2])
    assert followed["second"] == pytest.approx([1.0, 5**-1.5])
    assert followed["second"] == pytest.approx(followed["second by differences"], rel=1e-8)


def test_what_the_kinds_table_promises_a_pointwise_row(followed):
    assert followed["node"] == "SoftabsBackward0"
    assert followed["method"]
    assert followed["in place"] == pytest.approx([10**0.5, 17**0.5])
    assert followed["out"] == [1.0]
    assert (followed["int"], followed["half"]) == ("torch.float32", "torch.float16")


def test_a_composition_keeps_its_signature_and_docstring(followed):
    assert followed["by name"] == [0.25]
    assert followed["help"].startswith("x / (scale + |x|)")


def test_every_kind_of_the_table_exists():
    table = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert sorted(table) == sorted(set(library.__all__) - {"function", "ops", "register"})


def test_the_catalogues_row_is_the_one_that_stands_there():
    (line,) = [line for line in TEXT if line.startswith("op(")]
    row = eval(line, vars(arguments).copy())
    assert isinstance(row, OpSpec)
    kept = CATALOGUE[row.name]
    assert (row.spellings, row.orders, row.arguments[0].kind) == (kept.spellings, kept.orders, kept.arguments[0].kind)


def test_commands_exist():
    commands = [re.split(r"\s{3,}", line)[0] for line in TEXT if not line.startswith("op(")]
    assert len(commands) == 4
    for command in commands:
        words = shlex.split(command)
        match words[0]:
            case "parity":
                given = parser().parse_args(words[1:])
                assert given.ops == [words[-1]]
                assert words[-1] in CATALOGUE
            case "make":
                makefile = (Path(__file__).parents[2] / "Makefile").read_text(encoding="utf-8")
                assert f"\n{words[1]}:" in makefile
            case _:
                assert words[:2] == ["python", "-m"]
                assert (Path(__file__).parents[2] / (words[2].replace(".", "/") + ".py")).is_file()


def test_files_that_the_page_names_exist():
    root = Path(__file__).parents[2]
    for path in re.findall(r"`((?:autodiff|parity|tests|docs)/[\w/.]+)`", PAGE):
        assert (root / path).exists(), path


def test_the_pages_operators_leak_into_no_registry(followed):
    assert not hasattr(ad, "softabs")
    assert np.isfinite(followed["gradient"]).all()
