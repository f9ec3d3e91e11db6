"""Mistakes by name: each planted in a right engine of a notebook's style, whose diagnosis names it first."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from parity.cli import main
from parity.diagnosis import MISTAKES, diagnose, findings
from parity.engines.anatomy import examine
from parity.engines.handmade import Handmade
from parity.engines.worker import tried
from parity.notebook import cells

HERE = Path(__file__).parent
NOTEBOOKS = HERE / "notebooks"
RIGHT = {name: (HERE / "planted" / f"{name}.py").read_text() for name in ("tensor", "value")}

RIGHT["functions"] = (NOTEBOOKS / "function_classes.txt").read_text()
_RECURSIVE = """
        def push(node):
            for parent, rule in node.edges:
                share = fit(rule(node.grad), parent.shape)
                parent.grad = share if parent.grad is None else parent.grad + share
                push(parent)

        push(self.node)
"""
_WALK = RIGHT["tensor"].partition("        for node in reversed(order):\n")[2].partition("\n\n\ndef where")[0]
_TOPOLOGY = RIGHT["value"].partition("        while todo:\n")[2].partition("        for node in order:\n")[0]
_PLUS = RIGHT["value"].partition('(self, other), "+")\n')[2].partition("    def __mul__")[0]
_LOOPED = """
        pushes = []
        for operand in (self, other):

            def push():
                operand.grad += out.grad

            pushes.append(push)
        out._backward = lambda: [push() for push in pushes]
        return out

"""
_EARLY = """            node, _ = todo.pop()
            if node not in seen:
                seen.add(node)
                order.insert(0, node)
                todo.extend((operand, False) for operand in node._operands)
"""
_DEEP = """            visit = lambda node: node in seen or (
                seen.add(node), [visit(operand) for operand in node._operands], order.append(node)
            )
            visit(todo.pop()[0])
