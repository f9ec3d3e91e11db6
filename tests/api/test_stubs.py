"""The type stubs are current, and true: a typed program passes mypy strictly, and wrong uses of it do not."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import autodiff as ad
from autodiff._surface import stubs

ROOT = Path(__file__).parents[2]

TYPED = """
import autodiff as ad
import autodiff.nn.functional as F

x: ad.Tensor = ad.tensor([1.0, 2.0], dtype=ad.float64, requires_grad=True)
y = (3 * (2 / x) ** 2 + x - 2).sum(dim=0, keepdim=True)
y.backward()
g: ad.Tensor | None = x.grad
n: int = x.numel() + len(x.shape) + x.ndim + x.shape[0]
s: float = float(y) + y.mean().item() + ad.pi
w = ad.nn.functional.softplus(x.reshape(2, 1), beta=2.0)
z: ad.Tensor = F.layer_norm(w, (1,))
with ad.no_grad():
    v: ad.Tensor = z.detach().clone().mul_(2).to(ad.float32)


@ad.no_grad()
def f(t: ad.Tensor) -> ad.Tensor:
    return t.transpose(0, 1).relu() @ t


first, = ad.autograd.grad(w.exp().sum(), (x,), create_graph=True)
(first * first).sum().backward()
text: str = ad.graph.to_dot(y, x=x) + ad.graph.to_mermaid(y)
d: ad.dtype = x.dtype
for row in ad.zeros(2, 3, dtype=d):
    q: ad.Tensor = row[1:] + ad.sin(row[None, 0]) * 2
parts: tuple[ad.Tensor, ...] = x.split(1)
joined: ad.Tensor = ad.cat(parts, dim=-1).to(dtype=ad.int64).T
near: ad.Tensor = (x == 1) | ~(x < 2)
b: bool = x.requires_grad and x.is_leaf
place: str | None = next((r.file for r in ad.graph.rules()), None)


class Square(ad.autograd.Function):
    @staticmethod
    def forward(ctx: ad.autograd.FunctionCtx, t: ad.Tensor) -> ad.Tensor:
        ctx.save_for_backward(t)
        return t * t
"""

WRONG = {
    "x.sum(dims=0)": "call-arg",
    "x.sum(dim='a')": "arg-type",
    "ad.sine(x)": "attr-defined",
    "x.tpose()": "attr-defined",
    "ad.zeros(2, dtype=3)": "arg-type",
    "k: int = ad.sin(x)": "assignment",
    "ad.relu('x')": "arg-type",
    "ad.nn.functional.softplus(x, bta=1)": "call-arg",
    "ad.autograd.grad(x, 3)": "arg-type",
    "u: str = x.shape": "assignment",
}


def mypy(tmp_path: Path, text: str) -> str:
    program = tmp_path / "program.py"
    program.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path}", str(program)]
    environment = os.environ | {"MYPYPATH": str(ROOT)}
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False).stdout


def test_stubs_are_current_whatever_was_imported_before(capsys):
    for module in pkgutil.walk_packages(ad.__path__, "autodiff."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    assert stubs.main(["--check"]) == 0, capsys.readouterr().out


def test_a_stale_stub_is_noticed_and_written_anew(tmp_path, monkeypatch, capsys):
    (tmp_path / "nn").mkdir()
    (tmp_path / "autograd").mkdir()
    monkeypatch.setattr(stubs, "ROOT", tmp_path)
    assert stubs.main(["--check"]) == 1
    assert stubs.main([]) == 0
    assert stubs.main(["--check"]) == 0
    (tmp_path / "special.pyi").write_text("def erf() -> int: ...\n", encoding="utf-8")
    assert stubs.main(["--check"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "stale: special.pyi"


def test_a_typed_program_passes_strictly_and_wrong_uses_do_not(tmp_path):
    lines = TYPED.count("\n")
    found = mypy(tmp_path, TYPED + "".join(f"{call}\n" for call in WRONG)).splitlines()
    errors = [line for line in found if ": error:" in line]
    # mypy also reads the engine that the stubs stand for; what it finds there is another test's.
    assert [line for line in errors if ".pyi" in line] == []
    errors = [line for line in errors if "program.py" in line]
    by_line = {int(line.split(":")[1]) - lines - 1: line for line in errors}
    assert sorted(by_line) == list(range(len(WRONG))), "\n".join(found)
    for number, code in enumerate(WRONG.values()):
        assert f"[{code}]" in by_line[number]


def test_the_typed_program_runs():
    exec(compile(TYPED, "typed", "exec"), {})


def test_real_defaults_are_shown():
    text = stubs.written("autodiff.nn.functional")
    assert "eps: _float = 1e-05" in text
    assert "reduction: str = 'mean'" in text
    assert "keepdim: _bool = False" in stubs.written("autodiff")


@pytest.mark.parametrize("module", stubs.STUBS)
def test_everything_public_is_declared(module):
    space = importlib.import_module(module)
    text = stubs.written(module)
    names = getattr(space, "__all__", None) or [n for n in vars(space) if not n.startswith("_") and n != "annotations"]
    missing = [
        n
        for n in names
        if not inspect.ismodule(vars(space)[n])
        and not any(mark in text for mark in (f"def {n}(", f"class {n}", f"\n{n}: ", f"import {n} as {n}\n"))
    ]
    assert missing == []
    if module == "autodiff":
        assert [
            n for n in dir(ad.Tensor) if not n.startswith("_") and f" {n}(self" not in text and f"    {n}: " not in text
        ] == []
