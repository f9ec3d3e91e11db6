"""Mistakes by name: each planted in a notebook or in a class of a few lines, whose diagnosis names it first."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.cli import main
from parity.diagnose import diagnose
from parity.engines import resolve
from parity.engines.classes import load

HERE = Path(__file__).parent / "notebooks"

#: A right engine of arrays, in a few lines; each mistake changes one of them.
RIGHT = """
import numpy as np
def fit(g, shape):
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)
class Tensor:
    def __init__(self, data, parents=()):
        self.data, self.grad, self.parents = np.asarray(data, dtype=float), None, parents
    def of(self, o): return o if isinstance(o, Tensor) else Tensor(o)
    def __add__(self, o):
        o = self.of(o)
        return Tensor(self.data + o.data, ((self, lambda g: g), (o, lambda g: g)))
    def __mul__(self, o):
        o = self.of(o)
        return Tensor(self.data * o.data, ((self, lambda g: g * o.data), (o, lambda g: g * self.data)))
    def __sub__(self, o): return self + self.of(o) * -1.0
    def __rsub__(self, o): return self.of(o) - self
    __radd__, __rmul__ = __add__, __mul__
    def __pow__(self, o):
        o = self.of(o)
        down = lambda g: g * self.data ** o.data * np.log(np.where(self.data > 0, self.data, 1.0))
        return Tensor(self.data ** o.data, ((self, lambda g: g * o.data * self.data ** (o.data - 1)), (o, down)))
    def relu(self): return Tensor(np.maximum(self.data, 0), ((self, lambda g: g * (self.data > 0)),))
    def abs(self): return Tensor(np.abs(self.data), ((self, lambda g: g * np.sign(self.data)),))
    def max(self):
        top = self.data == self.data.max()
        return Tensor(self.data.max(), ((self, lambda g: g * top / top.sum()),))
    def backward(self, grad=None):
        order, seen = [], set()
        def visit(t):
            if id(t) not in seen:
                seen.add(id(t))
                for p, _ in t.parents: visit(p)
                order.append(t)
        visit(self)
        self.grad = np.ones_like(self.data) if grad is None else grad
        for t in reversed(order):
            for p, rule in t.parents:
                g = fit(rule(t.grad), p.data.shape)
                p.grad = g if p.grad is None else p.grad + g
"""

PLANTED = {
    "accumulation": (1, "p.grad = g if p.grad is None else p.grad + g", "p.grad = g"),
    "one level": (4, "for p, _ in t.parents: visit(p)", "pass"),
    "no reflected product": (8, "__radd__, __rmul__ = __add__, __mul__", "__radd__ = __add__"),
    "swapped difference": (10, "def __rsub__(self, o): return self.of(o) - self", "__rsub__ = __sub__"),
    "exponent": (12, "self.data ** (o.data - 1)), (o, down)))", "self.data ** (o.data - 1)),))"),
    "power by logarithm": (
        13,
        "g * o.data * self.data ** (o.data - 1)",
        "g * self.data ** o.data * o.data / self.data",
    ),
    "broadcasting": (20, "fit(rule(t.grad), p.data.shape)", "rule(t.grad)"),
    "wrong axis": (20, "tuple(range(g.ndim - len(shape)))", "tuple(range(len(shape), g.ndim))"),
    "ties": (23, "g * top / top.sum()", "g * top"),
    "kink": (24, "g * (self.data > 0)", "g * np.where(self.data == 0, 2.0, self.data > 0)"),
    "abs of zero": (25, "g * np.sign(self.data)", "g * self.data / np.abs(self.data)"),
}


@pytest.mark.parametrize(
    ("target", "numbers"),
    [
        ("last_consumer.ipynb:Value", [1]),
        ("number_with_grad.ipynb:NumberWithGrad", [3, 8]),
        ("simple_tensor.ipynb:SimpleTensor", [4, 20]),
        ("switch_on_op.ipynb:Value#1", [10]),
        ("switch_on_op.ipynb:Value", [8]),  # it has no __rtruediv__
        ("topological.ipynb:Tensor", []),
        ("function_classes.txt:Tensor", []),
    ],
)
def test_notebooks(target, numbers):
    engine = resolve(str(HERE / target))
    assert [found.number for found in diagnose(engine)] == numbers
    engine.close()


def engine_of(tmp_path, text):
    (tmp_path / "engine.py").write_text(text)
    return load(f"{tmp_path}/engine.py:Tensor")


def test_the_right_one_has_no_mistake(tmp_path):
    engine = engine_of(tmp_path, RIGHT)
    assert diagnose(engine) == []
    assert {"add", "mul", "sub", "pow", "relu", "abs", "max"} <= set(engine.abilities.calls)
    engine.close()


@pytest.mark.parametrize("mistake", PLANTED)
def test_each_mistake_is_named(mistake, tmp_path):
    number, right, wrong = PLANTED[mistake]
    assert RIGHT.count(right) == 1
    engine = engine_of(tmp_path, RIGHT.replace(right, wrong))
    assert [found.number for found in diagnose(engine)] == [number]
    engine.close()


def test_another_subgradient_is_no_mistake(tmp_path):
    engine = engine_of(tmp_path, RIGHT.replace("g * (self.data > 0)", "g * (self.data >= 0)"))
    assert diagnose(engine) == []
    engine.close()


def test_a_run_names_mistakes(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    target = f"{HERE}/switch_on_op.ipynb:Value#1"
    assert main(["run", target, "--max-examples", "0", "--jobs", "1"]) == 1
    assert "MISTAKE 10: the reflected operator of - has its operands swapped" in capsys.readouterr().out