"""

#: Number of the mistake, the engine, and what is changed in it.
PLANTED = {
    "overwritten": (1, "tensor", ("share if parent.grad is None else parent.grad + share", "share")),
    "overwritten, of scalars": (1, "value", ("            self.grad += out.grad\n            other", "            self.grad = out.grad\n            other")),
    "visited too early": (2, "value", (_TOPOLOGY, _EARLY)),
    "once per path": (
        2, "tensor",
        ("        for node in reversed(order):\n" + _WALK, '''
        def push(node, g):
            for parent, rule in node.edges:
                share = fit(rule(g), parent.shape)
                parent.grad = share if parent.grad is None else parent.grad + share
                push(parent, share)

        push(self.node, self.node.grad)
'''),
    ),
    "pushed again": (3, "tensor", ("        for node in reversed(order):\n" + _WALK, _RECURSIVE)),
    "one level": (4, "tensor", ("in reversed(order):", "in [self.node]:")),
    "inner gradients kept": (5, "tensor", ("            if node.edges:\n", "            if not node.shape and False:\n")),
    "inner gradients kept, of scalars": (5, "value", ("            if node._operands:\n", "            if node is self:\n")),
    "second pass": (
        6, "value",
        ("            node._backward()", """            if not hasattr(node, "done"):
                node._backward()
            node.done = True"""),
    ),
    "cleared in vain": (7, "tensor", ("        self.node.grad = None\n", "        self.node.grad_ = None\n")),
    "history lost": (7, "tensor", ("Tensor(-self.data, (self, lambda g: -g))", "Tensor(-self.data)")),
    "reflected missing": (8, "tensor", ("__radd__, __rmul__ = __add__, __mul__", "__radd__ = __add__")),
    "reflected recursing": (9, "value", ("return Value(other) - self", "return other - self")),
    "reflected swapped": (10, "tensor", ("return self.of(other) - self", "return self - other")),
    "NumPy on the left": (11, "tensor", ("    __array_ufunc__ = None\n", "")),
    "exponent": (12, "tensor", ("(self, base), (other, exponent)", "(self, base)")),
    "power of zero": (13, "value", ("            if n:\n", "            if True:\n")),
    "power by division": (13, "tensor", ("n * x ** np.where(n == 0, 1.0, n - 1))", "n * x**n / x)")),
    "power by logarithm": (13, "tensor", ("np.log(np.where(x > 0, x, 1.0))", "np.log(x)")),
    "closure not installed": (
        14, "value",
        ("            self.grad += out.data * out.grad\n\n        out._backward = _backward\n", "            pass\n\n"),
    ),
    "closure in a loop": (14, "value", (_PLUS, _LOOPED)),
    "upstream modified": (15, "tensor", ("lambda g: g * (x > 0)", "lambda g: np.multiply(g, x > 0, out=g)")),
    "buffer shared": (
        16, "tensor",
        ("    g = g.sum(axis=tuple(range(g.ndim - len(shape))))\n", "    if g.shape == shape:\n        return g\n"),
        (_WALK, '''            for parent, rule in node.edges:
                share = fit(rule(node.grad), parent.shape)
                if parent.grad is None:
                    parent.grad = share
                else:
                    parent.grad += share
'''),
    ),
    "saved value changed": (17, "tensor", ("self.data, self.node = new.data, new.node", "self.data[...], self.node = new.data, new.node")),
    "write through a view": (18, "tensor", ("        if self.view:\n", "        if self.view and RECORDING == 0:\n")),
    "unpacked in the wrong order": (19, "tensor", ("(self, lambda g: g * y), (other, lambda g: g * x)", "(self, lambda g: g * x), (other, lambda g: g * y)")),
    "saved too few": (19, "functions", ("ctx.save_for_backward(x, y)", "ctx.save_for_backward(x)")),
    "broadcasting": (20, "tensor", ("fit(rule(node.grad), parent.shape)", "rule(node.grad)")),
    "broadcasting on the wrong axis": (20, "tensor", ("tuple(range(g.ndim - len(shape)))", "tuple(range(len(shape), g.ndim))")),
    "sum not expanded": (21, "tensor", ("np.broadcast_to(g.reshape(kept), shape)", "g")),
    "sum along the wrong axis": (21, "tensor", ("np.broadcast_to(g.reshape(kept), shape)", "np.broadcast_to(g, shape)")),
    "mean's divisor": (22, "tensor", ("self.data.size if axis is None else self.data.shape[axis]", "self.data.size"), ("        return out * (1 / count)", "        out.data = out.data / (self.data.size if axis is None else self.data.shape[axis])\n        return Tensor(out.data, (out, lambda g: g / count))")),
    "mean undivided": (22, "tensor", ("        return out * (1 / count)", "        return Tensor(out.data / count, (out, lambda g: g))")),
    "ties": (23, "tensor", ("g * top / top.sum()", "g * top")),
    "no winner of a tie": (23, "tensor", ("g * top / top.sum()", "g * top * (top.sum() == 1)")),
    "kink": (24, "tensor", ("lambda g: g * (x > 0)", "lambda g: g * np.where(x == 0, 2.0, x > 0)")),
    "abs of 0": (25, "tensor", ("lambda g: g * np.sign(x)", "lambda g: g * x / np.abs(x)")),
    "norm of 0": (25, "tensor", ("self.data / size if size else np.zeros_like(self.data)", "self.data / size")),
    "softmax unshifted": (26, "tensor", ("self.data - self.data.max(axis=axis, keepdims=True)", "self.data")),
    "tanh of large numbers": (26, "value", ("math.tanh(self.data)", "(math.exp(2 * self.data) - 1) / (math.exp(2 * self.data) + 1)")),
    "softmax by its diagonal": (27, "tensor", ("s * (g - (g * s).sum(axis=axis, keepdims=True))", "s * (1 - s) * g")),
    "integer leaf": (
        28, "tensor",
        ("data if data.dtype == np.float32 else data.astype(np.float64)", "data"),
        ("parent.grad = share if parent.grad is None else parent.grad + share", "parent.grad = share.astype(parent.dtype) if parent.grad is None else parent.grad + share"),
        ("self.node, self.view = Node(self.data.shape), view", "self.node, self.view = Node(self.data.shape), view\n        self.node.dtype = self.data.dtype"),
    ),
    "float32 promoted": (29, "tensor", ("Tensor(np.asarray(other, self.data.dtype))", "Tensor(np.asarray(other))")),
    "recursion": (30, "value", (_TOPOLOGY, _DEEP)),
    "order by id": (31, "value", ("        self.grad = 1.0\n", "        self.grad = 1.0\n        order.sort(key=lambda node: id(node) // 16 % 97)\n")),
    "order of a set": (31, "tensor", ("for node in reversed(order):", "for node in sorted(seen, key=lambda n: (n is not self.node, id(n))):\n            if node.grad is None:\n                continue"),),
    "membership by ==": (
        32, "value",
        ("    def __neg__", "    def __eq__(self, other):\n        return self.data == other.data\n\n    __hash__ = object.__hash__\n\n    def __neg__"),
        ("order, seen, todo = [], set(),", "order, seen, todo = [], [],"), ("seen.add(node)", "seen.append(node)"),
    ),
    "no hash beside ==": (32, "value", ("    def __neg__", "    def __eq__(self, other):\n        return self.data == other.data\n\n    def __neg__")),
    "duplicates": (33, "tensor", ("np.add.at(full, index, g)", "full[index] += g")),
    "matmul of vectors": (34, "tensor", ("left = lambda g: fit(whole(g) @ np.swapaxes(columns, -1, -2), rows.shape).reshape(x.shape)", "left = lambda g: g @ y.T")),
    "matmul of batches": (34, "tensor", ("fit(np.swapaxes(rows, -1, -2) @ whole(g), columns.shape)", "(np.swapaxes(rows, -1, -2) @ whole(g))")),
    "permutation": (35, "tensor", ("g.transpose(np.argsort(order))", "g.transpose(order)")),
    "concat's offsets": (36, "tensor", ("lambda g, start=start, stop=stop:", "lambda g, start=0, stop=stop - start:")),
    "unused part": (36, "tensor", ("    return [tensor[start : start + size] for start in range(0, len(tensor.data), size)]", '''    parts = [Tensor(tensor.data[start : start + size]) for start in range(0, len(tensor.data), size)]
    joined = lambda g: np.concatenate([part.grad for part in parts])
    for part in parts:
        part.node.edges = [(tensor.node, lambda g: joined(g) / len(parts))]
    return parts''')),
    "grad mode after an error": (37, "tensor", ("    try:\n        yield\n    finally:\n        RECORDING[0] = before", "    yield\n    RECORDING[0] = before")),
    "grad mode of an inner region": (37, "tensor", ("    finally:\n        RECORDING[0] = before", "    finally:\n        RECORDING[0] = True")),
    "implicit seed": (38, "tensor", ("        if seed is None and self.data.size != 1:\n", "        if seed is None and self.data.size == 0:\n")),
    "seed of another shape": (38, "tensor", ("        if seed is None and self.data.size != 1:\n", "        if False:\n"), ("np.ones_like(self.data) if seed is None", "np.ones((), self.data.dtype) if seed is None")),
    "seed aliased": (
        38, "tensor", ("np.array(seed)", "seed"),
        (_WALK, _WALK + "\n        for node in order:\n            if node.edges:\n                node.grad.fill(0)\n"),
    ),
    "flattened in memory's order": (39, "tensor", ("Tensor(self.data.reshape(shape)", 'Tensor(self.data.ravel(order="K").reshape(shape)')),
    "size 0": (40, "tensor", ("                share = fit(rule(node.grad), parent.shape)\n", '                share = fit(rule(node.grad), parent.shape)\n                if np.abs(share).max() > 1e12:\n                    raise RuntimeError("gradients explode")\n')),
    "no second order": (41, "tensor", ("        return self.node.grad\n", "        return None if self.node.grad is None else Tensor(self.node.grad)\n")),
    "second order forgotten": (
        41, "tensor",
        ("        return self.node.grad\n", "        return None if self.node.grad is None else Tensor(self.node.grad)\n"),
        ("def backward(self, seed=None):", "def backward(self, seed=None, create_graph=False):"),
    ),
    "in place by another value": (42, "tensor", ("        return self.become(self.moved() + other)", "        return self + other")),
    "where by weights": (43, "tensor", ("Tensor(np.where(c, x.data, y.data),", "Tensor(c * x.data + (1 - c) * y.data,")),
    "mask drawn anew": (44, "tensor", ("(self, lambda g: g * mask)", "(self, lambda g: g * (np.random.default_rng().random(self.data.shape) >= p) / (1 - p))")),
}  # fmt: skip


class Here:
    """An engine in this process: one of its own for each would take a second."""

    def __init__(self, path, name):
        namespace = {"__name__": "__main__"}
        for cell in cells(path):
            with contextlib.suppress(Exception):
                exec(cell.code, namespace)
        self.engine = Handmade(namespace[name], examine(namespace[name]), name, namespace)

    def attempt(self, lines, looks, times=1):
        return tried(self.engine, {"lines": lines, "looks": looks, "times": times, "seconds": 0.3})


def engine_of(tmp_path, kind, changes=()):
    text = RIGHT[kind]
    for right, wrong in changes:
        assert text.count(right) == 1, right
        text = text.replace(right, wrong)
    path = tmp_path / ("engine.txt" if kind == "functions" else "engine.py")
    path.write_text(text)
    return Here(path, "Value" if kind == "value" else "Tensor")


def named(engine):
    return [finding.number for finding in diagnose(engine) if finding.number]


@pytest.mark.parametrize("mistake", PLANTED)
def test_each_mistake_is_named_first(mistake, tmp_path):
    number, kind, *changes = PLANTED[mistake]
    first = next(findings(engine_of(tmp_path, kind, changes)), None)
    assert first is not None
    assert first.number == number


@pytest.mark.parametrize("kind", RIGHT)
def test_a_right_engine_has_no_mistake(kind, tmp_path):
    assert named(engine_of(tmp_path, kind)) == []


def test_every_mistake_is_planted_and_numbered_once():
    assert sorted(mistake.number for mistake in MISTAKES) == list(range(1, 45))
    assert {number for number, *_ in PLANTED.values()} == set(range(1, 45))


def notebook(target):
    name, _, cls = target.partition(":")
    return Here(NOTEBOOKS / name, cls)


@pytest.mark.parametrize(
    ("target", "numbers"),
    [
        ("last_consumer.ipynb:Value", [1, 30]),
        ("number_with_grad.ipynb:NumberWithGrad", [3, 30, 8]),
        ("simple_tensor.ipynb:SimpleTensor", [4, 20]),
        ("switch_on_op.ipynb:Value", [8]),  # it has no __rtruediv__
        ("topological.ipynb:Tensor", []),
        ("function_classes.txt:Tensor", []),
    ],
)
def test_notebooks(target, numbers):
    assert named(notebook(target)) == numbers


def conventions(engine):
    return [finding.name for finding in diagnose(engine) if finding.kind == "convention"]


def test_conventions_are_told_apart_from_mistakes(tmp_path):
    changes = [("lambda g: g * (x > 0)", "lambda g: g * (x >= 0)"), ("g * top / top.sum()", "g * (np.arange(top.size) == top.argmax())")]
    engine = engine_of(tmp_path, "tensor", changes)
    assert named(engine) == []
    assert {"another subgradient of relu at 0", "at a tie of max one element gets all"} <= set(conventions(engine))
    assert "a value that is not used has the gradient 0, not None" in conventions(engine_of(tmp_path, "value"))


def test_implicit_ones_are_a_convention(tmp_path):
    _, kind, *changes = PLANTED["implicit seed"]
    (finding,) = [finding for finding in diagnose(engine_of(tmp_path, kind, changes)) if finding.number]
    assert (finding.number, finding.kind) == (38, "convention")


def test_a_mistake_tells_how_it_was_seen_and_what_to_do(tmp_path):
    number, kind, *changes = PLANTED["ties"]
    (finding,) = [finding for finding in diagnose(engine_of(tmp_path, kind, changes)) if finding.number]
    assert finding.lines() == [
        "MISTAKE 23: at a tie every one gets all, or none: max",
        "    x = [2, 2]",
        "    out = x.max(); out.backward()",
        "    seen      x.grad is [1, 1]; right is [0.5, 0.5] or [1, 0] or [0, 1]",
        "    probe     two equal elements: together they get 2 or 0, not 1",
        "    remedy    the gradient is shared among the elements that tie (torch), or goes to one of them",
    ]


def test_a_run_names_mistakes(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    target = f"{NOTEBOOKS}/switch_on_op.ipynb:Value#1"
    assert main(["run", target, "--max-examples", "0", "--jobs", "1"]) == 1
    assert "MISTAKE 10: the reflected operator has its operands swapped: -" in capsys.readouterr().out


def test_a_mistake_alone_is_a_failure_and_a_limit_is_none(tmp_path, monkeypatch, capsys):
    """No program goes backward twice: inner gradients that are kept show in the diagnosis alone."""
    monkeypatch.chdir(tmp_path)
    for mistake, code, says in (("inner gradients kept, of scalars", 1, "MISTAKE 5"), ("recursion", 0, "LIMIT 30")):
        engine_of(tmp_path, *PLANTED[mistake][1:2], PLANTED[mistake][2:])
        assert main(["run", f"{tmp_path}/engine.py:Value", "--max-examples", "0", "--jobs", "1"]) == code
        assert says in capsys.readouterr().out
